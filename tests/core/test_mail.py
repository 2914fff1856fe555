"""Letters: only after a commit, once in the mailbox however often they are sent."""

from __future__ import annotations

import email
import email.policy
import smtplib
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import select

from jiebang.core import mail
from jiebang.core.outbox import Job
from jiebang.db import Database
from jiebang.worker import Worker


@dataclass(frozen=True)
class Settings:
    mailbox: Path
    mail: str = "file"
    mail_from: str = "揭榜 <jiebang@example.com>"


def letters(settings: Settings) -> list[EmailMessage]:
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)  # type: ignore[misc]
        for path in sorted(settings.mailbox.glob("*.eml"))
    ]


def test_a_letter_goes_out_after_the_commit_alone(database: Database, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "mail")
    with pytest.raises(RuntimeError), database.transaction() as session:
        mail.enqueue(session, "li@example.com", "不会发出", "正文")
        raise RuntimeError
    with database.transaction() as session:
        mail.enqueue(
            session, "li@example.com", "单位核验\r\nBcc: x@example.com", "您好：\n\n已通过。"
        )
    worker = Worker(database, {mail.KIND: mail.handler(settings)})
    assert worker.drain() == 1
    [letter] = letters(settings)
    assert letter["To"] == "li@example.com"
    assert letter["Bcc"] is None
    assert letter["Subject"] == "单位核验 Bcc: x@example.com"
    assert "已通过。" in letter.get_content()
    assert letter["Date"] is not None


def test_a_repeated_delivery_is_one_file(database: Database, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "mail")
    with database.transaction() as session:
        mail.enqueue(session, "li@example.com", "主题", "正文")
    with database.transaction() as session:
        payload = session.scalars(select(Job.payload)).one()
        send = mail.handler(settings)
        send(session, payload)
        send(session, payload)
    assert len(letters(settings)) == 1


def test_the_console_gets_it_in_readable_words(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with database.transaction() as session:
        mail.enqueue(session, "li@example.com", "重置密码", "请打开链接。")
        payload = session.scalars(select(Job.payload)).one()
    mail.deliver(Settings(tmp_path, mail="console"), payload)
    shown = capsys.readouterr().out
    assert "重置密码" in shown
    assert "请打开链接。" in shown


@dataclass
class FakeServer:
    """Stands in for smtplib.SMTP and remembers what it was told."""

    host: str
    port: int
    timeout: float = 0
    context: Any = None
    offers_tls: ClassVar[bool] = True
    said: ClassVar[list[str]] = []
    sent: list[EmailMessage] = field(default_factory=list)

    def __enter__(self) -> FakeServer:
        return self

    def __exit__(self, *_: object) -> None: ...
    def ehlo(self) -> None: ...

    def has_extn(self, name: str) -> bool:
        return name == "starttls" and self.offers_tls

    def starttls(self, context: object) -> None:
        self.said.append("starttls")

    def login(self, user: str, password: str) -> None:
        self.said.append(f"login {user} {password}")

    def send_message(self, letter: EmailMessage) -> None:
        self.said.append(f"send {letter['To']} via {self.host}:{self.port}")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> type[FakeServer]:
    FakeServer.said, FakeServer.offers_tls = [], True
    monkeypatch.setattr(smtplib, "SMTP", FakeServer)
    monkeypatch.setattr(smtplib, "SMTP_SSL", FakeServer)
    return FakeServer


PAYLOAD = {
    "id": "0" * 32,
    "to": "li@example.com",
    "subject": "主题",
    "body": "正文",
    "at": "2026-11-23T00:00:00+00:00",
}


def test_a_password_goes_over_tls_alone(server: type[FakeServer], tmp_path: Path) -> None:
    settings = Settings(tmp_path, mail="smtp://us%40er:p%3Aw@mail.example.com:587")
    mail.deliver(settings, PAYLOAD)
    assert server.said == [
        "starttls", "login us@er p:w", "send li@example.com via mail.example.com:587",
    ]  # fmt: skip
    server.said, server.offers_tls = [], False
    with pytest.raises(ConnectionError, match="smtps"):
        mail.deliver(settings, PAYLOAD)
    assert server.said == []


def test_smtps_speaks_tls_from_the_start(server: type[FakeServer], tmp_path: Path) -> None:
    mail.deliver(Settings(tmp_path, mail="smtps://a:b@mail.example.com"), PAYLOAD)
    assert server.said == ["login a b", "send li@example.com via mail.example.com:465"]

"""Letters: written into the outbox with the change they tell of, sent by the worker.

A job is done at least once, so a letter may rarely arrive twice; both copies then carry the same
Message-ID, and in the `file` back-end they are one file.
"""

from __future__ import annotations

import smtplib
import ssl
import sys
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from sqlalchemy.orm import Session

from . import clock, outbox

KIND = "mail"
_FOOT = "\n——\n此邮件由揭榜平台自动发出，请勿直接回复。\n"
TIMEOUT = 20
"""Seconds a mail server may take to answer; well below the lease of a job."""


class MailSettings(Protocol):
    """What is needed to send: `config.Settings` has it."""

    @property
    def mail(self) -> str: ...
    @property
    def mail_from(self) -> str: ...
    @property
    def mailbox(self) -> Path: ...


def enqueue(session: Session, to: str, subject: str, body: str) -> None:
    """Adds a letter to this transaction; it goes out only if the transaction is committed."""
    payload = {
        "id": uuid4().hex,
        "to": to,
        "subject": " ".join(subject.split()),
        "body": body,
        "at": clock.now().isoformat(),
    }
    outbox.enqueue(session, KIND, payload)


def handler(settings: MailSettings) -> outbox.Handler:
    """The worker's handler for jobs of kind "mail"."""

    def send(_session: Session, payload: dict[str, Any]) -> None:
        deliver(settings, payload)

    return send


def deliver(settings: MailSettings, payload: dict[str, Any]) -> None:
    """Sends one letter by the back-end the settings name; raises what the back-end raises."""
    letter = _letter(settings, payload)
    if settings.mail == "console":
        sys.stdout.write(f"{_readable(letter)}\n")
        sys.stdout.flush()
    elif settings.mail == "file":
        _to_file(settings.mailbox, payload["id"], letter)
    else:
        _to_server(settings.mail, letter)


def _letter(settings: MailSettings, payload: dict[str, Any]) -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = settings.mail_from
    letter["To"] = payload["to"]
    letter["Subject"] = payload["subject"]
    domain = settings.mail_from.rpartition("@")[2].strip(">") or "localhost"
    letter["Message-ID"] = f"<{payload['id']}@{domain}>"
    letter["Date"] = datetime.fromisoformat(payload["at"])
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(payload["body"].rstrip("\n") + "\n" + _FOOT)
    return letter


def _readable(letter: EmailMessage) -> str:
    heads = "\n".join(f"{name}: {letter[name]}" for name in ("From", "To", "Subject"))
    return f"{heads}\n\n{letter.get_content()}"


def _to_file(mailbox: Path, name: str, letter: EmailMessage) -> None:
    mailbox.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = mailbox / f"{name}.part"
    draft.write_bytes(letter.as_bytes(policy=SMTP))
    draft.replace(mailbox / f"{name}.eml")


def _to_server(url: str, letter: EmailMessage) -> None:
    """smtps:// speaks TLS from the start; smtp:// turns it on where the server offers it.

    A password is sent only over TLS, except to this machine itself.
    """
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT)
    with server:
        encrypted = parts.scheme == "smtps"
        server.ehlo()
        if not encrypted and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
            encrypted = True
        if parts.username:
            if not encrypted and host not in ("localhost", "127.0.0.1", "::1"):
                raise ConnectionError("邮件服务器没有启用加密，拒绝发送密码；请改用 smtps://")
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(letter)

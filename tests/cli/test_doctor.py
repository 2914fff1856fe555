"""The doctor names what is wrong and how to mend it; what cannot be looked at is a finding."""

from __future__ import annotations

import json
import socket
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from jiebang import config, doctor, schema
from jiebang.core import clock, outbox
from jiebang.core.outbox import Job
from jiebang.db import Database
from jiebang.doctor import Finding, Report, State
from tests.processes import jiebang
from tests.server import free_port


@pytest.fixture
def environ(database_url: str, tmp_path: Path) -> dict[str, str]:
    """Settings of a platform that is ready, on each of the two databases."""
    return {"JIEBANG_HOME": str(tmp_path / "home"), "JIEBANG_DATABASE_URL": database_url}


def wrong(report: Report) -> dict[str, Finding]:
    return {each.part: each for each in report.findings if each.state is State.WRONG}


def test_a_ready_platform_is_healthy(environ: dict[str, str]) -> None:
    report = doctor.examine(environ)
    assert wrong(report) == {}
    assert report.healthy
    assert {value.name for value in report.values} == {each.name for each in config.SETTINGS}


def test_every_problem_comes_with_advice(environ: dict[str, str], database: Database) -> None:
    with database.transaction() as session:
        outbox.enqueue(session, "mail", {})
        session.execute(update(Job).values(failed_at=clock.now(), error="SMTPError: 拒绝"))
    found = wrong(doctor.examine(environ))
    assert set(found) >= {"失败的任务"}
    assert "SMTPError" in found["失败的任务"].text
    assert all(each.advice for each in found.values())


def test_jobs_that_nobody_takes_are_found(environ: dict[str, str], database: Database) -> None:
    with database.transaction() as session:
        outbox.enqueue(session, "mail", {}, run_after=clock.now() - timedelta(hours=1))
    assert "worker" in wrong(doctor.examine(environ))["后台任务"].advice


def test_wrong_settings_are_listed(environ: dict[str, str]) -> None:
    report = doctor.examine({**environ, "PORT": "x", "JIEBANG_MAIL": "x"})
    assert not report.healthy
    assert len(report.findings) == 2


def test_a_missing_model_is_found(environ: dict[str, str], tmp_path: Path) -> None:
    found = wrong(doctor.examine({**environ, "JIEBANG_MODEL": str(tmp_path / "nothing")}))
    assert "JIEBANG_MODEL" in found["向量模型"].advice


def test_terms_of_ones_own_are_counted_or_refused(environ: dict[str, str], tmp_path: Path) -> None:
    terms = tmp_path / "terms.txt"
    terms.write_text("泉城智链\n鲁中云仓\n", encoding="utf-8")
    report = doctor.examine({**environ, "JIEBANG_TERMS": str(terms)})
    (found,) = [each for each in report.findings if each.part == "本地术语"]
    assert found.state is State.FINE
    assert "2 个" in found.text
    terms.write_text("泉城智链\nQ345B\n", encoding="utf-8")
    refused = wrong(doctor.examine({**environ, "JIEBANG_TERMS": str(terms)}))["本地术语"]
    assert "第 2 行" in refused.text and refused.advice
    missing = doctor.examine({**environ, "JIEBANG_TERMS": str(tmp_path / "none.txt")})
    assert "JIEBANG_TERMS" in " ".join(each.text for each in missing.findings)


def test_an_old_schema_is_found(environ: dict[str, str], database: Database) -> None:
    schema.downgrade(database, "base")
    assert "jiebang init" in wrong(doctor.examine(environ))["数据库结构"].advice


def test_an_unreachable_database_is_found_without_its_password(environ: dict[str, str]) -> None:
    url = f"postgresql://jb:geheim@127.0.0.1:{free_port()}/jb"
    report = doctor.examine({**environ, "JIEBANG_DATABASE_URL": url})
    assert "数据库" in wrong(report)
    assert "geheim" not in report.as_json()


def test_a_broken_database_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "jiebang.db").write_bytes(b"no database " * 1000)
    assert "数据库" in wrong(doctor.examine({"JIEBANG_HOME": str(tmp_path)}))


def test_a_key_that_others_can_read_is_found(environ: dict[str, str]) -> None:
    settings = config.load(environ)
    settings.prepare_home()
    settings.secret_key()
    (settings.home / "secret.key").chmod(0o644)
    found = wrong(doctor.examine(environ))["签名密钥"]
    assert "chmod 600" in found.advice
    (settings.home / "secret.key").chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert "签名密钥" not in wrong(doctor.examine(environ))


def test_a_mail_server_that_does_not_answer_is_found(environ: dict[str, str]) -> None:
    url = f"smtp://jb:geheim@127.0.0.1:{free_port()}"
    report = doctor.examine({**environ, "JIEBANG_MAIL": url})
    assert "邮件" in wrong(report)
    assert "geheim" not in report.as_json()


def test_a_mail_server_that_answers_is_fine(environ: dict[str, str]) -> None:
    with socket.socket() as mail:
        mail.bind(("127.0.0.1", 0))
        mail.listen()
        url = f"smtp://127.0.0.1:{mail.getsockname()[1]}"
        assert "邮件" not in wrong(doctor.examine({**environ, "JIEBANG_MAIL": url}))


def test_demo_accounts_open_to_others_are_found(environ: dict[str, str]) -> None:
    report = doctor.examine({**environ, "JIEBANG_DEMO": "1", "JIEBANG_HOST": "0.0.0.0"})
    assert "对外服务" in wrong(report)


def test_little_space_is_found(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LITTLE_SPACE", 1 << 60)
    assert "磁盘" in wrong(doctor.examine(environ))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("file", "file"),
        ("smtp://jb:geheim@mail.example:25", "smtp://jb:***@mail.example:25"),
        ("postgresql://jb:geheim@db/jb", "postgresql://jb:***@db/jb"),
        ("geheim", "（已设置）"),
    ],
)
def test_secrets_are_masked(text: str, shown: str) -> None:
    assert doctor.masked(text) == shown


def test_the_command_says_it_in_chinese_and_by_its_exit_code(tmp_path: Path) -> None:
    before = jiebang("doctor", JIEBANG_HOME=str(tmp_path))
    assert before.returncode == 1
    assert "[问题] 数据库结构：尚未初始化" in before.stdout
    jiebang("init", JIEBANG_HOME=str(tmp_path))
    after = jiebang("doctor", JIEBANG_HOME=str(tmp_path))
    assert after.returncode == 0, after.stdout
    assert "一切正常" in after.stdout
    parsed = json.loads(jiebang("doctor", "--json", JIEBANG_HOME=str(tmp_path)).stdout)
    assert parsed["healthy"] is True
    wrong_settings = jiebang("doctor", JIEBANG_HOME=str(tmp_path), PORT="x")
    assert wrong_settings.returncode == 1
    assert "PORT" in wrong_settings.stdout

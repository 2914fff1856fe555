"""What an operator wants to know when something is wrong: every setting, every part, what to do."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from . import config, schema
from .core import clock
from .core.outbox import Job
from .db import Database, integrity, sqlite_module, wal_is_safe
from .discovery.models import SearchRow
from .discovery.rows import stale_rows, state

WAITS_TOO_LONG = timedelta(minutes=15)
"""A due job older than this means that no worker runs."""
LITTLE_SPACE = 1024**3


class State(StrEnum):
    """How a part is."""

    FINE = "fine"
    NOTE = "note"
    WRONG = "wrong"


MARKS = {State.FINE: "正常", State.NOTE: "注意", State.WRONG: "问题"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: how it is, and what to do about it."""

    part: str
    state: State
    text: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """One setting as it is used; secrets are masked."""

    name: str
    meaning: str
    value: str
    given: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Everything `jiebang doctor` shows."""

    values: list[Value]
    findings: list[Finding]

    @property
    def healthy(self) -> bool:
        return all(finding.state is not State.WRONG for finding in self.findings)

    def as_json(self) -> str:
        """The report for programs."""
        return json.dumps(
            {
                "healthy": self.healthy,
                "settings": [asdict(value) for value in self.values],
                "findings": [asdict(finding) for finding in self.findings],
            },
            ensure_ascii=False,
            indent=2,
        )


def examine(environ: Mapping[str, str] | None = None) -> Report:
    """Looks at every part; a part that cannot be looked at is a finding, never an exception."""
    source = os.environ if environ is None else environ
    values = [_value(setting, source) for setting in config.SETTINGS]
    try:
        settings = config.load(source)
        settings.prepare_home()
    except config.SettingsError as error:
        wrong = [
            Finding("设置", State.WRONG, problem, "改正后重新运行") for problem in error.problems
        ]
        return Report(values, wrong)
    findings = [Finding("设置", State.FINE, "全部可用")]
    findings += _home(settings)
    findings += _database(settings)
    findings += _mail(settings)
    findings += _exposure(settings)
    return Report(values, findings)


def _value(setting: config.Setting, source: Mapping[str, str]) -> Value:
    text = source.get(setting.name, "").strip()
    shown = text or f"{setting.default}（默认）"
    if text and setting.secret:
        shown = masked(text)
    return Value(setting.name, setting.meaning, shown, bool(text))


def masked(text: str) -> str:
    """An address without its password; nothing at all of what is not an address."""
    if text in ("file", "console"):
        return text
    try:
        return make_url(text).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return "（已设置）"


def _home(settings: config.Settings) -> Iterator[Finding]:
    probe = settings.home / f".probe-{os.getpid()}"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        yield Finding(
            "数据目录",
            State.WRONG,
            f"{settings.home} 不可写（{error.strerror}）",
            "检查目录权限，或把 JIEBANG_HOME 设为可写目录",
        )
        return
    yield Finding("数据目录", State.FINE, str(settings.home))
    key = settings.home / "secret.key"
    if not key.exists():
        yield Finding("签名密钥", State.NOTE, "尚未生成", "运行 jiebang init")
    elif os.name == "posix" and stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield Finding("签名密钥", State.WRONG, "其他用户可读", f"运行 chmod 600 {key}")
    else:
        yield Finding("签名密钥", State.FINE, "仅所有者可读")
    free = shutil.disk_usage(settings.home).free
    text = f"剩余 {free / 1024**3:.1f} GB"
    if free < LITTLE_SPACE:
        yield Finding("磁盘", State.WRONG, text, "清理磁盘或把 JIEBANG_HOME 移到更大的盘")
    else:
        yield Finding("磁盘", State.FINE, text)


def _database(settings: config.Settings) -> Iterator[Finding]:
    try:
        database = Database(settings.database_url)
    except (OSError, ImportError) as error:
        yield Finding("数据库", State.WRONG, f"打不开：{error}", "检查 JIEBANG_DATABASE_URL")
        return
    try:
        try:
            checked = integrity(database)
        except DBAPIError as error:
            yield Finding(
                "数据库",
                State.WRONG,
                f"连接不上 {database.url.render_as_string(hide_password=True)}："
                f"{type(error.orig).__name__}",
                "检查 JIEBANG_DATABASE_URL，确认数据库已启动、账号可用、文件未损坏",
            )
            return
        yield from _engine(database, checked)
        at = schema.current(database)
        if at.is_current:
            yield Finding("数据库结构", State.FINE, f"最新（{at.revision}）")
            yield _vectors(settings, database)
            yield from _index(settings, database)
            yield from _jobs(database)
        else:
            text = "尚未初始化" if at.revision is None else f"{at.revision}，最新为 {at.head}"
            yield Finding("数据库结构", State.WRONG, text, "运行 jiebang init")
    finally:
        database.dispose()


def _engine(database: Database, checked: str) -> Iterator[Finding]:
    if not database.is_sqlite:
        yield Finding("数据库", State.FINE, f"PostgreSQL {checked}")
        return
    module = sqlite_module()
    version = str(module.sqlite_version)
    if checked == "ok":
        yield Finding("数据库", State.FINE, f"SQLite {version}，完整性检查通过")
    else:
        yield Finding("数据库", State.WRONG, f"SQLite 文件损坏：{checked}", "停止服务，从备份恢复")
    if wal_is_safe(module.sqlite_version_info):
        yield Finding("SQLite 日志模式", State.FINE, "WAL")
    else:
        yield Finding(
            "SQLite 日志模式",
            State.NOTE,
            f"SQLite {version} 的 WAL 有损坏数据的缺陷，已改用回滚日志（写入时读取要等待）",
            "安装 pysqlite3 0.6.1 以上，或换用自带 SQLite 3.51.3 以上的 Python",
        )


def _vectors(settings: config.Settings, database: Database) -> Finding:
    from .discovery.vectors import vectors_lacking

    try:
        lacking = vectors_lacking(settings, database)
    except config.SettingsError as error:
        return Finding("向量引擎", State.WRONG, settings.vector_engine, "；".join(error.problems))
    if lacking:
        return Finding(
            "向量引擎",
            State.NOTE,
            f"{settings.vector_engine}，数据库中尚无 {'、'.join(lacking)}",
            "首次启动服务时自动建立（账号要有建扩展和建表的权限），现有内容的向量随后补齐",
        )
    where = "PostgreSQL 中，各台机器共用" if settings.vector_engine == "pgvector" else "各进程内"
    return Finding("向量引擎", State.FINE, f"{settings.vector_engine}，向量保存在{where}，精确检索")


def _index(settings: config.Settings, database: Database) -> Iterator[Finding]:
    from matching import terms as own_terms
    from matching.encoder import ModelInvalid, ModelMissing, load_encoder

    try:
        terms = own_terms.read(settings.terms) if settings.terms else ()
        encoder = own_terms.named(load_encoder(settings.model), terms)
    except (ModelMissing, ModelInvalid) as error:
        yield Finding("向量模型", State.WRONG, str(error), "检查 JIEBANG_MODEL")
        return
    except own_terms.TermsInvalid as error:
        yield Finding("本地术语", State.WRONG, str(error), "改好文件后重新启动服务")
        return
    which = settings.model or "随附模型"
    yield Finding("向量模型", State.FINE, f"{which}，{encoder.dim} 维（{encoder.fingerprint}）")
    if terms:
        yield Finding("本地术语", State.FINE, f"{settings.terms}，{len(terms)} 个")
    with database.reading() as session:
        now = state(session)
        model = now.model or encoder.fingerprint
        live = session.scalar(select(func.count()).where(SearchRow.live)) or 0
        stale = stale_rows(session, model)
        done = live - stale_rows(session, encoder.fingerprint)
    if stale:
        yield Finding(
            "检索索引",
            State.WRONG,
            f"{live} 条中有 {stale} 条没有当前模型的检索数据，检索不到",
            "运行 jiebang reindex",
        )
    else:
        yield Finding("检索索引", State.FINE, f"{live} 条")
    if model != encoder.fingerprint:
        yield Finding(
            "换用新模型",
            State.NOTE,
            f"检索仍用原来的模型（{model}），新模型已编码 {done}/{live} 条",
            "由后台任务完成；要立即完成请运行 jiebang reindex",
        )
    yield _snapshot(settings.snapshots / f"{now.database}-{model}")


def _snapshot(folder: Path) -> Finding:
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    if not files:
        return Finding("索引快照", State.FINE, "尚无（首次检索时由数据库重建）")
    size = sum(path.stat().st_size for path in files) / 1024**2
    at = max(path.stat().st_mtime for path in files)
    moment = clock.moment_text(datetime.fromtimestamp(at, UTC))
    return Finding("索引快照", State.FINE, f"{size:.1f} MB，{moment}")


def _jobs(database: Database) -> Iterator[Finding]:
    with database.reading() as session:
        is_open = (Job.done_at.is_(None), Job.failed_at.is_(None))
        waiting = session.scalar(select(func.count()).select_from(Job).where(*is_open)) or 0
        oldest = session.scalar(select(func.min(Job.run_after)).where(*is_open))
        query = select(Job).where(Job.failed_at.is_not(None)).order_by(Job.id.desc())
        failed = list(session.scalars(query))
    if oldest is not None and clock.now() - oldest > WAITS_TOO_LONG:
        yield Finding(
            "后台任务",
            State.WRONG,
            f"{waiting} 个未完成，最早的应在 {clock.moment_text(oldest)} 执行",
            "确认 jiebang serve（JIEBANG_WORKER=1）或 jiebang worker 正在运行",
        )
    else:
        yield Finding("后台任务", State.FINE, f"{waiting} 个未完成")
    if failed:
        kinds = "、".join(sorted({job.kind for job in failed}))
        last = (failed[0].error or "").splitlines()[:1]
        yield Finding(
            "失败的任务",
            State.WRONG,
            f"{len(failed)} 个（{kinds}），最近一次：{''.join(last)[:200]}",
            "排除原因后运行 jiebang worker --retry-failed",
        )


def _mail(settings: config.Settings) -> Iterator[Finding]:
    if settings.mail == "file":
        yield Finding(
            "邮件", State.NOTE, f"不外发，写入 {settings.mailbox}", "正式使用请设 smtp://"
        )
        return
    if settings.mail == "console":
        yield Finding("邮件", State.NOTE, "不外发，打印在终端", "正式使用请设 smtp://")
        return
    parts = urlsplit(settings.mail)
    host, port = parts.hostname or "", parts.port or (465 if parts.scheme == "smtps" else 25)
    try:
        with socket.create_connection((host, port), timeout=5):
            pass
    except OSError as error:
        text = f"连接不上 {host}:{port}（{error}）"
        yield Finding("邮件", State.WRONG, text, "检查 JIEBANG_MAIL 的主机与端口，以及防火墙")
    else:
        yield Finding("邮件", State.FINE, f"{host}:{port} 可连接")


def _exposure(settings: config.Settings) -> Iterator[Finding]:
    local = re.fullmatch(r"127\.[\d.]+|::1|localhost", settings.host) is not None
    if local:
        return
    if settings.demo:
        yield Finding(
            "对外服务",
            State.WRONG,
            f"演示模式（公开的示例口令）监听在 {settings.host}",
            "正式使用请设 JIEBANG_DEMO=0 并使用新的数据目录",
        )
    if not settings.tls:
        yield Finding(
            "对外服务",
            State.NOTE,
            f"监听在 {settings.host}，未声明 HTTPS，口令会明文传输",
            "在前面加 HTTPS 反向代理，并设 JIEBANG_TLS=1、JIEBANG_PROXIES=1",
        )

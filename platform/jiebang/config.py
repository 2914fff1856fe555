"""Settings: read from the environment, checked at start, listed by `jiebang doctor`."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

TRUE = frozenset({"1", "true", "yes", "on", "是"})
FALSE = frozenset({"0", "false", "no", "off", "否", ""})


class SettingsError(Exception):
    """One or more settings cannot be used; `problems` are Chinese sentences."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: what it is for and what it is when absent."""

    name: str
    meaning: str
    default: str
    secret: bool = False


SETTINGS = (
    Setting("JIEBANG_HOME", "数据目录（数据库、上传文件、索引快照）", "./var"),
    Setting("JIEBANG_DATABASE_URL", "数据库地址", "数据目录下的 SQLite", secret=True),
    Setting("JIEBANG_MODEL", "向量模型：文件夹或模型名", "随附模型"),
    Setting("JIEBANG_TERMS", "本地术语文件（UTF-8，每行一个术语）", "数据目录下的 terms.txt，如有"),
    Setting("JIEBANG_VECTOR_ENGINE", "向量引擎：faiss（进程内）或 pgvector（PostgreSQL）", "faiss"),
    Setting("PORT", "网页服务端口", "8000"),
    Setting("JIEBANG_HOST", "网页服务监听地址", "127.0.0.1"),
    Setting("JIEBANG_THREADS", "网页服务线程数", "8"),
    Setting("JIEBANG_DEMO", "演示模式（1 开启：示例账号与数据，每页标明）", "0"),
    Setting("JIEBANG_TLS", "是否在 HTTPS 之后运行（1 开启安全 Cookie）", "0"),
    Setting("JIEBANG_PROXIES", "前面有几层可信反向代理", "0"),
    Setting("JIEBANG_BASE_URL", "邮件里链接的网址前缀", "http://127.0.0.1:8000"),
    Setting("JIEBANG_MAIL", "发信方式：file、console 或 smtp://用户:密码@主机:端口", "file", True),
    Setting("JIEBANG_MAIL_FROM", "发信人地址", "jiebang@localhost"),
    Setting("JIEBANG_WORKER", "网页进程内是否运行后台任务（1 开启）", "1"),
    Setting("JIEBANG_UPLOAD_LIMIT_MB", "单个上传文件上限（MB）", "20"),
    Setting("JIEBANG_SEARCH_PER_MINUTE", "每个地址每分钟匿名搜索次数", "30"),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Checked values; every path is absolute."""

    home: Path
    database_url: str
    model: str | None
    terms: Path | None
    """The operator's own terms (`matching.terms`); none when there is no file."""
    vector_engine: str
    """"faiss" or "pgvector"."""
    port: int
    host: str
    threads: int
    demo: bool
    tls: bool
    proxies: int
    base_url: str
    mail: str
    mail_from: str
    worker: bool
    upload_limit: int
    """Bytes."""
    search_per_minute: int

    @property
    def uploads(self) -> Path:
        """Private files; never served as they lie."""
        return self.home / "uploads"

    @property
    def snapshots(self) -> Path:
        """Index snapshots: a cache that may be deleted at any time."""
        return self.home / "index"

    @property
    def models(self) -> Path:
        """Copies of the model that serves, so that it goes on serving while another is introduced
        and the program's own has been replaced."""
        return self.home / "models"

    @property
    def mailbox(self) -> Path:
        """Where the `file` mail back-end leaves its letters."""
        return self.home / "mail"

    @property
    def cache(self) -> Path:
        """Compiled templates; may be deleted at any time."""
        return self.home / "cache"

    def prepare_home(self) -> None:
        """Creates the data folder for its owner alone; SettingsError if that fails."""
        try:
            for folder in (
                self.home,
                self.uploads,
                self.snapshots,
                self.models,
                self.mailbox,
                self.cache,
            ):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                [f"JIEBANG_HOME：无法创建数据目录 {self.home}（{error.strerror}），请换一个目录"]
            ) from error

    def secret_key(self) -> bytes:
        """The signing key: made at first start, mode 0600, the same for all processes."""
        path = self.home / "secret.key"
        if not path.exists():
            # linked into place when complete: a process that starts at the same moment must not
            # read half a key
            draft = self.home / f"secret.{secrets.token_hex(8)}"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(48))
            with suppress(FileExistsError):
                path.hardlink_to(draft)
            draft.unlink()
        key = path.read_bytes()
        if len(key) < 32:
            raise SettingsError([f"{path} 不完整：请删除该文件后重新启动（所有人需重新登录）"])
        return key


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Reads and checks all settings; raises SettingsError that names every wrong one."""
    source = os.environ if environ is None else environ
    problems: list[str] = []

    def number(name: str, default: int, low: int, high: int) -> int:
        text = source.get(name, "").strip()
        if not text:
            return default
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            problems.append(f"{name}：“{text}”不是 {low}–{high} 之间的整数")
            return default
        return int(text)

    def flag(name: str, default: bool) -> bool:
        text = source.get(name)
        if text is None:
            return default
        if text.strip().lower() in TRUE:
            return True
        if text.strip().lower() not in FALSE:
            problems.append(f"{name}：“{text}”应为 1 或 0")
        return False

    home = Path(source.get("JIEBANG_HOME", "").strip() or "var").expanduser().resolve()
    if home.exists() and not home.is_dir():
        problems.append(f"JIEBANG_HOME：{home} 不是目录，请换一个目录")
    database_url = source.get("JIEBANG_DATABASE_URL", "").strip() or f"sqlite:///{home}/jiebang.db"
    _check(problems, lambda: _database_url(database_url))
    vector_engine = source.get("JIEBANG_VECTOR_ENGINE", "").strip().lower() or "faiss"
    _check(problems, lambda: _vector_engine(vector_engine, database_url))
    mail = source.get("JIEBANG_MAIL", "").strip() or "file"
    if mail not in ("file", "console") and not mail.startswith(("smtp://", "smtps://")):
        problems.append("JIEBANG_MAIL：应为 file、console 或 smtp://用户:密码@主机:端口")
    port = number("PORT", 8000, 1, 65535)
    base_url = (source.get("JIEBANG_BASE_URL", "").strip() or f"http://127.0.0.1:{port}").rstrip(
        "/"
    )
    if not base_url.startswith(("http://", "https://")):
        problems.append(f"JIEBANG_BASE_URL：“{base_url}”应以 http:// 或 https:// 开头")
    terms = Path(source.get("JIEBANG_TERMS", "").strip() or home / "terms.txt").expanduser()
    if source.get("JIEBANG_TERMS", "").strip() and not terms.is_file():
        problems.append(f"JIEBANG_TERMS：没有找到文件 {terms}")
    settings = Settings(
        home=home,
        database_url=database_url,
        model=source.get("JIEBANG_MODEL", "").strip() or None,
        terms=terms.resolve() if terms.is_file() else None,
        vector_engine=vector_engine,
        port=port,
        host=source.get("JIEBANG_HOST", "").strip() or "127.0.0.1",
        threads=number("JIEBANG_THREADS", 8, 1, 64),
        demo=flag("JIEBANG_DEMO", False),
        tls=flag("JIEBANG_TLS", False),
        proxies=number("JIEBANG_PROXIES", 0, 0, 5),
        base_url=base_url,
        mail=mail,
        mail_from=source.get("JIEBANG_MAIL_FROM", "").strip() or "jiebang@localhost",
        worker=flag("JIEBANG_WORKER", True),
        upload_limit=number("JIEBANG_UPLOAD_LIMIT_MB", 20, 1, 500) * 1024 * 1024,
        search_per_minute=number("JIEBANG_SEARCH_PER_MINUTE", 30, 1, 100_000),
    )
    if problems:
        raise SettingsError(problems)
    return settings


def _check(problems: list[str], rule: Callable[[], None]) -> None:
    try:
        rule()
    except ValueError as error:
        problems.append(str(error))


def _database_url(text: str) -> None:
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise ValueError(
            "JIEBANG_DATABASE_URL：看不懂，应形如 sqlite:////路径/jiebang.db 或 "
            "postgresql+psycopg://用户:密码@主机/库名"
        ) from error
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise ValueError("JIEBANG_DATABASE_URL：只支持 sqlite 与 postgresql")


def _vector_engine(name: str, database_url: str) -> None:
    if name not in ("faiss", "pgvector"):
        raise ValueError(f"JIEBANG_VECTOR_ENGINE：“{name}”应为 faiss 或 pgvector")
    if name == "pgvector" and not database_url.startswith("postgresql"):
        raise ValueError(
            "JIEBANG_VECTOR_ENGINE：pgvector 只能用于 PostgreSQL，现在的数据库是 SQLite。"
            "请把 JIEBANG_DATABASE_URL 设为 postgresql+psycopg://…，"
            "或设 JIEBANG_VECTOR_ENGINE=faiss"
        )

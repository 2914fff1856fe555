"""The web server: waitress, with the worker in a thread beside it."""

from __future__ import annotations

import errno
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from . import wiring
from .app import Platform, create_app
from .config import Settings
from .db import Database
from .worker import Worker

if TYPE_CHECKING:
    from flask import Flask

STOP_WITHIN = 20.0
"""Seconds that the job in hand has to end when the server is told to stop."""


class CannotListen(Exception):
    """The address cannot be taken; the message says what to do."""


def run(settings: Settings, database: Database, announce: Callable[[str], None]) -> None:
    """Serves until SIGTERM or Ctrl-C; CannotListen when the address cannot be taken."""
    app = create_app(settings, database)
    server = make_server(app, settings)
    signal.signal(signal.SIGTERM, _terminate)
    with _working(app, settings, database):
        announce(f"揭榜已启动：{address(settings)}")
        if settings.demo:
            announce("演示模式：数据与账号均为虚构。")
        announce("按 Ctrl-C 停止。")
        try:
            server.run()
        finally:
            server.close()
            announce("已停止。")


def make_server(app: Flask, settings: Settings) -> Any:
    """A waitress server that is already bound."""
    from waitress import create_server

    try:
        return create_server(
            app,
            host=settings.host,
            port=settings.port,
            threads=settings.threads,
            ident="",
            max_request_body_size=app.config["MAX_CONTENT_LENGTH"],
            # with a trusted proxy in front, ProxyFix reads its headers; without, they are dropped
            clear_untrusted_proxy_headers=settings.proxies == 0,
        )
    except (OSError, ValueError) as error:
        raise CannotListen(_sentence(error, settings)) from error


def _sentence(error: OSError | ValueError, settings: Settings) -> str:
    code = getattr(error, "errno", None)
    if code == errno.EADDRINUSE:
        other = settings.port % 65535 + 1
        return f"端口 {settings.port} 已被占用：请停掉占用它的程序，或换一个端口，如 PORT={other}"
    if code == errno.EACCES:
        return f"没有权限使用端口 {settings.port}：请换一个 1024 以上的端口"
    return f"无法监听 {settings.host}:{settings.port}（{error}）：请检查 JIEBANG_HOST 与 PORT"


def address(settings: Settings) -> str:
    """Where a browser on this machine finds the server."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "*") else settings.host  # noqa: S104
    if ":" in host:
        host = f"[{host}]"
    return f"http://{host}:{settings.port}/"


@contextmanager
def _working(app: Flask, settings: Settings, database: Database) -> Iterator[None]:
    if not settings.worker:
        yield
        return
    platform: Platform = app.extensions["jiebang"]
    door = platform.discovery
    worker = Worker(
        database,
        wiring.jobs(settings, database, door),
        chores=wiring.chores(door),
    )
    thread = threading.Thread(target=worker.run, name="worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(STOP_WITHIN)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)

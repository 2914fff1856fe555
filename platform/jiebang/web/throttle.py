"""Rate limits for views: counted in a transaction of their own, so refusals count as well."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app, g, request

from jiebang.core import limits
from jiebang.core.errors import TooMany

from .current import platform


def throttle(purpose: str, allowed: int, window: timedelta, subject: str | None = None) -> None:
    """Counts one use by this address (or `subject`); raises TooMany beyond `allowed`.

    Comes before the request's own transaction: on SQLite the two would wait for each other.
    """
    own = g.get("db")
    if own is not None and own.in_transaction():
        raise RuntimeError("throttle() after a query of this request: call it first")
    name = limits.bucket(
        purpose, subject or request.remote_addr or "unknown", current_app.config["SECRET_KEY"]
    )
    with platform().database.transaction() as session:
        wait = limits.hit(session, name, allowed, window)
    if wait:
        unit = f"{wait} 秒" if wait < 120 else f"{-(-wait // 60)} 分钟"
        raise TooMany(f"操作太频繁，请 {unit}后再试。", wait)

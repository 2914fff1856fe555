"""Where to go on after signing in: only to a page of this site."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import session as cookie

_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def is_local(target: str) -> bool:
    """Whether an address is a path of this site and nothing else."""
    if not _PATH.fullmatch(target):
        return False
    parts = urlsplit(target)
    return not parts.scheme and not parts.netloc


def has_next() -> bool:
    """Whether somebody was sent away from a page and waits to get there."""
    target = cookie.get("next")
    return isinstance(target, str) and is_local(target)


def take_next() -> str | None:
    """The page that somebody was sent away from; asked for once."""
    target = cookie.pop("next", None)
    return target if isinstance(target, str) and is_local(target) else None


def next_url(default: str) -> str:
    """That page, or another one."""
    return take_next() or default

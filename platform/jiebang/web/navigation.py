"""The main menu: areas add their entries; each person sees those that lead somewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request, url_for

from jiebang.core.permissions import Actor

from .access import actor

_KEY = "jiebang_navigation"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `shown` decides by person; `badge` may count what waits."""

    order: int
    label: str
    endpoint: str
    shown: Callable[[Actor], bool]
    badge: Callable[[Actor], int | None] | None = None
    account: bool = False
    """In the account menu instead of the main one."""
    group: str = ""
    """The word under which the desk's menu folds it away: what is looked after now and then, so
    that the daily entries stay on one line."""


@dataclass(frozen=True, slots=True)
class Item:
    """What the template draws."""

    label: str
    url: str
    active: bool
    badge: int | None
    group: str = ""


def add(app: Flask, *entries: Entry) -> None:
    """Adds entries; called while the app is made."""
    app.extensions.setdefault(_KEY, []).extend(entries)


def items(*, account: bool = False) -> list[Item]:
    """The entries for this request's person, in order."""
    who = actor()
    entries: list[Entry] = current_app.extensions.get(_KEY, [])
    found = []
    for entry in sorted(entries, key=lambda entry: entry.order):
        if entry.account is account and entry.shown(who):
            url = url_for(entry.endpoint)
            active = request.path == url or (url != "/" and request.path.startswith(f"{url}/"))
            badge = entry.badge(who) if entry.badge else None
            found.append(Item(entry.label, url, active, badge, entry.group))
    return found


def register(app: Flask, *, demo: bool) -> None:
    """Gives every template the menu and the demo mark."""

    @app.context_processor
    def _context() -> dict[str, Any]:
        return {
            "navigation": items(),
            "account_menu": items(account=True),
            "demo_mode": demo,
        }

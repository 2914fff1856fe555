"""奖补规则: the tables, a form for their rules, a preview on one's own numbers, and the switch."""

from __future__ import annotations

from flask import Flask

from jiebang.web import navigation
from jiebang.web.navigation import Entry

from . import one, tables
from .blueprint import MANAGE, blueprint


def register(app: Flask) -> None:
    """Adds the routes and the menu entry."""
    assert all((one, tables))
    app.register_blueprint(blueprint)
    navigation.add(
        app, Entry(66, "奖补规则", "grants.index", lambda who: who.can(MANAGE), group="管理")
    )

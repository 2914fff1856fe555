"""Pages of reviews: the expert's desk, the operator's page, what the issuer reads."""

from __future__ import annotations

from flask import Flask

from jiebang.boards.views import sections as boards_sections
from jiebang.boards.views import todo as boards_todo
from jiebang.core.permissions import Permission
from jiebang.web import navigation
from jiebang.web.navigation import Entry

from . import asking, desk, pending, reading
from .blueprint import blueprint


def register(app: Flask) -> None:
    """Adds the routes, the expert's menu entry, what waits, and the summary for an issuer."""
    assert all((asking, desk, reading))
    app.register_blueprint(blueprint)
    navigation.add(
        app, Entry(37, "评审", "reviews.index", lambda who: who.can(Permission.REVIEW_SCORE))
    )
    if pending.tasks not in boards_todo.SECTIONS:
        boards_todo.SECTIONS.append(pending.tasks)
    if reading.on_listing not in boards_sections.ON_LISTING:
        boards_sections.ON_LISTING.append(reading.on_listing)

"""Pages of projects: what stands where, and every act on it."""

from __future__ import annotations

from flask import Flask

from jiebang.boards.reviews.views import desk as reviews_desk
from jiebang.boards.views import sections as boards_sections
from jiebang.boards.views import todo as boards_todo
from jiebang.core.permissions import Permission
from jiebang.web import navigation
from jiebang.web.navigation import Entry

from . import acts, archive, checks, money, pending, read
from .blueprint import blueprint


def register(app: Flask) -> None:
    """Adds the routes, the menu entry, what waits, and the way in from a listing's page."""
    assert all((acts, archive, checks, money, read))
    app.register_blueprint(blueprint)
    navigation.add(
        app,
        Entry(37, "项目", "projects.index", lambda who: who.seat is not None),
        Entry(
            42,
            "项目一览",
            "projects.overview",
            lambda who: who.can(Permission.LISTING_REVIEW),
            group="管理",
        ),
    )
    if pending.tasks not in boards_todo.SECTIONS:
        boards_todo.SECTIONS.append(pending.tasks)
    if checks.on_desk not in reviews_desk.MORE:
        reviews_desk.MORE.append(checks.on_desk)
    if read.on_listing not in boards_sections.ON_LISTING:
        boards_sections.ON_LISTING.append(read.on_listing)

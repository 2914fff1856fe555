"""Pages of publicities: public ones, and the objections'."""

from __future__ import annotations

from flask import Flask

from jiebang.boards.views import sections as boards_sections
from jiebang.boards.views import todo as boards_todo
from jiebang.web import navigation
from jiebang.web.navigation import Entry

from . import asking, objections, pending, public, sections
from .blueprint import blueprint


def register(app: Flask) -> None:
    """Adds the routes, the menu entry, what waits, and the line on a listing's page."""
    assert all((asking, objections, public))
    app.register_blueprint(blueprint)
    navigation.add(app, Entry(37, "公示", "publicity.index", lambda who: who.user_id is None))
    if pending.tasks not in boards_todo.SECTIONS:
        boards_todo.SECTIONS.append(pending.tasks)
    if sections.on_listing not in boards_sections.ON_LISTING:
        boards_sections.ON_LISTING.append(sections.on_listing)

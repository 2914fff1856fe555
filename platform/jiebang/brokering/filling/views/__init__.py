"""Pages of 代填: the specialist writes, the organisation confirms."""

from __future__ import annotations

from flask import Flask

from jiebang.boards.views import sections as boards_sections
from jiebang.boards.views import todo as boards_todo

from . import answer, pending, write
from .blueprint import blueprint


def register(app: Flask) -> None:
    """Adds the routes, what waits, and the specialist's way in from a listing's page."""
    assert all((answer, write))
    app.register_blueprint(blueprint)
    if pending.tasks not in boards_todo.SECTIONS:
        boards_todo.SECTIONS.append(pending.tasks)
    if write.on_listing not in boards_sections.ON_LISTING:
        boards_sections.ON_LISTING.append(write.on_listing)

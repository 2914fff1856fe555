"""Pages of agreements: read, edit, compare, propose, confirm, give up, print."""

from __future__ import annotations

from flask import Flask

from jiebang.boards.responses.views import read as responses
from jiebang.boards.views import sections as boards_sections
from jiebang.boards.views import todo as boards_todo
from jiebang.web import navigation
from jiebang.web.navigation import Entry

from . import acts, edit, paper, pending, read, sections
from .blueprint import blueprint


def register(app: Flask) -> None:
    """Adds the routes, the menu entry, what waits, and the ways in from responses and listings."""
    assert all((acts, edit, paper, read))
    app.register_blueprint(blueprint)
    navigation.add(app, Entry(38, "协议", "contracts.index", lambda who: who.seat is not None))
    if pending.tasks not in boards_todo.SECTIONS:
        boards_todo.SECTIONS.append(pending.tasks)
    if sections.on_response not in responses.AFTERWARDS:
        responses.AFTERWARDS.append(sections.on_response)
    if sections.on_listing not in boards_sections.ON_LISTING:
        boards_sections.ON_LISTING.append(sections.on_listing)

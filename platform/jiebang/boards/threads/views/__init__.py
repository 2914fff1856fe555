"""Pages of threads: interest, the conversation, its meetings, and what waits."""

from __future__ import annotations

from flask import Flask

from jiebang.boards.views import sections as boards_sections
from jiebang.boards.views import todo as boards_todo
from jiebang.web import navigation
from jiebang.web.navigation import Entry

from . import acts, interest, looks, meetings, openings, pending, read
from .blueprint import blueprint
from .sections import ON_THREAD


def register(app: Flask) -> None:
    """Adds the routes, the menu entry, what waits, and the way in from a listing's page."""
    assert all((acts, interest, meetings, read))
    app.register_blueprint(blueprint)
    navigation.add(app, Entry(35, "对接", "threads.index", lambda who: who.seat is not None))
    if pending.tasks not in boards_todo.SECTIONS:
        boards_todo.SECTIONS.append(pending.tasks)
    if interest.on_listing not in boards_sections.ON_LISTING:
        boards_sections.ON_LISTING.append(interest.on_listing)
    if looks.on_listing not in boards_sections.ON_LISTING:
        boards_sections.ON_LISTING.append(looks.on_listing)
    if openings.on_thread not in ON_THREAD:
        ON_THREAD.append(openings.on_thread)

"""Pages of responses: write, file, read, check, decide."""

from __future__ import annotations

from flask import Flask

from jiebang.boards.threads.views import sections as thread_sections
from jiebang.boards.views import sections as boards_sections
from jiebang.boards.views import todo as boards_todo
from jiebang.web import navigation
from jiebang.web.navigation import Entry

from . import decide, joint, listing, on_thread, pending, read, write
from .blueprint import blueprint


def register(app: Flask) -> None:
    """Adds the routes, the menu entry, what waits, and the way in from a listing's page."""
    assert all((decide, joint, listing, read, write))
    app.register_blueprint(blueprint)
    navigation.add(app, Entry(36, "揭榜", "responses.index", lambda who: who.seat is not None))
    if pending.tasks not in boards_todo.SECTIONS:
        boards_todo.SECTIONS.append(pending.tasks)
    if listing.on_listing not in boards_sections.ON_LISTING:
        boards_sections.ON_LISTING.append(listing.on_listing)
    if on_thread.on_thread not in thread_sections.ON_THREAD:
        thread_sections.ON_THREAD.append(on_thread.on_thread)

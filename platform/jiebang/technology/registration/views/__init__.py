"""Pages of registrations: where it stands, the next step, the form's fields."""

from __future__ import annotations

from flask import Flask

from jiebang.boards.views import todo as boards_todo

from ...contracts.views import read as contracts
from . import pending, read
from .blueprint import blueprint


def register(app: Flask) -> None:
    """Adds the routes, what waits, and the part beside an agreement."""
    app.register_blueprint(blueprint)
    if pending.tasks not in boards_todo.SECTIONS:
        boards_todo.SECTIONS.append(pending.tasks)
    if read.beside not in contracts.BESIDE:
        contracts.BESIDE.append(read.beside)

"""Pages of the boards: browse, read, write, publish, match, and 我的待办."""

from __future__ import annotations

from flask import Flask

from jiebang.boards.fields import Field
from jiebang.boards.fields.values import display
from jiebang.orgs.sections import PAGE_SECTIONS
from jiebang.web import navigation
from jiebang.web.navigation import Entry

from . import (
    advice,
    browse,
    diagnosis,
    document,
    edit,
    files,
    life,
    matches,
    pending,
    read,
    sections,
    todo,
    upload,
)
from .blueprint import blueprint


def register(app: Flask) -> None:
    """Adds the boards' routes and menu entries."""
    assert all(
        (
            advice,
            browse,
            diagnosis,
            document,
            edit,
            files,
            life,
            matches,
            pending,
            read,
            todo,
            upload,
        )
    )
    app.register_blueprint(blueprint)
    app.add_template_filter(_field_text, "field_text")
    if sections.of_organisation not in PAGE_SECTIONS:
        PAGE_SECTIONS.append(sections.of_organisation)
    navigation.add(
        app,
        Entry(10, "我的待办", "boards.todo", lambda who: who.user_id is not None),
        Entry(20, "榜单", "boards.index", lambda who: True),
        Entry(30, "我的发布", "boards.mine", lambda who: who.seat is not None),
    )


def _field_text(value: object, field: Field) -> str:
    """One cell of a table field in words."""
    return display(field, value)

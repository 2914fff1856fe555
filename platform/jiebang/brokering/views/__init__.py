"""Pages of brokering: asking for a specialist, introductions, the desk, who serves whom."""

from __future__ import annotations

from typing import TypeVar

from flask import Flask

from jiebang.boards.threads.views import sections as thread_sections
from jiebang.boards.views import sections as boards_sections
from jiebang.boards.views import todo as boards_todo
from jiebang.core.permissions import Actor, Permission
from jiebang.web import navigation
from jiebang.web.navigation import Entry

from . import ask, assignments, desk, introduction, listing, pending
from .blueprint import blueprint

T = TypeVar("T")


def register(app: Flask) -> None:
    """Adds the routes, the menu entries, what waits, and the ways in from other pages."""
    assert all((assignments, desk, introduction, listing))
    app.register_blueprint(blueprint)
    navigation.add(
        app,
        Entry(36, "专员引荐", "brokering.index", _takes_part),
        Entry(45, "专员工作台", "brokering.desk", _introduces),
        Entry(50, "专员分派", "brokering.assignments", _assigns, group="管理"),
    )
    _once(boards_todo.SECTIONS, pending.tasks)
    _once(boards_sections.ON_LISTING, ask.on_listing)
    _once(boards_sections.MATCH_ACTIONS, ask.on_match)
    _once(thread_sections.ON_THREAD, ask.on_thread)


def _once(hooks: list[T], mine: T) -> None:
    """The lists outlive an application: a second one finds what the first one put there."""
    if mine not in hooks:
        hooks.append(mine)


def _takes_part(who: Actor) -> bool:
    return who.seat is not None


def _introduces(who: Actor) -> bool:
    return who.can(Permission.INTRODUCE) and not who.can(Permission.SPECIALISTS_ASSIGN)


def _assigns(who: Actor) -> bool:
    return who.can(Permission.SPECIALISTS_ASSIGN)

"""The operator's desk and the auditor's window."""

from __future__ import annotations

from flask import Flask

from jiebang.boards import queries
from jiebang.boards.views import todo as boards_todo
from jiebang.core.permissions import Actor, Permission
from jiebang.web import navigation
from jiebang.web.access import db
from jiebang.web.navigation import Entry

from . import batches, desk, overdue, protected, review, tasks, tracks, trail
from .blueprint import blueprint


def register(app: Flask) -> None:
    """Adds the routes and menu entries, and what waits for a decision to 我的待办."""
    assert all((batches, desk, protected, review, tracks, trail))
    app.register_blueprint(blueprint)
    navigation.add(
        app,
        Entry(40, "审核", "operations.queue", _reviews, lambda who: queries.waiting(db())),
        Entry(60, "运行概况", "operations.desk", lambda who: who.can(Permission.OPERATIONS_VIEW)),
        Entry(62, "赛道规则", "operations.tracks", _keeps_rules, group="管理"),
        Entry(64, "批次管理", "operations.batches", _keeps_rules, group="管理"),
        Entry(70, "审计", "operations.trail", lambda who: who.can(Permission.AUDIT_VIEW)),
    )
    for section in (review.tasks, tasks.verifications, overdue.tasks):
        if section not in boards_todo.SECTIONS:
            boards_todo.SECTIONS.append(section)


def _keeps_rules(who: Actor) -> bool:
    return who.can(Permission.TRACKS_EDIT)


def _reviews(who: Actor) -> bool:
    return who.can(Permission.LISTING_REVIEW)

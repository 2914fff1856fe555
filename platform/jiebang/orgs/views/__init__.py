"""Pages of organisations: choose, create, claim, verify, members, and the operator's queue."""

from __future__ import annotations

from flask import Flask

from jiebang.accounts import sessions
from jiebang.core.permissions import Actor, Permission
from jiebang.web import navigation
from jiebang.web.access import db
from jiebang.web.navigation import Entry

from .. import queries
from . import choose, claims, members, mine, page, papers, review, verification
from .blueprint import blueprint


def register(app: Flask) -> None:
    """Adds the routes and menu entries, and tells accounts where memberships come from."""
    assert all((choose, claims, members, mine, page, papers, review, verification))
    app.register_blueprint(blueprint)
    sessions.set_seat_loader(app, queries.seats_of)
    navigation.add(
        app,
        Entry(45, "我的单位", "orgs.mine", lambda who: who.seat is not None),
        Entry(45, "加入单位", "orgs.choose", _homeless),
        Entry(
            50,
            "单位核验",
            "orgs.queue",
            lambda who: who.can(Permission.ORGANISATION_VERIFY),
            lambda who: queries.count_waiting(db()),
        ),
    )


def _homeless(who: Actor) -> bool:
    return who.user_id is not None and not who.seats and not who.roles

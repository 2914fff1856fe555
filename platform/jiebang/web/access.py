"""Every route says who may call it; one that does not is refused when the app is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from flask import Flask, current_app, g, redirect, request, url_for
from flask import session as cookie
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from jiebang.core.errors import Forbidden
from jiebang.core.permissions import ANONYMOUS, Actor, Permission

View = TypeVar("View", bound=Callable[..., Any])
_MARK = "jiebang_access"


class Level(StrEnum):
    """Who gets past the door; what they find inside is a matter of queries."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"
    MEMBER = "member"
    """Signed in and acting for an organisation."""
    PERMISSION = "permission"


class Tenancy(StrEnum):
    """What happens to a signed-in person of another organisation on a route with an object."""

    NONE = "none"
    OWNER = "owner"
    """The object is loaded by a query with the actor's organisation in it: 404 for others."""
    VIEWER = "viewer"
    """The query holds what this viewer may see: 404 for what is not."""


@dataclass(frozen=True, slots=True)
class Access:
    """A route's declaration, read by the door and by the route × role test."""

    level: Level
    permission: Permission | None = None
    tenancy: Tenancy = Tenancy.NONE
    writes: bool | None = None
    """None: by method. False for a POST that only reads (a search)."""


def access(
    level: Level,
    permission: Permission | None = None,
    tenancy: Tenancy = Tenancy.NONE,
    writes: bool | None = None,
) -> Callable[[View], View]:
    """Declares a view's access; goes directly above the function, below `@route`."""
    if (level is Level.PERMISSION) != (permission is not None):
        raise ValueError("a permission belongs to Level.PERMISSION, and it needs one")

    def mark(view: View) -> View:
        setattr(view, _MARK, Access(level, permission, tenancy, writes))
        return view

    return mark


def declaration(app: Flask, endpoint: str) -> Access | None:
    """What the view behind an endpoint declared."""
    return getattr(app.view_functions[endpoint], _MARK, None)


def install(app: Flask) -> None:
    """Checks that all routes are declared and puts the door before each request."""
    app.view_functions["static"] = access(Level.ANYONE)(app.view_functions["static"])
    missing = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if declaration(app, rule.endpoint) is None
    ]
    if missing:
        raise RuntimeError(f"routes without an access declaration: {sorted(set(missing))}")
    app.before_request(_door)


def actor() -> Actor:
    """Who acts in this request."""
    found: Actor | None = getattr(g, "actor", None)
    if found is None:
        found = current_user.actor if current_user.is_authenticated else ANONYMOUS
        g.actor = found
    return found


def db() -> Session:
    """This request's database session. The request commits it once, at its end."""
    found: Session | None = getattr(g, "db", None)
    if found is None:
        declared = declaration(current_app, request.endpoint) if request.endpoint else None
        writes = request.method not in ("GET", "HEAD", "OPTIONS")
        if declared is not None and declared.writes is not None:
            writes = declared.writes
        platform = current_app.extensions["jiebang"]
        if writes:
            platform.discovery.warm()
        found = platform.database.session(write=writes)
        g.db = found
    return found


def _door() -> Response | None:
    if request.endpoint is None:
        return None
    declared = declaration(current_app, request.endpoint)
    assert declared is not None
    if declared.level is Level.ANYONE:
        return None
    if not current_user.is_authenticated:
        _come_back()
        return redirect(url_for("accounts.sign_in"), 303)
    who = actor()
    if declared.level is Level.MEMBER and who.seat is None:
        _come_back()
        return redirect(url_for("orgs.choose"), 303)
    if declared.permission is not None and not who.can(declared.permission):
        raise Forbidden("您的角色不能使用这个页面。")
    return None


def _come_back() -> None:
    """Remembers the page that was asked for, to go on with it afterwards."""
    if request.method == "GET":
        cookie["next"] = request.full_path.rstrip("?")

"""Flask-Login over server-side sessions: the cookie holds a random token, the database its hash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from flask import Flask, current_app, request
from flask import session as cookie
from flask_login import LoginManager, current_user, login_user
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.permissions import Actor, Seat
from jiebang.core.tokens import token_hash
from jiebang.web.current import platform

from . import queries, services
from .models import User, UserSession
from .services.entry import IDLE, LONGEST, TOUCH_AFTER, Visitor

SeatLoader = Callable[[Session, int], tuple[Seat, ...]]
_TOKEN = "_user_id"  # noqa: S105  Flask-Login's name for it
_SEATS = "jiebang_seats"
_KEPT = ("pending_draft", "next")
"""What a visitor left before signing in, and wants to find again."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a request, as Flask-Login's `current_user`."""

    token: str = field(repr=False)
    session_id: int
    user_id: int
    display_name: str
    email: str | None
    email_confirmed: bool
    actor: Actor
    seen_at: datetime

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """What Flask-Login writes into the cookie."""
        return self.token

    @property
    def must_confirm_email(self) -> bool:
        """Whether pages should remind that the address is not confirmed (邮箱未确认)."""
        return self.email is not None and not self.email_confirmed


def set_seat_loader(app: Flask, loader: SeatLoader) -> None:
    """Says where a person's memberships come from: accounts know no organisations."""
    app.extensions[_SEATS] = loader


def seats_of(session: Session, user_id: int) -> tuple[Seat, ...]:
    """A person's memberships, by the loader that was set."""
    loader: SeatLoader | None = current_app.extensions.get(_SEATS)
    return loader(session, user_id) if loader else ()


def install(app: Flask) -> None:
    """Teaches an application to know who is signed in."""
    manager = LoginManager()
    manager.session_protection = None  # the token is the identity; addresses change on telephones
    manager.init_app(app)
    manager.user_loader(_load)
    app.config["PERMANENT_SESSION_LIFETIME"] = LONGEST
    app.before_request(_touch)


def visitor() -> Visitor:
    """Where this request comes from."""
    return Visitor(
        address=request.remote_addr or "unknown",
        user_agent=request.user_agent.string,
        secret=current_app.config["SECRET_KEY"],
    )


def remember(token: str) -> None:
    """Makes this browser the holder of a new session; nothing of the old cookie survives."""
    kept = {name: cookie[name] for name in _KEPT if name in cookie}
    cookie.clear()
    cookie.update(kept)
    cookie.permanent = True
    signed_in = _load(token)
    assert signed_in is not None
    login_user(signed_in)


def forget() -> None:
    """Empties the cookie."""
    cookie.clear()


def _load(token: str) -> SignedIn | None:
    with platform().database.reading() as session:
        row = queries.signed_in(session, token_hash(token))
        if row is None or not _holds(*row):
            return None
        record, user = row
        seats = seats_of(session, user.id)
    return _signed_in(token, record, user, seats)


def _holds(record: UserSession, user: User) -> bool:
    moment = clock.now()
    return (
        record.expires_at > moment
        and record.last_seen_at + IDLE > moment
        and user.active
        and (platform().settings.demo or not user.demo)
    )


def _signed_in(token: str, record: UserSession, user: User, seats: tuple[Seat, ...]) -> SignedIn:
    chosen = [seat for seat in seats if seat.organisation_id == record.seat_organisation_id]
    return SignedIn(
        token=token,
        session_id=record.id,
        user_id=user.id,
        display_name=user.display_name,
        email=user.email,
        email_confirmed=user.email_confirmed_at is not None,
        actor=Actor(
            user_id=user.id,
            label=user.display_name,
            roles=frozenset(item.role for item in user.roles),
            seats=seats,
            seat=next(iter(chosen or seats), None),
        ),
        seen_at=record.last_seen_at,
    )


def _touch() -> None:
    """At most every five minutes, before the view opens its own transaction."""
    if request.endpoint in (None, "static") or _TOKEN not in cookie:
        return
    if current_user.is_authenticated and clock.now() - current_user.seen_at >= TOUCH_AFTER:
        with platform().database.transaction() as session:
            services.touch(session, current_user.session_id)

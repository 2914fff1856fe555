"""Signed-in browsers: rows in the database, so that any of them can be ended from any other.

The browser's signed cookie carries a random token; the row keeps its hash. No Flask here: the
views hand in what they read from the cookie.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor, Seat

from .models import OneTimeToken, SignInLock, User, UserSession

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
TOUCH_EVERY = timedelta(minutes=5)

SeatLoader = Callable[[Session, int], tuple[Seat, ...]]


@dataclass
class _Hooks:
    seats: SeatLoader


def _no_seats(_session: Session, _user_id: int) -> tuple[Seat, ...]:
    return ()


_hooks = _Hooks(_no_seats)


def set_seat_loader(loader: SeatLoader) -> None:
    """Tells how to find a person's memberships; the floor above, `orgs`, calls this."""
    _hooks.seats = loader


def seats_of(session: Session, user_id: int) -> tuple[Seat, ...]:
    """A person's memberships."""
    return _hooks.seats(session, user_id)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a request, as Flask-Login and the templates see them."""

    token: str
    session_id: int
    actor: Actor
    display_name: str
    demo: bool
    touch_due: bool
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """What the cookie carries."""
        return self.token


def token_hash(token: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin(session: Session, user: User, address_hash: str, user_agent: str) -> str:
    """Adds a session for a person who proved who they are; returns the token for the cookie."""
    token, moment = secrets.token_urlsafe(32), clock.now()
    session.add(
        UserSession(
            token_hash=token_hash(token),
            user_id=user.id,
            created_at=moment,
            last_seen_at=moment,
            expires_at=moment + LONGEST,
            address_hash=address_hash[:64],
            user_agent=user_agent[:200],
        )
    )
    session.flush()
    return token


def load(session: Session, token: str, *, demo_mode: bool) -> SignedIn | None:
    """The person behind a token, or None: unknown, expired, idle too long, or not active."""
    moment = clock.now()
    found = session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(
            and_(
                UserSession.token_hash == token_hash(token),
                UserSession.expires_at > moment,
                UserSession.last_seen_at > moment - IDLE,
                User.active,
            )
        )
    ).first()
    if found is None or (found.User.demo and not demo_mode):
        return None
    row: UserSession = found.UserSession
    user: User = found.User
    seats = seats_of(session, user.id)
    chosen = (seat for seat in seats if seat.organisation_id == row.seat_organisation_id)
    return SignedIn(
        token=token,
        session_id=row.id,
        actor=actor_of(user, seats, next(chosen, seats[0] if seats else None)),
        display_name=user.display_name,
        demo=user.demo,
        touch_due=row.last_seen_at <= moment - TOUCH_EVERY,
    )


def actor_of(user: User, seats: tuple[Seat, ...] = (), seat: Seat | None = None) -> Actor:
    """A person as the one who acts."""
    return Actor(
        user_id=user.id,
        label=user.display_name,
        roles=frozenset(held.role for held in user.roles),
        seats=seats,
        seat=seat,
    )


def touch(session: Session, session_id: int) -> None:
    """Notes that a session is in use; done at most every few minutes."""
    session.execute(
        update(UserSession).where(UserSession.id == session_id).values(last_seen_at=clock.now())
    )


def switch_seat(session: Session, session_id: int, organisation_id: int) -> None:
    """Lets a session act for another of its person's organisations; NotFound for others'."""
    row = session.get(UserSession, session_id)
    seats = seats_of(session, row.user_id) if row else ()
    if row is None or all(seat.organisation_id != organisation_id for seat in seats):
        raise NotFound("没有找到这个单位，或您不是它的成员。")
    row.seat_organisation_id = organisation_id


def end(session: Session, session_id: int) -> None:
    """Ends one session."""
    session.execute(delete(UserSession).where(UserSession.id == session_id))


def end_all(session: Session, user_id: int, *, but: int | None = None) -> int:
    """Ends a person's sessions, except one; returns how many."""
    rows = delete(UserSession).where(UserSession.user_id == user_id)
    if but is not None:
        rows = rows.where(UserSession.id != but)
    return len(session.scalars(rows.returning(UserSession.id)).all())


def forget_expired(session: Session, moment: datetime | None = None) -> None:
    """Deletes sessions, tokens and failure counts that no longer mean anything."""
    moment = moment or clock.now()
    session.execute(
        delete(UserSession).where(
            or_(UserSession.expires_at <= moment, UserSession.last_seen_at <= moment - IDLE)
        )
    )
    day = timedelta(days=1)
    session.execute(delete(OneTimeToken).where(OneTimeToken.expires_at <= moment - day))
    session.execute(delete(SignInLock).where(SignInLock.last_at <= moment - day))

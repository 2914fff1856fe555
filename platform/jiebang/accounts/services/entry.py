"""Signing in and out. An attempt is counted before the password is looked at, so that any number
of processes together try no more than five; the slow hash is checked between two transactions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.base import insert_into
from jiebang.core.permissions import ANONYMOUS, Actor
from jiebang.core.tokens import keyed_hash, new_token, token_hash

from .. import passwords, queries
from ..identifiers import Identifier
from ..models import OneTimeToken, SignInLock, User, UserSession

NAME_FAILURES = 5
ADDRESS_FAILURES = 20
"""Whole offices and campuses share one address: it is locked later than a name."""
LOCK = timedelta(minutes=15)
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
TOUCH_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where somebody comes from; the address is kept as a keyed hash only."""

    address: str
    user_agent: str
    secret: bytes

    @property
    def address_hash(self) -> str:
        return keyed_hash(f"address:{self.address}", self.secret)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted attempt. `wait` > 0: it is refused for so many seconds whatever was typed."""

    name_subject: str
    address_subject: str
    wait: int
    user_id: int | None
    password_hash: str | None


def begin_attempt(session: Session, identifier: Identifier, visitor: Visitor) -> Attempt:
    """Counts an attempt by name and by address. An unknown name is counted like a known one."""
    user = queries.by_identifier(session, identifier)
    name = f"user:{user.id}" if user else f"name:{identifier.value}"
    name_subject = _name_subject(name, visitor)
    address_subject = f"address:{visitor.address_hash}"
    # an address that is locked already must not go on to lock other people's names
    wait = _count(session, address_subject, ADDRESS_FAILURES) or _count(
        session, name_subject, NAME_FAILURES
    )
    return Attempt(
        name_subject=name_subject,
        address_subject=address_subject,
        wait=wait,
        user_id=user.id if user else None,
        password_hash=user.password_hash if user else None,
    )


def _count(session: Session, subject: str, allowed: int) -> int:
    """One more failure until it proves otherwise; the seconds to wait when locked already."""
    moment = clock.now()
    session.execute(
        insert_into(session, SignInLock)
        .values(subject=subject, failures=0, last_at=moment)
        .on_conflict_do_nothing()
    )
    row = session.scalars(
        select(SignInLock).where(SignInLock.subject == subject).with_for_update()
    ).one()
    if row.locked_until is not None and row.locked_until > moment:
        return max(1, int((row.locked_until - moment).total_seconds()))
    if row.locked_until is not None or row.last_at + LOCK <= moment:
        row.failures, row.locked_until = 0, None
    row.failures += 1
    row.last_at = moment
    if row.failures >= allowed:
        row.locked_until = moment + LOCK
    return 0


def refuse_attempt(session: Session, attempt: Attempt) -> None:
    """Leaves the counted failure as it is, and an audit row for it and for the lock it caused.

    What is tried while a lock holds leaves none: nobody shall fill the trail by knocking.
    """
    if attempt.wait:
        return
    target = attempt.user_id or "unknown"
    address = attempt.address_subject[8:24]
    audit.record(session, ANONYMOUS, "account.sign_in_failed", "user", target, address=address)
    for subject in (attempt.name_subject, attempt.address_subject):
        row = session.get(SignInLock, subject)
        if row is not None and row.locked_until is not None:
            by = subject.partition(":")[0]
            audit.record(session, ANONYMOUS, "account.locked", "user", target, by=by)


def admit(
    session: Session,
    attempt: Attempt,
    visitor: Visitor,
    *,
    password: str,
    verified: bool,
    demo: bool,
) -> str | None:
    """Ends an attempt whose hash was `verified` or not: the token of a new session, or None.

    A stopped account, a demonstration account outside a demonstration and a wrong password look
    the same.
    """
    user = session.get(User, attempt.user_id) if attempt.user_id else None
    if (
        not verified
        or user is None
        or not user.active
        or (user.demo and not demo)
        or user.password_hash != attempt.password_hash  # changed in the meantime
    ):
        refuse_attempt(session, attempt)
        return None
    session.execute(delete(SignInLock).where(SignInLock.subject == attempt.name_subject))
    session.execute(
        update(SignInLock)
        .where(SignInLock.subject == attempt.address_subject, SignInLock.failures > 0)
        .values(failures=SignInLock.failures - 1, locked_until=None)
    )
    if passwords.is_outdated(user.password_hash):
        user.password_hash = passwords.hashed(password)
    return begin_session(session, user, visitor)


def begin_session(session: Session, user: User, visitor: Visitor) -> str:
    """Makes a session for somebody who has proved who they are; the token is for the cookie."""
    moment = clock.now()
    _tidy(session)
    token = new_token()
    row = UserSession(
        token_hash=token_hash(token),
        user_id=user.id,
        created_at=moment,
        last_seen_at=moment,
        expires_at=moment + LONGEST,
        address_hash=visitor.address_hash,
        user_agent=visitor.user_agent[:200],
    )
    session.add(row)
    session.flush()
    audit.record(session, _as(user), "account.signed_in", "user", user.id, browser=row.id)
    return token


def unlock(session: Session, user: User, visitor: Visitor) -> None:
    """Forgets failed attempts on an account: its owner proved to have the mailbox."""
    subject = _name_subject(f"user:{user.id}", visitor)
    session.execute(delete(SignInLock).where(SignInLock.subject == subject))


def _name_subject(name: str, visitor: Visitor) -> str:
    return f"name:{keyed_hash(name, visitor.secret)}"


def _tidy(session: Session) -> None:
    moment = clock.now()
    session.execute(delete(UserSession).where(UserSession.expires_at <= moment))
    session.execute(delete(OneTimeToken).where(OneTimeToken.expires_at <= moment - LONGEST))
    session.execute(delete(SignInLock).where(SignInLock.last_at <= moment - timedelta(days=1)))


def end_session(session: Session, actor: Actor, session_id: int) -> None:
    """Signs one browser out. Only one's own: another's is as if it were not there."""
    removed = session.scalars(
        delete(UserSession)
        .where(UserSession.id == session_id, UserSession.user_id == actor.user_id)
        .returning(UserSession.id)
    ).all()
    if removed:
        audit.record(
            session, actor, "account.signed_out", "user", actor.user_id or "", browser=session_id
        )


def end_other_sessions(
    session: Session, user_id: int, *, keep: int | None = None, actor: Actor | None = None
) -> int:
    """Signs a person out everywhere else; returns from how many browsers.

    With an `actor` it is an act of its own and leaves an audit row; else it is part of another.
    """
    query = delete(UserSession).where(UserSession.user_id == user_id)
    if keep is not None:
        query = query.where(UserSession.id != keep)
    ended = len(session.scalars(query.returning(UserSession.id)).all())
    if actor is not None and ended:
        audit.record(session, actor, "account.sessions_ended", "user", user_id, ended=ended)
    return ended


def touch(session: Session, session_id: int) -> None:
    """Remembers that a browser was seen now."""
    session.execute(
        update(UserSession).where(UserSession.id == session_id).values(last_seen_at=clock.now())
    )


def _as(user: User) -> Actor:
    return Actor(
        user_id=user.id,
        label=user.display_name,
        roles=frozenset(held.role for held in user.roles),
    )

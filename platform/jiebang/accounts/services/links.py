"""Links sent by mail: a random token in the letter, its hash in the database, used once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.tokens import new_token, token_hash

from ..models import OneTimeToken, User

RESET, CONFIRM = "reset", "confirm"
VALID = {RESET: timedelta(minutes=30), CONFIRM: timedelta(days=3)}


def issue(session: Session, user: User, purpose: str) -> str:
    """A new token; earlier ones for the same purpose stop working."""
    session.execute(
        delete(OneTimeToken).where(
            OneTimeToken.user_id == user.id,
            OneTimeToken.purpose == purpose,
            OneTimeToken.used_at.is_(None),
        )
    )
    token = new_token()
    session.add(
        OneTimeToken(
            token_hash=token_hash(token),
            purpose=purpose,
            user_id=user.id,
            expires_at=clock.now() + VALID[purpose],
        )
    )
    session.flush()
    return token


def cancel(session: Session, user: User) -> None:
    """Makes every open link of a person useless: what it was sent for has changed."""
    session.execute(
        delete(OneTimeToken).where(OneTimeToken.user_id == user.id, OneTimeToken.used_at.is_(None))
    )


def use(session: Session, token: str, purpose: str) -> User | None:
    """Uses a token up and returns its person; None when it is unknown, used or expired.

    One statement decides: of two that use the same link at once, one gets nothing.
    """
    moment = clock.now()
    user_id = session.scalar(
        update(OneTimeToken)
        .where(
            OneTimeToken.token_hash == token_hash(token),
            OneTimeToken.purpose == purpose,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > moment,
        )
        .values(used_at=moment)
        .returning(OneTimeToken.user_id)
    )
    user = session.get(User, user_id, with_for_update=True) if user_id is not None else None
    return user if user is not None and user.active else None

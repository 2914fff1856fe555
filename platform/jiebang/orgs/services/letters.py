"""Letters to people: only to addresses that are theirs."""

from __future__ import annotations

from sqlalchemy.orm import Session

from jiebang.accounts.models import User
from jiebang.core import mail


def tell(session: Session, person: User, subject: str, body: str) -> None:
    """Queues a letter in this transaction. Nothing goes to an unconfirmed address: anybody can
    register with a stranger's."""
    if person.email and person.email_confirmed_at is not None and person.active:
        mail.enqueue(session, person.email, subject, body)

"""Letters about a listing: to people of its own organisation, or to whoever has the next move.

They hold its number and what to do, never its text: a mailbox is not the platform.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from jiebang.accounts.models import User
from jiebang.core import mail
from jiebang.orgs import queries as orgs

from ..models import Listing


def write(session: Session, person: User, subject: str, body: str) -> None:
    """Queues a letter in this transaction, to an address that its owner proved alone."""
    if person.active and person.email and person.email_confirmed_at:
        mail.enqueue(session, person.email, subject, body)


def author(session: Session, listing: Listing) -> User | None:
    """Who drafted a listing, while they are still of its organisation."""
    if listing.created_by is None or listing.organisation_id is None:
        return None
    if orgs.membership_of(session, listing.organisation_id, listing.created_by) is None:
        return None
    return session.get(User, listing.created_by)


def people_of(session: Session, listing: Listing) -> list[User]:
    """The owner's administrators, and who drafted it."""
    if listing.organisation_id is None:
        return []
    people = list(orgs.administrators(session, listing.organisation_id))
    drafter = author(session, listing)
    if drafter is not None and drafter not in people:
        people.append(drafter)
    return people


def endorsement(session: Session, base_url: str, listing: Listing, name: str, reason: str) -> None:
    """Tells administrators what waits for their word, and the drafter what it was."""
    what = f"{listing.board.label} {listing.code}"
    url = f"{base_url}/listings/{listing.code}"
    if name == "propose":
        assert listing.organisation_id is not None
        for person in orgs.administrators(session, listing.organisation_id):
            write(
                session, person, f"请审批：{listing.code}",
                f"本单位经办人提交了{what}，请审批。\n\n去审批：{url}/check",
            )  # fmt: skip
        return
    drafter = author(session, listing)
    if drafter is None:
        return
    if name == "endorse":
        subject, body = f"本单位已同意：{listing.code}", f"{what}已提交平台审核。\n\n查看：{url}"
    else:
        subject = f"本单位退回修改：{listing.code}"
        body = f"{what}被退回。原因：{reason}\n\n修改后可再次提交：{url}"
    write(session, drafter, subject, body)

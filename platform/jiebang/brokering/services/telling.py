"""Telling the parts of an introduction, and what is written into the ledger of it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from jiebang.boards.models import Disclosure, Listing
from jiebang.core import audit, clock
from jiebang.core.permissions import Actor, Role
from jiebang.core.sides import Side
from jiebang.orgs.notices import queries as people
from jiebang.orgs.notices import services as notices

from .. import queries
from ..models import Introduction, LedgerEntry


def page(found: Introduction) -> str:
    """The path of an introduction's page."""
    return f"/introductions/{found.id}"


def title(listing: Listing) -> str:
    """What a listing is called in a notice; what became invited-only by now has its number."""
    return listing.code if listing.disclosure is Disclosure.INVITED else listing.title


def tell_side(
    session: Session, found: Introduction, side: Side, what: str, actor: Actor, text: str = ""
) -> None:
    """Tells the people of a side, except whoever did it."""
    notices.tell_organisation(
        session, found.organisation_of(side), found.line, f"{what}：{title(found.listing)}",
        page(found), text, but=actor,
    )  # fmt: skip


def tell_introducer(
    session: Session, found: Introduction, what: str, actor: Actor, text: str = ""
) -> None:
    """Tells the specialist; the operators while there is none."""
    if found.specialist_id is None:
        to = list(people.with_role(session, Role.OPERATOR))
    else:
        to = [found.specialist_id]
    notices.tell(
        session, [each for each in to if each != actor.user_id],
        f"{what}：{title(found.listing)}", page(found), text,
    )  # fmt: skip


def write_ledger(
    session: Session, actor: Actor, found: Introduction, what: str, text: str = ""
) -> None:
    """One line for each side that somebody serves: it may be read by that specialist, so it
    names the listing by its number and nobody else."""
    for side in Side:
        organisation_id = found.organisation_of(side)
        if organisation_id != found.served_id and queries.running(session, organisation_id) is None:
            continue
        session.add(
            LedgerEntry(
                organisation_id=organisation_id,
                at=clock.now(),
                # a member is named to their own organisation's specialist alone
                author_id=None if found.side_of(actor) not in (None, side) else actor.user_id,
                what=what,
                text=f"{found.listing.code} {text}".strip(),
                introduction_id=found.id,
            )
        )


def record(
    session: Session, actor: Actor, found: Introduction, name: str, **detail: object
) -> None:
    """The audit row of a step."""
    audit.record(
        session, actor, f"introduction.{name}", "introduction", found.id,
        organisation_id=actor.organisation_id, **detail,
    )  # fmt: skip

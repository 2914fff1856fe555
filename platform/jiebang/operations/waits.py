"""What waits past its date, wherever on the platform it waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.boards.threads.models import Thread
from jiebang.boards.threads.workflow import LIVE, STATE_LABELS
from jiebang.core import clock
from jiebang.core.sides import Holder, Side
from jiebang.orgs.models import Organisation

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Wait:
    """One overdue wait."""

    what: str
    title: str
    code: str
    holder: str
    """The organisation, or 平台运营."""
    reach: str
    """Its contact as the organisation gave it to the platform."""
    other: str
    due: date

    @property
    def due_text(self) -> str:
        return clock.day_text(self.due)

    @property
    def days(self) -> int:
        """Calendar days since."""
        return (clock.today() - self.due).days


def overdue(session: Session) -> list[Wait]:
    """Every overdue wait, the oldest first."""
    rows = session.scalars(
        select(Thread)
        .where(Thread.state.in_(LIVE), Thread.due < clock.today())
        .order_by(Thread.due, Thread.id)
        .limit(SHOWN)
    ).all()
    wanted = {each.issuer_id for each in rows} | {each.organisation_id for each in rows}
    known = {
        found.id: found
        for found in session.scalars(select(Organisation).where(Organisation.id.in_(wanted)))
    }
    waits = []
    for each in rows:
        side = Side.ISSUER if each.holder is Holder.ISSUER else Side.RESPONDER
        holder = known[each.organisation_of(side)]
        assert each.due is not None
        waits.append(
            Wait(
                what=f"对接 · {STATE_LABELS[each.state]}",
                title=each.listing.title,
                code=each.listing.code,
                holder=holder.name,
                reach=" ".join(filter(None, (holder.contact_name, holder.contact_phone))),
                other=known[each.organisation_of(side.other)].name,
                due=each.due,
            )
        )
    return waits

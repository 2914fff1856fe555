"""What anybody may read of a publicity: nothing that the listing's level hides."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from jiebang.boards.documents import organisation_name
from jiebang.boards.models import Disclosure, Listing
from jiebang.core import clock
from jiebang.core.permissions import Actor
from jiebang.orgs.models import Organisation

from .. import queries
from ..models import Basis, Publicity
from ..workflow import STATE_LABELS, STATE_TONES, ObjectionState, PublicityState

OPEN_TITLES = frozenset({Disclosure.PUBLIC, Disclosure.ANONYMOUS, Disclosure.AGREEMENT})


@dataclass(frozen=True, slots=True)
class Shown:
    """One publicity for one viewer."""

    id: int
    code: str
    title: str
    issuer: str
    solvers: str
    ground: str
    starts: str
    ends: str
    state: tuple[str, str]
    running: bool
    open: bool
    """Takes objections now."""
    past_days: bool
    """Its days are over, objections are being decided."""
    objections: int
    undecided: int


def _insider(listing: Listing, found: Publicity, who: Actor) -> bool:
    return bool(found.party_ids & who.organisation_ids)


def shown(session: Session, found: Publicity, who: Actor) -> Shown:
    """The publicity as this viewer may read it."""
    listing, inside = found.listing, _insider(found.listing, found, who)
    open_title = (
        inside
        or listing.disclosure in OPEN_TITLES
        or (listing.disclosure is Disclosure.REGISTERED and who.user_id is not None)
    )
    issuer = session.get(Organisation, found.response.issuer_id)
    hidden = listing.disclosure is Disclosure.INVITED and not inside
    names = [session.get_one(Organisation, each).name for each in sorted(found.response.party_ids)]
    raised = [each for each in found.objections if each.state is not ObjectionState.WITHDRAWN]
    running = found.state is PublicityState.RUNNING
    taking = queries.takes_objections(found)
    return Shown(
        id=found.id,
        code=listing.code,
        title=listing.title if open_title else "标题按发榜方的公开范围不显示",
        issuer=f"（{listing.code}）" if hidden else organisation_name(listing, issuer, who),
        solvers="、".join(names),
        ground=_ground(session, found),
        starts=clock.day_text(clock.to_beijing(found.started_at).date()),
        ends=clock.day_text(found.ends),
        state=("异议处理中", "warn")
        if running and not taking
        else (STATE_LABELS[found.state], STATE_TONES[found.state]),
        running=running,
        open=taking,
        past_days=running and not taking,
        objections=len(raised),
        undecided=sum(each.state is ObjectionState.OPEN for each in raised),
    )


def _ground(session: Session, found: Publicity) -> str:
    """The rule; whose it is only where that names nobody who is not named."""
    if found.basis is Basis.TRACK or found.requested_by == found.response.issuer_id:
        return found.ground
    name = session.get_one(Organisation, found.requested_by).name if found.requested_by else ""
    return f"{name}：{found.ground}"

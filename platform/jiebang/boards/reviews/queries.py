"""Reviews by who asks: an expert sees their own part, an operator the whole, nobody else any."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from jiebang.accounts.models import User, UserRole
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor, Permission, Role
from jiebang.orgs.models import Organisation

from ..models import Listing
from ..responses import queries as responses
from ..responses.models import Response, Round
from ..responses.workflow import ResponseState
from ..tracks import queries as tracks
from ..tracks.models import TrackVersion
from ..workflow import ListingState
from . import conflicts
from .models import Panel, Review, ReviewAssignment, Stage
from .summary import Summary, summary
from .workflow import UNDER_WAY, AssignmentState, PanelState

COMPARED = (ResponseState.QUALIFIED, ResponseState.SHORTLISTED)


@dataclass(frozen=True, slots=True)
class Expert:
    """Somebody who can be asked, what they have on their desk, and what speaks against it."""

    id: int
    name: str
    open: int
    conflict: str


def rules_for(session: Session, listing: Listing, stage: Stage) -> TrackVersion | None:
    """The version of the track by which a listing is reviewed; None where it is not."""
    if stage is Stage.NEED:
        if listing.board is not Board.NEED:
            return None
        open_ = open_panel(session, listing.id, stage)
        found = open_.rules if open_ else tracks.current(session, listing.track)
        return found if found.need_review else None
    round_ = responses.round_of(session, listing.id)
    if round_ is None:
        return None
    found = session.get_one(TrackVersion, round_.track_version_id)
    return found if found.response_review else None


def open_panel(session: Session, listing_id: int, stage: Stage) -> Panel | None:
    """The panel that is at work, if any."""
    return session.scalars(
        select(Panel).where(
            Panel.listing_id == listing_id, Panel.stage == stage, Panel.state == PanelState.OPEN
        )
    ).first()


def locked(session: Session, panel_id: int) -> Panel:
    """A panel under its lock; the round's comes first, as wherever responses move."""
    row = session.execute(select(Panel.stage, Panel.listing_id).where(Panel.id == panel_id)).first()
    if row is None:
        raise NotFound
    if row.stage is Stage.RESPONSES:
        responses.round_of(session, row.listing_id, lock=True)
    return _hold(session, panel_id)


def _hold(session: Session, panel_id: int) -> Panel:
    query = select(Panel).where(Panel.id == panel_id).with_for_update(of=Panel)
    return session.scalars(query.execution_options(populate_existing=True)).unique().one()


def panels(session: Session, listing_id: int, stage: Stage) -> Sequence[Panel]:
    """All panels of a listing, the latest first."""
    return session.scalars(
        select(Panel)
        .where(Panel.listing_id == listing_id, Panel.stage == stage)
        .order_by(Panel.id.desc())
    ).all()


def concluded_for(session: Session, listing: Listing) -> Panel | None:
    """The concluded panel on what its owner handed in last; None while there is none."""
    if listing.submitted_at is None:
        return None
    return session.scalars(
        select(Panel)
        .where(
            Panel.listing_id == listing.id,
            Panel.stage == Stage.NEED,
            Panel.state == PanelState.CONCLUDED,
            Panel.opened_at >= listing.submitted_at,
        )
        .order_by(Panel.id.desc())
    ).first()


def for_operator(session: Session, code: str, actor: Actor, *, lock: bool = False) -> Listing:
    """A listing whose reviews an operator organises; one's own house's are not one's own."""
    states = (ListingState.SUBMITTED, ListingState.PUBLISHED, ListingState.CLOSED)
    query = select(Listing).where(Listing.code == code, Listing.state.in_(states))
    found = session.scalars(query.with_for_update(of=Listing) if lock else query).first()
    if found is None or not actor.can(Permission.LISTING_REVIEW):
        raise NotFound
    return found


def part(
    session: Session, assignment_id: int, actor: Actor, *, lock: bool = False
) -> ReviewAssignment:
    """An expert's own part; NotFound for everybody else. Locking takes the panel first."""
    query = select(ReviewAssignment).where(
        ReviewAssignment.id == assignment_id, ReviewAssignment.expert_id == actor.user_id
    )
    found = session.scalars(query).first() if actor.can(Permission.REVIEW_SCORE) else None
    if found is None:
        raise NotFound
    return _locked(session, found) if lock else found


def asked(session: Session, assignment_id: int, actor: Actor) -> ReviewAssignment:
    """An expert's part as an operator handles it, locked."""
    found = session.get(ReviewAssignment, assignment_id)
    if found is None or not actor.can(Permission.LISTING_REVIEW):
        raise NotFound
    return _locked(session, found)


def _locked(session: Session, found: ReviewAssignment) -> ReviewAssignment:
    _hold(session, found.panel_id)
    query = (
        select(ReviewAssignment)
        .where(ReviewAssignment.id == found.id)
        .with_for_update(of=ReviewAssignment)
    )
    return session.scalars(query.execution_options(populate_existing=True)).unique().one()


def desk(session: Session, actor: Actor) -> Sequence[ReviewAssignment]:
    """What was assigned to a person, what waits for them first."""
    if not actor.can(Permission.REVIEW_SCORE):
        return []
    rows = session.scalars(
        select(ReviewAssignment)
        .where(ReviewAssignment.expert_id == actor.user_id)
        .order_by(ReviewAssignment.due.desc(), ReviewAssignment.id.desc())
    ).all()
    return sorted(rows, key=lambda row: row.state not in UNDER_WAY)


def compared(panel: Panel) -> list[Response]:
    """The responses of a panel that still stand as they were filed."""
    return [
        row.response
        for row in panel.candidates
        if row.response.state in COMPARED and row.response.filed_at == row.filed_at
    ]


def subjects(panel: Panel) -> list[Response | None]:
    """What each expert writes a review on: the responses, or the need itself (None)."""
    return [None] if panel.stage is Stage.NEED else list(compared(panel))


def to_compare(session: Session, listing_id: int) -> list[Response]:
    """Responses that wait for a review."""
    return list(
        session.scalars(
            select(Response)
            .where(
                Response.listing_id == listing_id,
                Response.state == ResponseState.QUALIFIED,
                Response.reviewed_at.is_(None),
            )
            .order_by(Response.filed_at, Response.id)
        )
    )


def unchecked(session: Session, listing_id: int) -> int:
    """How many responses still wait for the formality check."""
    query = select(func.count()).select_from(Response)
    rule = (Response.listing_id == listing_id, Response.state == ResponseState.FILED)
    return session.scalar(query.where(*rule)) or 0


def waiting_rounds(session: Session) -> list[tuple[Listing, int, date]]:
    """Listings with responses for which nobody has asked experts yet, and the first due day."""
    at_work = exists().where(
        Panel.listing_id == Response.listing_id, Panel.state == PanelState.OPEN
    )
    rows = session.execute(
        select(Listing, func.count(Response.id), func.min(Response.due))
        .join(Response, Response.listing_id == Listing.id)
        .join(Round, Round.id == Response.round_id)
        .join(TrackVersion, TrackVersion.id == Round.track_version_id)
        .where(
            TrackVersion.response_review,
            Response.state == ResponseState.QUALIFIED,
            Response.reviewed_at.is_(None),
            ~at_work,
        )
        .group_by(Listing.id)
        .order_by(func.min(Response.due), Listing.id)
    )
    return [(listing, number, due) for listing, number, due in rows if due is not None]


def at_work(session: Session) -> Sequence[Panel]:
    """All open panels, the most urgent first."""
    return session.scalars(
        select(Panel).where(Panel.state == PanelState.OPEN).order_by(Panel.due, Panel.id)
    ).all()


def submitted(panel: Panel) -> list[ReviewAssignment]:
    """Parts that were handed in."""
    return [each for each in panel.assignments if each.state is AssignmentState.SUBMITTED]


def reviews_of(panel: Panel, response: Response | None) -> list[Review]:
    """Submitted reviews of one subject."""
    key = response.id if response is not None else None
    return [
        review for each in submitted(panel) for review in each.reviews if review.response_id == key
    ]


def summary_of(panel: Panel, response: Response | None) -> Summary | None:
    """What the submitted reviews of one subject come to."""
    criteria = panel.rules.criteria(of_needs=panel.stage is Stage.NEED)
    return summary(reviews_of(panel, response), criteria)


def experts(
    session: Session, party_ids: Collection[int], but: Collection[int] = ()
) -> list[Expert]:
    """Everybody with the role, the least busy first; those barred last, with the reason."""
    busy = (
        select(func.count())
        .select_from(ReviewAssignment)
        .where(ReviewAssignment.expert_id == User.id, ReviewAssignment.state.in_(UNDER_WAY))
        .scalar_subquery()
    )
    rows = session.execute(
        select(User, busy)
        .where(User.active, User.roles.any(UserRole.role == Role.EXPERT), User.id.not_in(but))
        .order_by(busy, User.id)
    )
    found = [
        Expert(user.id, user.display_name, number, conflicts.known(session, user.id, party_ids))
        for user, number in rows
    ]
    return sorted(found, key=lambda each: bool(each.conflict))


def people(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Names by id, for the operator."""
    rows = session.execute(select(User.id, User.display_name).where(User.id.in_(ids)))
    return {row.id: row.display_name for row in rows}


def names(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Names of organisations by id."""
    rows = session.execute(
        select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids))
    )
    return {row.id: row.name for row in rows}


def overdue(session: Session, limit: int) -> list[tuple[ReviewAssignment, str]]:
    """Parts past their day, with the expert's name."""
    rows = session.execute(
        select(ReviewAssignment, User.display_name)
        .join(User, User.id == ReviewAssignment.expert_id)
        .where(ReviewAssignment.state.in_(UNDER_WAY), ReviewAssignment.due < clock.today())
        .order_by(ReviewAssignment.due, ReviewAssignment.id)
        .limit(limit)
    )
    return [(found, name) for found, name in rows]

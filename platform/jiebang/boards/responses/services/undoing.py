"""A selection that does not hold: the place opens again, and who stood behind is asked anew."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.permissions import SYSTEM, Actor
from jiebang.core.reasons import ReasonCode
from jiebang.core.sides import Side

from ...tracks.models import TrackVersion
from .. import queries
from ..models import Response, Round
from ..workflow import RESPONSE, ResponseState
from .steps import hand, note, tell

SELECTED: list[Callable[[Session, Actor, Response], None]] = []
"""Higher rooms' callables: called when a response was selected, in the same transaction."""
UNDONE: list[Callable[[Session, Actor, Response], None]] = []
"""Called when a selection was undone; its code and sentence stand in the response."""


def overturn(
    session: Session, actor: Actor, found: Response, reason: str, code: ReasonCode
) -> None:
    """An objection to the selection was upheld. The caller holds the round's lock and checked
    the sentence; both sides read it."""
    if refusal := RESPONSE.refusal("overturn", found, actor):
        raise refusal
    _undo(session, actor, found, "overturn", reason, code, "公示异议成立，选定已撤销")


def release(session: Session, found: Response, reason: str, code: ReasonCode) -> None:
    """The two sides came to no agreement. The caller holds the round's lock."""
    _undo(session, SYSTEM, found, "release", reason, code, "未达成协议，选定已取消")


def _undo(
    session: Session,
    actor: Actor,
    found: Response,
    name: str,
    reason: str,
    code: ReasonCode,
    words: str,
) -> None:
    rules = queries.rules_of(session, found)
    label = RESPONSE.apply(name, found, actor).label
    found.slot = None
    found.reason, found.reason_code, found.decided_at = reason, code, clock.now()
    hand(session, found, rules)
    note(session, actor, found, name, label, reason)
    for side in (Side.RESPONDER, Side.ISSUER):
        tell(session, found, side, words, SYSTEM, text=reason)
    session.flush()
    for listener in UNDONE:
        listener(session, actor, found)
    _open_place(session, found, rules)


def _open_place(session: Session, found: Response, rules: TrackVersion) -> None:
    """The round goes on; those who lost only because the last place was taken stand again."""
    round_ = session.get_one(Round, found.round_id, with_for_update=True)
    if round_.awarded_at is None:
        return
    lapsed = session.scalars(
        select(Response)
        .where(
            Response.round_id == round_.id,
            Response.state == ResponseState.DECLINED,
            Response.reason_code == ReasonCode.ANOTHER_CHOSEN,
            Response.decided_at >= round_.awarded_at,
            Response.id != found.id,
        )
        .order_by(Response.id)
        .with_for_update(of=Response)
    ).all()
    round_.awarded_at = None
    audit.record(
        session, SYSTEM, "round.reopened", "listing", found.listing_id,
        organisation_id=found.issuer_id,
    )  # fmt: skip
    session.flush()
    for each in lapsed:
        if each.qualified_at is None or queries.live_of(
            session, each.listing_id, each.organisation_id
        ):
            continue
        label = RESPONSE.apply("reinstate", each, SYSTEM).label
        each.reason, each.reason_code, each.decided_at = "", None, None
        hand(session, each, rules)
        note(session, SYSTEM, each, "reinstate", label)
        for side in (Side.RESPONDER, Side.ISSUER):
            tell(session, each, side, "名额空出，揭榜恢复候选", SYSTEM)

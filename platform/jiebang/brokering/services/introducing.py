"""What the two sides answer, and how the specialist takes an introduction to its result."""

from __future__ import annotations

from sqlalchemy.orm import Session

from jiebang.boards.models import Listing
from jiebang.boards.threads import services as threads
from jiebang.boards.tracks.models import TrackVersion
from jiebang.core import clock
from jiebang.core.errors import Invalid, NotFound
from jiebang.core.permissions import SYSTEM, Actor
from jiebang.core.reasons import chosen
from jiebang.core.sides import Holder, Side
from jiebang.core.working_days import add_working_days
from jiebang.discovery import feedback
from jiebang.discovery.engine import Discovery

from .. import queries
from ..models import Introduction
from ..workflow import CLOSING, INTRODUCTION, RESULT_LABELS, TALKED, IntroductionState, Result
from .telling import record, tell_introducer, tell_side, write_ledger

NOTE_LIMIT = 800


def agree(session: Session, actor: Actor, discovery: Discovery, found: Introduction) -> bool:
    """One side agrees. When it is the second, the thread opens, or the one that runs goes on, and
    the ranking learns that the pair was right. Returns whether both have agreed."""
    if refusal := INTRODUCTION.refusal("agree", found, actor):
        raise refusal
    side = found.side_of(actor)
    assert side is not None
    INTRODUCTION.apply("agree", found, actor)
    if side is Side.ISSUER:
        found.issuer_agreed_at = clock.now()
    else:
        found.responder_agreed_at = clock.now()
    found.changed_at = clock.now()
    record(session, actor, found, "agree")
    if not found.both_agreed:
        found.holder = Holder(side.other.value)
        tell_introducer(session, found, "一方已同意对接", actor)
        return False
    thread = threads.open_introduced(
        session, actor, found.listing, found.organisation_id, found.own_listing
    )
    found.thread_id = thread.id
    INTRODUCTION.apply("settle", found, SYSTEM)
    _follow_up(session, found, _rules(session, found).idle_days)
    if found.own_listing_id is not None:
        feedback.take_up(discovery, session, actor, found.own_listing_id, found.listing_id)
    record(session, SYSTEM, found, "settle")
    write_ledger(session, actor, found, "双方同意对接")
    tell_side(session, found, side.other, "双方都同意对接，请到对接里继续", actor)
    tell_introducer(session, found, "双方都同意对接", actor)
    return True


def meet(session: Session, actor: Actor, found: Introduction, note: str) -> None:
    """The specialist notes that the two met, and what came of it."""
    if refusal := INTRODUCTION.refusal("meet", found, actor):
        raise refusal
    note = _note(note, "note", "请用一句话写下会面的情况。")
    INTRODUCTION.apply("meet", found, actor)
    found.met_at = clock.now()
    _follow_up(session, found, _rules(session, found).decision_days)
    record(session, actor, found, "meet")
    write_ledger(session, actor, found, "双方会面", note)


def end(
    session: Session,
    actor: Actor,
    found: Introduction,
    name: str,
    reason: str = "",
    code: str = "",
    result: str = "",
) -> None:
    """Declines or refuses with a code and a sentence, withdraws, or closes with a result.

    Everybody who is part of it reads the sentence, except of a closing: that is for the ledger.
    """
    if name not in ("decline", "refuse", "withdraw", "close"):
        raise NotFound
    if refusal := INTRODUCTION.refusal(name, found, actor):
        raise refusal
    side, ending, picked = found.side_of(actor), None, None
    errors = {}
    reason = reason.replace("\r\n", "\n").strip()
    if len(reason) > NOTE_LIMIT:
        errors["reason"] = f"最多 {NOTE_LIMIT} 字，现在 {len(reason)} 字。"
    if name in ("decline", "refuse"):
        picked = chosen(found.line, code)
        if picked is None:
            errors["code"] = "请选择一个原因。"
        if not reason:
            errors["reason"] = "请写一句话说明，对方和专员会看到。"
    if name == "close":
        ending = next((each for each in CLOSING if each.value == result), None)
        if ending is None:
            errors["result"] = "请选择办结的结果。"
        elif ending in TALKED and not found.both_agreed:
            errors["result"] = "双方还没有都同意，请选“不再推进”或“一方一直未答复”。"
        if not reason:
            errors["reason"] = "请用一句话写下结果，记入台账。"
    if errors:
        raise Invalid(errors)
    INTRODUCTION.apply(name, found, actor)
    if name == "withdraw":
        ending = Result.WITHDRAWN
    _close(found, side, reason, ending)
    found.reason_code = picked
    record(
        session, actor, found, name, reason=picked.value if picked else None,
        result=ending.value if ending else None,
    )  # fmt: skip
    _tell_end(session, actor, found, name, reason)


def _tell_end(session: Session, actor: Actor, found: Introduction, name: str, reason: str) -> None:
    ending = RESULT_LABELS[found.result] if found.result else "未能引荐"
    write_ledger(session, actor, found, ending, reason)
    side = found.side_of(actor)
    if name == "decline":
        assert side is not None
        tell_side(session, found, side.other, "对方暂不对接", actor, reason)
        tell_introducer(session, found, "一方不对接", actor, reason)
    elif name == "refuse" and found.requested_by is not None:
        tell_side(session, found, found.requested_by, "专员未能引荐", actor, reason)
    elif name == "withdraw":
        tell_introducer(session, found, "请求方撤回了引荐", actor)
        if found.accepted_at is not None and side is not None:
            tell_side(session, found, side.other, "请求方撤回了引荐", actor)
    elif name == "close":
        for each in Side:
            tell_side(session, found, each, f"引荐已办结（{ending}）", actor)


def listing_changed(session: Session, _actor: Actor, listing: Listing, name: str) -> None:
    """A withdrawn listing ends the introductions that both have not agreed to; others go on."""
    if name != "withdraw":
        return
    for found in queries.on_listing(session, listing.id):
        if found.state not in (IntroductionState.REQUESTED, IntroductionState.ACCEPTED):
            continue
        INTRODUCTION.apply("lapse", found, SYSTEM)
        _close(found, None, "", Result.LISTING_ENDED)
        record(session, SYSTEM, found, "lapse")
        write_ledger(session, SYSTEM, found, RESULT_LABELS[Result.LISTING_ENDED])
        tell_introducer(session, found, "引荐的内容已撤下", SYSTEM)
        for side in Side:
            if found.organisation_of(side) != listing.organisation_id and (
                found.accepted_at is not None or side is found.requested_by
            ):
                tell_side(session, found, side, "引荐的内容已撤下", SYSTEM)


def _close(found: Introduction, side: Side | None, reason: str, result: Result | None) -> None:
    found.holder = found.due = None
    found.escalated = 0
    found.ended_by, found.reason, found.result = side, reason, result
    found.ended_at = found.changed_at = clock.now()


def _follow_up(session: Session, found: Introduction, days: int) -> None:
    """The specialist has it, for so many working days."""
    found.holder = Holder.SPECIALIST if found.specialist_id is not None else Holder.OPERATOR
    found.due = add_working_days(clock.today(), days)
    found.escalated = 0
    found.changed_at = clock.now()


def _rules(session: Session, found: Introduction) -> TrackVersion:
    return session.get_one(TrackVersion, found.track_version_id)


def _note(text: str, name: str, missing: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Invalid({name: missing})
    if len(text) > NOTE_LIMIT:
        raise Invalid({name: f"最多 {NOTE_LIMIT} 字，现在 {len(text)} 字。"})
    return text

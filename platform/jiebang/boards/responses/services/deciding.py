"""The formality check, the shortlist, the selection, and every refusal with its reason."""

from __future__ import annotations

from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import SYSTEM, Actor, Permission
from jiebang.core.reasons import ReasonCode, chosen
from jiebang.core.sides import Side

from ...models import Listing
from ...tracks.models import TrackVersion
from ...workflow import ListingState
from .. import queries
from ..models import MOST_WINNERS, Response, Round
from ..workflow import RESPONSE, ResponseState
from .filing import admit, check_related
from .steps import awaits_review, hand, note, tell
from .undoing import SELECTED

REASON_LIMIT = 500


def check(
    session: Session, actor: Actor, found: Response, name: str, reason: str, code: str = ""
) -> None:
    """The platform's formality check: qualify, return, or disqualify with code and sentence."""
    if name not in ("qualify", "return", "disqualify"):
        raise NotFound
    if refusal := RESPONSE.refusal(name, found, actor):
        raise refusal
    rules = queries.rules_of(session, found)
    if name == "qualify":
        check_related(session, found, rules)
        admit(session, actor, found, name, rules)
        return
    reason, picked = _reasons(found, reason, code, coded=name == "disqualify")
    label = RESPONSE.apply(name, found, actor).label
    found.reason, found.reason_code = reason, picked
    if name == "disqualify":
        found.decided_at = clock.now()
    hand(session, found, rules)
    note(session, actor, found, name, label, reason)
    words = "揭榜被退回补充" if name == "return" else "揭榜没有通过形式审查"
    tell(session, found, Side.RESPONDER, words, actor, text=reason)


def decide(
    session: Session, actor: Actor, found: Response, name: str, reason: str = "", code: str = ""
) -> None:
    """The issuer shortlists, sends back with a sentence, or declines with code and sentence."""
    if name not in ("shortlist", "send_back", "decline"):
        raise NotFound
    if refusal := RESPONSE.refusal(name, found, actor):
        raise refusal
    picked = None
    rules, due = queries.rules_of(session, found), found.due
    if name != "shortlist":
        reason, picked = _reasons(found, reason, code, coded=name == "decline")
    else:
        _reviewed(found, rules)
    label = RESPONSE.apply(name, found, actor).label
    found.reason, found.reason_code = reason if name != "shortlist" else "", picked
    if name == "decline":
        found.decided_at = clock.now()
    hand(session, found, rules)
    if name == "shortlist":
        found.due = due  # a shortlist is no decision: its day stays
    note(session, actor, found, name, label, found.reason)
    words = {
        "shortlist": "揭榜已列入候选",
        "send_back": "对方请您补充揭榜内容",
        "decline": "揭榜未被选定",
    }
    tell(session, found, Side.RESPONDER, words[name], actor, text=found.reason)


def _reviewed(found: Response, rules: TrackVersion) -> None:
    if awaits_review(found, rules):
        raise Conflict("这条赛道先由专家评审：评审结束后才能列入候选或选定。")


def _reasons(
    found: Response, reason: str, code: str, *, coded: bool
) -> tuple[str, ReasonCode | None]:
    errors = {}
    reason = reason.replace("\r\n", "\n").strip()
    picked = chosen(found.line, code) if coded else None
    if coded and picked is None:
        errors["code"] = "请选择一个原因。"
    if not reason:
        errors["reason"] = "请写一句话说明，对方会看到。"
    elif len(reason) > REASON_LIMIT:
        errors["reason"] = f"最多 {REASON_LIMIT} 字，现在 {len(reason)} 字。"
    if errors:
        raise Invalid(errors)
    return reason, picked


def others_waiting(session: Session, found: Response) -> list[Response]:
    """Who would be left without an answer if this one took the last place."""
    return [
        each
        for each in queries.pending_on(session, found.listing_id)
        if each.id != found.id and each.state is not ResponseState.DRAFT
    ]


def select(session: Session, actor: Actor, found: Response, to_others: str = "") -> None:
    """Gives a place to a response. The caller holds the round's lock.

    Taking the last place ends the round: all others get `to_others` as their reason, so that
    nobody waits on; Invalid asks for it where somebody would.
    """
    if refusal := RESPONSE.refusal("select", found, actor):
        raise refusal
    if found.listing.state not in (ListingState.PUBLISHED, ListingState.CLOSED):
        raise Conflict("榜单不在榜或已过期，请先恢复或确认仍有效，再选定揭榜方。")
    rules = queries.rules_of(session, found)
    _reviewed(found, rules)
    if rules.shortlist and found.state is not ResponseState.SHORTLISTED:
        raise Conflict("这条赛道要求先列入候选，再从候选中选定。")
    round_ = session.get_one(Round, found.round_id, with_for_update=True)
    taken = {each.slot for each in queries.selected_on(session, found.listing_id)}
    free = [slot for slot in range(1, round_.winners + 1) if slot not in taken]
    if not free:
        raise Conflict(f"这条榜单选定 {round_.winners} 家，名额已满。")
    check_related(session, found, rules)
    last = len(free) == 1
    others = others_waiting(session, found) if last else []
    to_others = to_others.replace("\r\n", "\n").strip()
    if others and not to_others:
        raise Invalid({"to_others": f"还有 {len(others)} 份揭榜等待答复，请写一句话告诉他们。"})
    if len(to_others) > REASON_LIMIT:
        raise Invalid({"to_others": f"最多 {REASON_LIMIT} 字，现在 {len(to_others)} 字。"})
    label = RESPONSE.apply("select", found, actor).label
    found.slot, found.decided_at = free[0], clock.now()
    hand(session, found, rules)
    session.flush()
    note(session, actor, found, "select", label)
    tell(session, found, Side.RESPONDER, "揭榜已被选定", actor)
    if last:
        round_.awarded_at = clock.now()
        _lapse_all(session, found.listing_id, to_others, ReasonCode.ANOTHER_CHOSEN, rules)
    for listener in SELECTED:
        listener(session, actor, found)


def _lapse_all(
    session: Session, listing_id: int, reason: str, code: ReasonCode, rules: TrackVersion
) -> None:
    """Answers everybody who still waits; drafts end, too, for nothing can be filed any more."""
    for each in queries.pending_on(session, listing_id):
        RESPONSE.apply("lapse", each, SYSTEM)
        each.reason, each.reason_code = reason or "这条榜单已有结果。", code
        each.decided_at = clock.now()
        hand(session, each, rules)
        note(session, SYSTEM, each, "lapse", "未选定", each.reason)
        tell(session, each, Side.RESPONDER, "揭榜未被选定", SYSTEM, text=each.reason)


def set_winners(session: Session, actor: Actor, listing: Listing, number: int) -> None:
    """How many the issuer will select; not fewer than are selected already."""
    round_ = queries.round_of(session, listing.id, lock=True)
    if round_ is None or not listing.belongs_to(actor) or not actor.acts_in(listing.line):
        raise NotFound
    if not actor.can(Permission.LISTING_RESPOND):
        raise NotFound
    rules = session.get_one(TrackVersion, round_.track_version_id)
    if number != 1 and not rules.several:
        raise Conflict("这条赛道只选定一家。")
    if not 1 <= number <= MOST_WINNERS:
        raise Invalid({"winners": f"请填 1 到 {MOST_WINNERS} 之间的整数。"})
    if round_.awarded_at is not None:
        raise Conflict("已经选定完毕，不能再改名额。")
    taken = len(queries.selected_on(session, listing.id))
    if number <= taken:
        raise Conflict(f"已选定 {taken} 家，名额要比这多。")
    round_.winners = number
    audit.record(
        session, actor, "round.winners", "listing", listing.id,
        organisation_id=listing.organisation_id, winners=number,
    )  # fmt: skip


def listing_changed(session: Session, _actor: Actor, listing: Listing, name: str) -> None:
    """A listing cannot be taken away under a winner; taken away otherwise, everybody is told."""
    if name not in ("withdraw", "reopen"):
        return
    round_ = queries.round_of(session, listing.id, lock=True)
    if round_ is None:
        return
    if queries.selected_on(session, listing.id):
        raise Conflict("已选定揭榜方，不能撤榜或重新编辑；合作终止请先与对方商定。")
    rules = session.get_one(TrackVersion, round_.track_version_id)
    _lapse_all(session, listing.id, "发榜方撤下了这条内容。", ReasonCode.LISTING_ENDED, rules)

"""How an introduction begins: a side asks for a person, or the specialist sees a pair."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from jiebang.boards.models import Disclosure, Listing
from jiebang.boards.threads import queries as threads
from jiebang.boards.tracks import queries as tracks
from jiebang.boards.tracks.models import TrackVersion
from jiebang.boards.workflow import ListingState
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import Actor, Permission
from jiebang.core.sides import Holder, Side
from jiebang.core.working_days import add_working_days

from .. import queries
from ..models import Introduction
from ..workflow import INTRODUCTION, IntroductionState
from .telling import record, tell_introducer, tell_side, write_ledger

WISH_LIMIT = 500
WORDS = (10, 800)
"""Characters of what a specialist writes to both sides."""
NAMED = frozenset({Disclosure.PUBLIC, Disclosure.REGISTERED, Disclosure.AGREEMENT})
"""Levels at which a listing may stand beside its owner's name."""


def pair_of(
    listing: Listing, own: Listing | None, organisation_id: int
) -> tuple[Listing, int, Listing | None]:
    """The listing that is answered, who answers it, and the other half of the pair.

    A purchase is never the one that is answered: a thread on it could carry a price before the
    sealed quotes exist (DOMAIN.md, procurement). Then the buyer answers the product.
    Raises Conflict where that is not possible or would name an anonymous owner.
    """
    if own is not None and own.board is not listing.board.opposite:
        raise Invalid({"own": f"请选择本单位的{listing.board.opposite.label}，或不附。"})
    if listing.organisation_id is None:
        raise Conflict("这条内容还没有单位认领，暂时不能引荐。")
    if Disclosure.INVITED in (listing.disclosure, own.disclosure if own else None):
        raise Conflict("仅受邀可见的内容不能请专员对接，请直接与对方联系。")
    if own is not None and own.disclosure not in NAMED:
        raise Conflict("匿名发布的内容附上后就不再匿名，请不附本单位内容，直接请专员对接。")
    if listing.board is not Board.DEMAND:
        return listing, organisation_id, own
    if own is None:
        raise Conflict("采购需求请附上本单位的产品供给，再请专员对接。")
    if listing.disclosure not in NAMED:
        raise Conflict("对方匿名采购，开标之前不能引荐；请按公告报价。")
    return own, listing.organisation_id, listing


def request(
    session: Session, actor: Actor, listing: Listing, wish: str, own: Listing | None = None
) -> Introduction:
    """请专员对接: the asking side agrees by asking. It falls on its own specialist, else on the
    other side's, else on the operator.

    Raises Invalid for the wish, Conflict where one runs already or the listing has ended.
    """
    if not actor.can(Permission.LISTING_RESPOND) or actor.seat is None:
        raise Forbidden("请先加入单位，再以单位的名义请专员对接。")
    if not actor.acts_in(listing.line):
        raise Forbidden("您的经办范围不含这条业务线，请联系本单位管理员调整。")
    if not actor.seat.verified:
        raise Conflict("本单位尚未通过核验；请先在“我的单位”提交核验材料，通过后即可请专员对接。")
    if listing.organisation_id in actor.organisation_ids:
        raise Conflict("这是本单位发布的内容，不能与自己对接。")
    if own is not None and not own.belongs_to(actor):
        raise NotFound
    wish = wish.replace("\r\n", "\n").strip()
    if len(wish) > WISH_LIMIT:
        raise Invalid({"wish": f"最多 {WISH_LIMIT} 字，现在 {len(wish)} 字。"})
    answered, answering, other = pair_of(listing, own, actor.seat.organisation_id)
    found = _begin(session, answered, answering, other)
    found.requested_by = found.side_of(actor)
    found.asked_by, found.wish = actor.user_id, wish
    for side in Side:
        if side is found.requested_by:
            _agreed(found, side)
    served, specialist_id = _choose(session, found, actor.seat.organisation_id)
    found.served_id, found.specialist_id = served, specialist_id
    found.holder = Holder.SPECIALIST if specialist_id is not None else Holder.OPERATOR
    rules = session.get_one(TrackVersion, found.track_version_id)
    found.due = add_working_days(clock.today(), rules.introduction_days)
    _save(session, found)
    record(session, actor, found, "request", listing=listing.code)
    write_ledger(session, actor, found, "请专员对接")
    tell_introducer(session, found, "请专员对接", actor, wish)
    return found


def propose(
    session: Session, actor: Actor, organisation_id: int, listing: Listing, own: Listing, words: str
) -> Introduction:
    """A specialist introduces an organisation that they serve to the owner of a listing that its
    own one matches; both sides are asked."""
    served = queries.served_one(session, actor, organisation_id)
    if own.organisation_id != served.id:
        raise NotFound
    if listing.organisation_id == served.id:
        raise Conflict("这是同一家单位的内容，不能与自己对接。")
    answered, answering, other = pair_of(listing, own, served.id)
    found = _begin(session, answered, answering, other)
    if queries.is_member(session, actor.user_id or 0, [found.issuer_id, found.organisation_id]):
        raise Conflict("您是其中一方的成员，请由其他专员引荐。")
    found.served_id, found.specialist_id = served.id, actor.user_id
    found.holder = Holder.SPECIALIST
    found.due = clock.today()
    _save(session, found)
    record(session, actor, found, "propose", listing=listing.code)
    accept(session, actor, found, words)
    return found


def _begin(
    session: Session, listing: Listing, organisation_id: int, own: Listing | None
) -> Introduction:
    if listing.state is not ListingState.PUBLISHED or (
        own is not None and own.state is not ListingState.PUBLISHED
    ):
        raise Conflict("双方的内容都在榜时才能引荐，请先看看它们的状态。")
    if queries.live_between(session, listing.id, organisation_id) is not None:
        raise Conflict("这一对已有专员在引荐，请到“专员引荐”里继续。")
    assert listing.organisation_id is not None
    thread = threads.live_between(session, listing.id, organisation_id)
    moment = clock.now()
    found = Introduction(
        listing_id=listing.id,
        issuer_id=listing.organisation_id,
        organisation_id=organisation_id,
        own_listing_id=own.id if own else None,
        track_version_id=tracks.current(session, listing.track).id,
        thread_id=thread.id if thread else None,
        state=IntroductionState.REQUESTED,
        opened_at=moment,
        changed_at=moment,
    )
    found.listing, found.own_listing = listing, own
    return found


def _save(session: Session, found: Introduction) -> None:
    try:
        with session.begin_nested():
            session.add(found)
            session.flush()
    except IntegrityError as error:  # somebody was faster: the index allows one
        raise Conflict("这一对已有专员在引荐，请到“专员引荐”里继续。") from error


def _choose(session: Session, found: Introduction, asking: int) -> tuple[int, int | None]:
    """On whose specialist it falls, and who that is; nobody introduces their own organisation."""
    sides = [found.issuer_id, found.organisation_id]
    for organisation_id in sorted(sides, key=lambda each: each != asking):
        person = queries.specialist_of(session, organisation_id)
        if person is not None and not queries.is_member(session, person.id, sides):
            return organisation_id, person.id
    return asking, None


def _agreed(found: Introduction, side: Side) -> None:
    if side is Side.ISSUER:
        found.issuer_agreed_at = clock.now()
    else:
        found.responder_agreed_at = clock.now()


def accept(session: Session, actor: Actor, found: Introduction, words: str) -> None:
    """The specialist introduces both sides: what they wrote goes to both, beside the reasons of
    the match that each may see; each has the track's days to answer."""
    if refusal := INTRODUCTION.refusal("accept", found, actor):
        raise refusal
    words = words.replace("\r\n", "\n").strip()
    low, high = WORDS
    if len(words) < low:
        raise Invalid({"words": f"请至少写 {low} 个字：为什么引荐、建议先谈什么。"})
    if len(words) > high:
        raise Invalid({"words": f"最多 {high} 字，现在 {len(words)} 字。"})
    INTRODUCTION.apply("accept", found, actor)
    if found.specialist_id is None:
        found.specialist_id = actor.user_id
    found.words, found.accepted_at = words, clock.now()
    wait_for_sides(session, found)
    record(session, actor, found, "accept")
    write_ledger(session, actor, found, "引荐双方", words)
    for side in Side:
        tell_side(session, found, side, "服务专员引荐对接", actor, words)


def wait_for_sides(session: Session, found: Introduction) -> None:
    """Whoever has not answered holds it, for the track's days."""
    rules = session.get_one(TrackVersion, found.track_version_id)
    found.holder = Holder.ISSUER if found.issuer_agreed_at is None else Holder.RESPONDER
    found.due = add_working_days(clock.today(), rules.interest_days)
    found.escalated = 0
    found.changed_at = clock.now()

"""Writing a response and filing it in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import SYSTEM, Actor, Line, Permission
from jiebang.core.sides import Side
from jiebang.orgs.relations import queries as relations

from ...batches import services as batches
from ...models import Disclosure, Listing
from ...threads import queries as threads
from ...tracks import queries as tracks
from ...tracks.models import RelatedRule, TrackVersion
from ...workflow import ListingState
from .. import queries
from ..models import TEXTS, IndicatorAnswer, Response, Round, Verdict
from ..workflow import RESPONSE, ResponseState
from .joint import carried_over, check_members, unsigned
from .steps import closes_at, hand, note, tell

LIMITS = {"leader": 40, "approach": 3000, "basis": 2000, "plan": 2000, "team": 1000}
LABELS = {
    "leader": "项目负责人",
    "approach": "方案",
    "basis": "已有基础",
    "plan": "进度安排",
    "team": "团队",
}
REQUIRED = ("leader", "approach", "plan")
HOW_LIMIT = 300
LARGEST = 10**13
"""Fen: a hundred thousand million yuan is no budget of one project."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was typed to one indicator."""

    verdict: str
    how: str


def begin(session: Session, actor: Actor, listing: Listing) -> Response:
    """A draft of one's own, filled from one's last response to the listing where there is one.

    The first one opens the listing's round, which keeps today's version of the track.
    """
    _may_answer(session, actor, listing)
    assert actor.organisation_id is not None and listing.organisation_id is not None
    running = queries.live_of(session, listing.id, actor.organisation_id)
    for each in running:
        if each.state is ResponseState.DRAFT:
            return each
    round_ = _round(session, listing)
    rules = session.get_one(TrackVersion, round_.track_version_id)
    if running and rules.one_each:
        raise Conflict("本单位已经揭榜；这条赛道每个单位只能提交一份。")
    last = queries.latest_of(session, listing.id, actor.organisation_id)
    thread = threads.live_between(session, listing.id, actor.organisation_id)
    moment = clock.now()
    found = Response(
        listing_id=listing.id,
        round_id=round_.id,
        thread_id=thread.id if thread else None,
        issuer_id=listing.organisation_id,
        organisation_id=actor.organisation_id,
        state=ResponseState.DRAFT,
        created_by=actor.user_id,
        created_at=moment,
        updated_at=moment,
        **({**last.values(), "leader": ""} if running and last else last.values() if last else {}),
    )
    found.listing = listing
    known = {each.name: each for each in last.answers} if last else {}
    found.answers = [
        IndicatorAnswer(
            position=position,
            name=row.name,
            target=f"{row.comparator} {row.value} {row.unit}".strip(),
            verdict=known[row.name].verdict if row.name in known else None,
            how=known[row.name].how if row.name in known else "",
        )
        for position, row in enumerate(getattr(listing.details, "indicators", []))
    ]
    if last and rules.joint:
        found.members = carried_over(last)
    _insert(session, found)
    note(session, actor, found, "begun", "开始填写")
    return found


def _may_answer(session: Session, actor: Actor, listing: Listing) -> None:
    if not actor.can(Permission.LISTING_RESPOND) or actor.seat is None:
        raise Forbidden("请先加入单位，再以单位的名义揭榜。")
    if listing.line is not Line.TECHNOLOGY:
        raise NotFound
    if listing.organisation_id is None:
        raise Conflict("这条内容还没有单位认领，暂时不能在线揭榜。")
    if listing.organisation_id in actor.organisation_ids:
        raise Conflict("这是本单位发布的内容，不能自己揭榜。")
    if not actor.acts_in(listing.line):
        raise Forbidden("您的经办范围不含这条业务线，请联系本单位管理员调整。")
    _open(session, listing)
    if listing.disclosure is Disclosure.AGREEMENT:
        thread = threads.latest_between(session, listing.id, actor.organisation_id or 0)
        if thread is None or Side.RESPONDER not in threads.agreements(session, thread.id):
            raise Conflict("发榜方要求先签保密协议：请先发出对接意向，在对接里接受保密协议。")


def _open(session: Session, listing: Listing) -> None:
    """Conflict says when it closed, by the server's clock."""
    batches.check_late(session, listing)
    end = closes_at(listing)
    if end is not None and clock.now() >= end:
        day = clock.day_text(listing.deadline) if listing.deadline else ""
        raise Conflict(
            f"这条榜单已于 {day} 24:00 截止，现在是 {clock.moment_text(clock.now())}（北京时间，"
            "以服务器为准）。已写的内容保留在草稿里。"
        )
    if listing.state is not ListingState.PUBLISHED:
        raise Conflict("这条榜单现在不接受揭榜，已写的内容保留在草稿里。")
    round_ = queries.round_of(session, listing.id)
    if round_ is not None and round_.awarded_at is not None:
        raise Conflict("这条榜单已经选定揭榜方，不再接受新的揭榜。")


def _round(session: Session, listing: Listing) -> Round:
    found = queries.round_of(session, listing.id, lock=True)
    if found is not None:
        return found
    rules = tracks.current(session, listing.track)
    try:
        with session.begin_nested():
            session.add(
                Round(listing_id=listing.id, track_version_id=rules.id, opened_at=clock.now())
            )
            session.flush()
    except IntegrityError:
        pass  # somebody else opened it at the same moment
    found = queries.round_of(session, listing.id, lock=True)
    assert found is not None
    return found


def _insert(session: Session, found: Response) -> None:
    try:
        with session.begin_nested():
            session.add(found)
            session.flush()
    except IntegrityError as error:
        raise Conflict("这位负责人已经有一份进行中的揭榜，请到“揭榜”里继续。") from error


def save(
    session: Session,
    actor: Actor,
    found: Response,
    texts: Mapping[str, str],
    budget: int | None,
    replies: Sequence[Reply],
) -> None:
    """Keeps what was typed, complete or not; Invalid for what is too long or no verdict."""
    if found.side_of(actor) is not Side.RESPONDER:
        raise NotFound
    if found.state not in (ResponseState.DRAFT, ResponseState.RETURNED):
        raise Conflict("已提交的内容不能修改；需要修改请先撤回，或等对方退回补充。")
    errors = mistakes(texts, budget, replies)
    if errors:
        raise Invalid(errors)
    values = {name: texts.get(name, "").replace("\r\n", "\n").strip() for name in TEXTS}
    try:
        with session.begin_nested():
            for name, value in values.items():
                setattr(found, name, value)
            found.budget = budget
            for answer, reply in zip(found.answers, replies, strict=False):
                answer.verdict = Verdict(reply.verdict) if reply.verdict else None
                answer.how = reply.how.replace("\r\n", "\n").strip()
            found.updated_at = clock.now()
            session.flush()
    except IntegrityError as error:
        raise Invalid({"leader": "这位负责人已经有一份进行中的揭榜，请换一位负责人。"}) from error


def mistakes(
    texts: Mapping[str, str], budget: int | None, replies: Sequence[Reply]
) -> dict[str, str]:
    """What of a response cannot be kept, by field: too long, too large, no verdict at all."""
    errors = {
        name: f"{LABELS[name]}最多 {limit} 字，现在 {len(texts.get(name, ''))} 字。"
        for name, limit in LIMITS.items()
        if len(texts.get(name, "")) > limit
    }
    if budget is not None and not 0 <= budget <= LARGEST:
        errors["budget"] = "金额过大，请检查单位。"
    for position, reply in enumerate(replies):
        if len(reply.how) > HOW_LIMIT:
            errors[f"how-{position}"] = f"最多 {HOW_LIMIT} 字，现在 {len(reply.how)} 字。"
        if reply.verdict not in {"", *(each.value for each in Verdict)}:
            errors[f"verdict-{position}"] = "请选择满足、部分满足或不满足。"
    return errors


def missing(found: Response) -> dict[str, str]:
    """What a response lacks to be filed, by field."""
    errors = {
        name: f"请填写{LABELS[name]}。" for name in REQUIRED if not getattr(found, name).strip()
    }
    if found.budget is None:
        errors["budget"] = "请填写金额；面议请填 0，并在方案里说明。"
    for position, answer in enumerate(found.answers):
        if answer.verdict is None:
            errors[f"verdict-{position}"] = f"请答复指标“{answer.name}”。"
        elif answer.verdict is not Verdict.MET and not answer.how:
            errors[f"how-{position}"] = f"请说明“{answer.name}”差在哪里、怎样达到。"
    return errors


def file(session: Session, actor: Actor, found: Response) -> None:
    """Files a draft or what was returned. The caller holds the round's lock (`queries.response`).

    Raises Invalid for what is missing, Conflict when it is late or the sides are related and the
    track bars it. Where the track has no formality check, it goes to the issuer at once.
    """
    if refusal := RESPONSE.refusal("file", found, actor):
        raise refusal
    _open(session, found.listing)
    batches.check_window(session, found.listing)
    if errors := missing(found):
        raise Invalid(errors)
    rules = queries.rules_of(session, found)
    _one_each(session, found, rules)
    if why := unsigned(session, found):
        raise Conflict(why)
    check_related(session, found, rules)
    RESPONSE.apply("file", found, actor)
    found.filed_at, found.reviewed_at = clock.now(), None
    found.reason, found.reason_code = "", None
    note(session, actor, found, "file", "提交揭榜")
    if not rules.formality:
        admit(session, SYSTEM, found, "admit", rules)
    else:
        hand(session, found, rules)
    session.flush()


def _one_each(session: Session, found: Response, rules: TrackVersion) -> None:
    """Where a track takes one response per organisation, those that it only joins count, too."""
    if not rules.one_each:
        return
    for party_id in sorted(found.party_ids):
        if queries.others_of(session, found, party_id):
            own = party_id == found.organisation_id
            raise Conflict(
                f"{'本单位' if own else '联合体里有成员'}已参与这条榜单的另一份揭榜；"
                "这条赛道每个单位只能参与一份。"
            )


def admit(session: Session, actor: Actor, found: Response, name: str, rules: TrackVersion) -> None:
    """Lets the issuer read it: after the check by a person, or at once."""
    label = RESPONSE.apply(name, found, actor).label
    found.qualified_at = clock.now()
    hand(session, found, rules)
    note(session, actor, found, name, label)
    tell(session, found, Side.ISSUER, "收到揭榜", actor)


def check_related(session: Session, found: Response, rules: TrackVersion) -> None:
    """Looks for the path between the two sides; Conflict where the track bars related parties."""
    path = relations.between(session, found.organisation_id, found.issuer_id)
    found.related = path.text() if path else ""
    if path is not None and rules.related is RelatedRule.BARRED:
        # on an anonymous listing the path would name the issuer
        shown = "" if threads.hides_owner(found.listing) else f"（{path.text()}）"
        raise Conflict(
            f"与发榜方存在关联关系{shown}，这条赛道不接受关联方揭榜。"
            "如申报有误，请先更正股权与控制关系，或联系平台运营。"
        )
    check_members(session, found, rules)


def withdraw(session: Session, actor: Actor, found: Response) -> None:
    """Takes a response back; while the window is open another may be filed."""
    if refusal := RESPONSE.refusal("withdraw", found, actor):
        raise refusal
    seen, rules = found.qualified_at is not None, queries.rules_of(session, found)
    RESPONSE.apply("withdraw", found, actor)
    hand(session, found, rules)
    note(session, actor, found, "withdraw", "撤回揭榜")
    if seen:
        tell(session, found, Side.ISSUER, "对方撤回了揭榜", actor)

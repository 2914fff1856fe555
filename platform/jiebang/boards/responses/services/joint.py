"""Joint bids (联合体): the split that every organisation of it signs before it can be filed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import Actor, Permission
from jiebang.core.sides import Side
from jiebang.core.working_days import add_working_days
from jiebang.orgs.models import Organisation, OrganisationState, name_key
from jiebang.orgs.notices import services as notices
from jiebang.orgs.relations import queries as relations

from ...models import Disclosure
from ...threads import queries as threads
from ...tracks.models import RelatedRule, TrackVersion
from .. import queries
from ..models import MemberState, Response, ResponseMember
from ..workflow import ResponseState
from .steps import note

MOST = 8
"""Organisations of one joint bid, the leading one included."""
WORDS_LIMIT = 300
REASON_LIMIT = 300
EDITABLE = (ResponseState.DRAFT, ResponseState.RETURNED)


@dataclass(frozen=True, slots=True)
class Part:
    """One row of a split as typed: money in fen, gain in per cent; None where it is no number."""

    name: str
    work: str
    money: int | None
    gain: int | None
    rights: str


def split_page(found: Response) -> str:
    """The path of a split's page."""
    return f"/responses/{found.id}/split"


def digest(found: Response) -> str:
    """The hash of a split as everybody of it signs it (SHA-256 over its rows in order)."""
    rows = [
        [each.organisation_id, each.work, each.money, each.gain, each.rights]
        for each in sorted(found.members, key=lambda each: each.position)
    ]
    text = json.dumps([found.id, found.budget, rows], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def carried_over(last: Response) -> list[ResponseMember]:
    """The split of an earlier response as a draft of a new one. What was signed was for that one:
    the leading organisation looks it over and saves it, then everybody is asked anew."""
    return [
        ResponseMember(
            organisation_id=each.organisation_id, position=each.position, work=each.work,
            money=each.money, gain=each.gain, rights=each.rights, state=MemberState.DRAFT,
            asked_at=clock.now(),
        )
        for each in last.members
    ]  # fmt: skip


def propose_split(session: Session, actor: Actor, found: Response, parts: Sequence[Part]) -> None:
    """The leading organisation writes the split, its own row first, and asks the others to sign.

    No parts: it answers alone. Whoever signed something else is asked again. Invalid names the
    row: `part-1-name` and so on; Conflict where the track takes no joint bids.
    """
    if found.side_of(actor) is not Side.RESPONDER or not actor.can(Permission.LISTING_RESPOND):
        raise NotFound
    if not actor.acts_in(found.line):
        raise Forbidden("您的经办范围不含这条业务线，请联系本单位管理员调整。")
    if found.state not in EDITABLE:
        raise Conflict("已提交的揭榜不能改分工；请先撤回，或等对方退回补充。")
    rules = queries.rules_of(session, found)
    if not parts:
        _dissolve(session, actor, found)
        return
    if not rules.joint:
        raise Conflict("这条赛道不接受联合体揭榜。")
    if found.budget is None:
        raise Invalid({"": "请先在揭榜意向书里填写金额，再分经费。"})
    organisations = _check(session, found, parts)
    before = {each.organisation_id: each for each in found.members}
    was, kept = digest(found), []
    for position, (part, organisation) in enumerate(zip(parts, organisations, strict=True)):
        row = before.pop(organisation.id, None)
        if row is None:
            row = ResponseMember(
                organisation_id=organisation.id, state=MemberState.ASKED, asked_at=clock.now(),
            )  # fmt: skip
        row.position, row.work, row.rights = position, part.work.strip(), part.rights.strip()
        row.money, row.gain = part.money or 0, part.gain or 0
        if row.due is None and row.state is MemberState.ASKED:
            row.due = _due(rules)
        kept.append(row)
    for gone in before.values():
        if gone.state is MemberState.DRAFT:
            continue  # it was never asked, so it hears nothing
        _tell(session, found, gone, "联合体分工已改，贵单位不在其中", actor)
    found.members = kept
    now = digest(found)
    for row in kept:
        if now != was or row.state is MemberState.DRAFT:
            _ask_again(session, actor, found, row, rules)
    own = next(row for row in kept if row.organisation_id == found.organisation_id)
    _sign(own, actor, now)
    found.updated_at = clock.now()
    session.flush()
    note(session, actor, found, "split", f"联合体分工（{len(kept)} 家）")


def _dissolve(session: Session, actor: Actor, found: Response) -> None:
    for row in found.members:
        if row.state is not MemberState.DRAFT:
            _tell(session, found, row, "对方改为单独揭榜，不必再确认", actor)
    if found.members:
        found.members = []
        session.flush()
        note(session, actor, found, "split", "改为单独揭榜")


def _check(session: Session, found: Response, parts: Sequence[Part]) -> list[Organisation]:
    errors: dict[str, str] = {}
    organisations: list[Organisation] = []
    if not 2 <= len(parts) <= MOST:
        raise Invalid({"": f"联合体要有 2 到 {MOST} 家单位，现在是 {len(parts)} 家。"})
    for number, part in enumerate(parts):
        organisation = _organisation(session, found, part, number, errors)
        if organisation is not None:
            if organisation.id in {each.id for each in organisations}:
                errors[f"part-{number}-name"] = f"“{organisation.name}”已经在里面了。"
            organisations.append(organisation)
        for name, text, label in (("work", part.work, "分工"), ("rights", part.rights, "知识产权")):
            if not text.strip():
                errors[f"part-{number}-{name}"] = f"第 {number + 1} 家：请写明{label}。"
            elif len(text.strip()) > WORDS_LIMIT:
                errors[f"part-{number}-{name}"] = (
                    f"第 {number + 1} 家：{label}最多 {WORDS_LIMIT} 字。"
                )
        if part.money is None:
            errors[f"part-{number}-money"] = (
                f"第 {number + 1} 家：请填经费，例如 30万元；没有填 0。"
            )
        if part.gain is None or not 0 <= part.gain <= 100:
            errors[f"part-{number}-gain"] = f"第 {number + 1} 家：收益请填 0 到 100 的整数（%）。"
    if not errors:
        money, gain = sum(each.money or 0 for each in parts), sum(each.gain or 0 for each in parts)
        if money != found.budget:
            errors["part-0-money"] = "各家经费之和要等于意向书里的金额。"
        if gain != 100:
            errors["part-0-gain"] = f"各家收益之和要是 100%，现在是 {gain}%。"
    if errors:
        raise Invalid(errors)
    return organisations


def _organisation(
    session: Session, found: Response, part: Part, number: int, errors: dict[str, str]
) -> Organisation | None:
    if number == 0:
        return session.get_one(Organisation, found.organisation_id)
    key = f"part-{number}-name"
    row = session.scalars(
        select(Organisation).where(Organisation.name_key == name_key(part.name))
    ).first()
    if row is None:
        errors[key] = f"没有找到单位“{part.name.strip()}”，请填写平台上的单位全称。"
        return None
    # nothing here may tell the leading organisation what is not its to know: who an anonymous
    # issuer is or is related to, and in which other bids an organisation takes part
    if row.id == found.issuer_id and not threads.hides_owner(found.listing):
        errors[key] = "发榜方不能加入揭榜的联合体。"
    elif row.state is not OrganisationState.VERIFIED or not row.claimed:
        errors[key] = f"“{row.name}”还没有通过核验，不能加入联合体。"
    return row


def _due(rules: TrackVersion) -> date:
    return add_working_days(clock.today(), rules.answer_days)


def _ask_again(
    session: Session, actor: Actor, found: Response, row: ResponseMember, rules: TrackVersion
) -> None:
    row.state, row.reason, row.reminded = MemberState.ASKED, "", False
    row.signed_at = row.signed_by = None
    row.signed_hash, row.asked_at, row.due = "", clock.now(), _due(rules)
    if row.organisation_id != found.organisation_id:
        _tell(
            session, found, row, "请确认联合体分工", actor,
            f"请在 {clock.day_text(row.due)} 前确认或说明为什么不参加；每家都确认后才能提交。",
        )  # fmt: skip


def _sign(row: ResponseMember, actor: Actor, hashed: str) -> None:
    row.state, row.due, row.reason = MemberState.CONFIRMED, None, ""
    row.signed_at, row.signed_by, row.signed_hash = clock.now(), actor.user_id, hashed


def answer_split(
    session: Session, actor: Actor, found: Response, hashed: str, reason: str | None = None
) -> None:
    """An organisation signs the split that it read (`hashed`), or refuses it with a reason.

    Conflict where the split has changed meanwhile: nobody signs what they did not see.
    """
    row = next(
        (each for each in found.members if each.organisation_id == actor.organisation_id), None
    )
    if row is None or not actor.can(Permission.LISTING_RESPOND):
        raise NotFound
    if row.organisation_id == found.organisation_id:
        raise Conflict("本单位牵头，保存分工即为确认。")
    if not actor.acts_in(found.line):
        raise Forbidden("您的经办范围不含这条业务线，请联系本单位管理员调整。")
    if found.state not in EDITABLE:
        raise Conflict("揭榜已经提交或结束，不能再改。")
    if row.state is not MemberState.ASKED:
        raise Conflict("本单位已经答复过；牵头单位改了分工会再来问。")
    if hashed != digest(found):
        raise Conflict("分工刚改过，请重新核对后再确认。")
    if reason is None:
        _may_join(session, found, row.organisation_id)
        _sign(row, actor, hashed)
        note(session, actor, found, "member_confirm", "成员确认分工")
        words, text = "联合体成员确认了分工", ""
    else:
        text = reason.replace("\r\n", "\n").strip()
        if not text:
            raise Invalid({"reason": "请写一句话说明，牵头单位会看到。"})
        if len(text) > REASON_LIMIT:
            raise Invalid({"reason": f"最多 {REASON_LIMIT} 字，现在 {len(text)} 字。"})
        row.state, row.due, row.reason = MemberState.REFUSED, None, text
        note(session, actor, found, "member_refuse", "成员不参加")
        words = "联合体成员不参加"
    notices.tell_organisation(
        session, found.organisation_id, found.line, f"{words}：{found.listing.title}",
        split_page(found), text, but=actor,
    )  # fmt: skip


def _may_join(session: Session, found: Response, organisation_id: int) -> None:
    """What only the joining organisation itself is told."""
    rules = queries.rules_of(session, found)
    if organisation_id == found.issuer_id:
        raise Conflict("这是本单位发布的内容，不能加入揭榜的联合体；请说明不参加。")
    if rules.one_each and queries.others_of(session, found, organisation_id):
        raise Conflict("本单位已参与这条榜单的另一份揭榜；这条赛道每个单位只能参与一份。")
    if not may_read(session, found, organisation_id):
        raise Conflict("发榜方要求先签保密协议：请先发出对接意向，在对接里接受，再确认分工。")
    if rules.related is RelatedRule.BARRED and relations.between(
        session, organisation_id, found.issuer_id
    ):
        raise Conflict("本单位与发榜方存在关联关系，这条赛道不接受；请说明不参加。")


def may_read(session: Session, found: Response, organisation_id: int) -> bool:
    """Whether a member may read indicators that stand behind a confidentiality agreement."""
    if found.listing.disclosure is not Disclosure.AGREEMENT:
        return True
    if organisation_id == found.organisation_id:
        return True
    return threads.let_in(session, found.listing, organisation_id) is not None


def unsigned(session: Session, found: Response) -> str:
    """Why a joint bid cannot be filed yet; "" when everybody signed what stands there."""
    if not found.members:
        return ""
    rules = queries.rules_of(session, found)
    if not rules.joint:
        return "这条赛道不接受联合体揭榜，请改为单独揭榜。"
    if sum(each.money for each in found.members) != found.budget:
        return "意向书的金额改过，请重新分经费并请各成员确认。"
    if any(each.state is MemberState.DRAFT for each in found.members):
        return "分工是从上一份揭榜带来的草稿：请核对后保存，各成员要重新确认。"
    hashed = digest(found)
    waiting = [
        session.get_one(Organisation, each.organisation_id).name
        for each in found.members
        if each.state is not MemberState.CONFIRMED or each.signed_hash != hashed
    ]
    return f"联合体里还没有确认分工的：{'、'.join(waiting)}。" if waiting else ""


def check_members(session: Session, found: Response, rules: TrackVersion) -> None:
    """Related members as the track has it: barred, or shown beside the leading organisation's."""
    for each in found.members:
        if each.organisation_id == found.organisation_id:
            continue
        path = relations.between(session, each.organisation_id, found.issuer_id)
        if path is None:
            continue
        name = session.get_one(Organisation, each.organisation_id).name
        if rules.related is RelatedRule.BARRED:
            raise Conflict(f"联合体成员“{name}”与发榜方存在关联关系，这条赛道不接受。")
        found.related = "；".join(filter(None, (found.related, f"成员：{path.text()}")))


def _tell(
    session: Session, found: Response, row: ResponseMember, what: str, actor: Actor, text: str = ""
) -> None:
    if row.organisation_id == found.organisation_id:
        return
    notices.tell_organisation(
        session, row.organisation_id, found.line, f"{what}：{found.listing.title}",
        split_page(found), text, but=actor,
    )  # fmt: skip


def remind_members(session: Session, limit: int = 200) -> int:
    """Once past its day: the organisation is reminded, the leading one told that it may do
    without it. Returns how many."""
    rows = session.execute(
        select(ResponseMember, Response)
        .join(Response, Response.id == ResponseMember.response_id)
        .where(
            ResponseMember.state == MemberState.ASKED,
            ResponseMember.due < clock.today(),
            ResponseMember.reminded.is_(False),
            Response.state.in_(EDITABLE),
        )
        .order_by(ResponseMember.due, ResponseMember.id)
        .limit(limit)
        .with_for_update(of=ResponseMember, skip_locked=True)
    ).all()
    for row, found in rows:
        row.reminded = True
        assert row.due is not None
        day = clock.day_text(row.due)
        for organisation_id, text in (
            (row.organisation_id, f"应在 {day} 前确认。"),
            (found.organisation_id, f"应在 {day} 前确认；可以再催，或改分工后不带这家提交。"),
        ):
            notices.tell_organisation(
                session, organisation_id, found.line,
                f"联合体分工逾期未确认：{found.listing.title}", split_page(found), text,
            )  # fmt: skip
    return len(rows)

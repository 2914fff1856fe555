"""A publicity begins with a selection or on request, runs its working days, and ends."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.boards.agreements import queries as agreements
from jiebang.boards.agreements.models import Agreement
from jiebang.boards.agreements.services import renew
from jiebang.boards.agreements.workflow import AgreementState
from jiebang.boards.responses import queries as responses
from jiebang.boards.responses.models import Response
from jiebang.core import audit, clock
from jiebang.core.errors import Conflict, Forbidden, Invalid
from jiebang.core.permissions import SYSTEM, Actor, Line, Permission, Role
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices import queries as people
from jiebang.orgs.notices import services as notices

from .. import queries
from ..models import Basis, Objection, Publicity
from ..workflow import OBJECTION, PUBLICITY, ObjectionState, PublicityState

GROUND_LIMIT = 200


def page(found: Publicity) -> str:
    """The path of a publicity's public page."""
    return f"/publicity/{found.id}"


def selected(session: Session, actor: Actor, response: Response) -> None:
    """Begins the publicity that the track asks for."""
    if response.line is Line.TECHNOLOGY and responses.rules_of(session, response).publicity:
        begin(session, actor, response, Basis.TRACK, "本赛道规则：选定结果先公示")


def begin(
    session: Session,
    actor: Actor,
    response: Response,
    basis: Basis,
    ground: str,
    requested_by: int | None = None,
) -> Publicity:
    """Makes a selection public from today for the track's working days."""
    rules = responses.rules_of(session, response)
    found = Publicity(
        response_id=response.id,
        listing_id=response.listing_id,
        state=PublicityState.RUNNING,
        basis=basis,
        requested_by=requested_by,
        ground=ground,
        started_at=clock.now(),
        ends=add_working_days(clock.today(), rules.publicity_days),
        objection_days=rules.objection_days,
    )
    found.listing, found.response = response.listing, response
    session.add(found)
    session.flush()
    _record(session, actor, found, "begun")
    until = clock.day_text(found.ends)
    tell_parties(session, found, "选定结果开始公示", f"公示到 {until} 24:00，其间接受异议。")
    return found


def request(session: Session, actor: Actor, agreement: Agreement, ground: str) -> Publicity:
    """A party asks for it by its own rule, such as 协议定价. The caller holds the agreement's
    lock; Conflict once it is public already or agreed."""
    if not actor.can(Permission.LISTING_RESPOND) or agreement.side_of(actor) is None:
        raise Forbidden("只有协议各方可以申请公示。")
    if not actor.acts_in(agreement.line):
        raise Forbidden("您的经办范围不含这条业务线，请联系本单位管理员调整。")
    ground = " ".join(ground.split())
    if not ground:
        raise Invalid({"ground": "请写明依据，例如“本校成果协议定价公示”，会显示在公示页上。"})
    if len(ground) > GROUND_LIMIT:
        raise Invalid({"ground": f"最多 {GROUND_LIMIT} 字，现在 {len(ground)} 字。"})
    if agreement.state not in (AgreementState.DRAFT, AgreementState.CONFIRMING):
        raise Conflict("协议已成立或已结束，不能再公示。")
    if queries.of_response(session, agreement.response_id) is not None:
        raise Conflict("这次选定已经公示。")
    response = session.get_one(Response, agreement.response_id)
    return begin(session, actor, response, Basis.REQUEST, ground, actor.organisation_id)


def barrier(session: Session, agreement: Agreement) -> str:
    """Why an agreement cannot be confirmed yet; "" when its publicity is over or none is asked."""
    found = queries.of_response(session, agreement.response_id)
    if found is None or found.state is PublicityState.ENDED:
        return ""
    if clock.today() <= found.ends:
        return f"选定结果公示到 {clock.day_text(found.ends)}，公示结束且异议处理完才能确认。"
    number = queries.undecided(session, found.id)
    if number:
        return f"公示期已满，还有 {number} 件异议在处理，处理完才能确认。"
    return "公示期已满，平台正在办结公示，请稍后再确认。"


def selection_undone(session: Session, _actor: Actor, response: Response) -> None:
    """The selection ended otherwise: nothing is public any more."""
    found = queries.of_response(session, response.id)
    if found is None:
        return
    PUBLICITY.apply("lapse", found, SYSTEM)
    found.closed_at = found.closed_at or clock.now()
    close_objections(session, found)
    _record(session, SYSTEM, found, "lapse")


def close_objections(session: Session, found: Publicity) -> None:
    """What is still open has lost its object; the objectors are told."""
    for each in found.objections:
        if each.state is ObjectionState.OPEN:
            OBJECTION.apply("lapse", each, SYSTEM)
            each.decided_at, each.reason = clock.now(), "选定已撤销，公示终止。"
            notices.tell(
                session, [each.user_id], f"公示已终止：{found.listing.code}",
                f"/objections/{each.id}", each.reason,
            )  # fmt: skip


def run_clock(session: Session, limit: int = 200) -> int:
    """Ends what is over with nothing undecided; reminds operators of objections that are late.
    Returns how many moved."""
    today, moved = clock.today(), 0
    due = session.scalars(
        select(Publicity.id)
        .where(Publicity.state == PublicityState.RUNNING, Publicity.ends < today)
        .order_by(Publicity.ends, Publicity.id)
        .limit(limit)
    ).all()
    for publicity_id in due:
        found = queries.publicity(session, publicity_id, lock=True)
        if found.state is PublicityState.RUNNING and not queries.undecided(session, found.id):
            _end(session, found)
            moved += 1
    late = session.scalars(
        select(Objection)
        .where(
            Objection.state == ObjectionState.OPEN, Objection.due < today, Objection.escalated == 0
        )
        .limit(limit)
        .with_for_update(of=Objection, skip_locked=True)
    ).all()
    for each in late:
        each.escalated = 1
        moved += 1
        notices.tell(
            session, people.with_role(session, Role.OPERATOR),
            f"异议逾期未处理：{each.publicity.listing.code}", f"/objections/{each.id}",
            f"应在 {clock.day_text(each.due)} 前作出决定并说明理由。",
        )  # fmt: skip
    return moved


def _end(session: Session, found: Publicity) -> None:
    PUBLICITY.apply("end", found, SYSTEM)
    found.closed_at = clock.now()
    session.flush()
    _record(session, SYSTEM, found, "end")
    agreement = agreements.live_of(session, found.response_id, lock=True)
    if agreement is not None:
        renew(session, agreement)
    url = f"/agreements/{agreement.id}" if agreement else page(found)
    tell_parties(session, found, "公示结束，无异议成立", "可以确认协议了。", url)


def tell_parties(
    session: Session, found: Publicity, what: str, text: str = "", url: str = ""
) -> None:
    """Tells both sides; the title names the listing alone."""
    for organisation_id in sorted(found.party_ids):
        notices.tell_organisation(
            session, organisation_id, Line.TECHNOLOGY, f"{what}：{found.listing.title}",
            url or page(found), text,
        )  # fmt: skip


def _record(session: Session, actor: Actor, found: Publicity, name: str) -> None:
    audit.record(
        session, actor, f"publicity.{name}", "publicity", found.id,
        organisation_id=found.response.issuer_id, after=found.state.value,
        listing=found.listing.code,
    )  # fmt: skip

"""Which specialist serves whom: one at a time, no more than the rule allows, history kept."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.errors import Conflict, Forbidden, Invalid
from jiebang.core.permissions import Actor, Permission
from jiebang.core.sides import Holder
from jiebang.orgs import queries as orgs
from jiebang.orgs.notices import services as notices

from .. import queries
from ..filling import services as filling
from ..models import CAP_LIMIT, Assignment, Introduction, SpecialistRule
from .telling import page, record, title

REASON_LIMIT = 500
SOURCE_LIMIT = 500


def assign(
    session: Session,
    actor: Actor,
    organisation_id: int,
    specialist_id: int | None,
    reason: str = "",
) -> Assignment | None:
    """Gives an organisation its specialist; None takes the present one away.

    A hand-over needs a reason: what the next one should know. What runs on the organisation's
    behalf goes along, what is past stays where it was written.
    """
    if not actor.can(Permission.SPECIALISTS_ASSIGN):
        raise Forbidden("只有运营人员可以分派服务专员。")
    organisation = orgs.organisation(session, organisation_id, lock=True)
    present = queries.running(session, organisation_id)
    reason = reason.replace("\r\n", "\n").strip()
    if present is None and specialist_id is None:
        raise Conflict("这家单位现在没有服务专员。")
    if present is not None:
        if present.specialist_id == specialist_id:
            raise Conflict("这位专员已经在服务这家单位。")
        if not reason:
            raise Invalid({"reason": "请写明为什么交接、接手的人要知道什么。"})
        if len(reason) > REASON_LIMIT:
            raise Invalid({"reason": f"最多 {REASON_LIMIT} 字，现在 {len(reason)} 字。"})
    if specialist_id is not None:
        _guard(session, specialist_id, organisation_id)
    if present is not None:
        present.ended_at, present.ended_by, present.reason = clock.now(), actor.user_id, reason
        session.flush()  # the index allows one that runs
        notices.tell(
            session,
            [present.specialist_id],
            f"您不再服务{organisation.name}",
            "/brokering/",
            reason,
        )
    made = None
    if specialist_id is not None:
        made = Assignment(
            organisation_id=organisation_id,
            specialist_id=specialist_id,
            assigned_by=actor.user_id,
            since=clock.now(),
        )
        session.add(made)
        session.flush()
        notices.tell(
            session, [specialist_id], f"您开始服务{organisation.name}",
            f"/brokering/organisations/{organisation_id}", reason,
        )  # fmt: skip
        name = queries.specialist(session, specialist_id).display_name
        notices.tell_organisation(
            session, organisation_id, None, f"贵单位的服务专员是{name}", "/introductions/"
        )
    for found in queries.moved_with(session, organisation_id):
        _hand(session, actor, found, specialist_id)
    filling.hand_over(session, actor, organisation_id, specialist_id)
    audit.record(
        session, actor,
        "specialist.released" if made is None
        else "specialist.handed_over" if present else "specialist.assigned",
        "organisation", organisation_id, organisation_id=organisation_id,
        specialist=specialist_id, former=present.specialist_id if present else None,
    )  # fmt: skip
    return made


def _guard(session: Session, specialist_id: int, organisation_id: int) -> None:
    person = queries.specialist(session, specialist_id, lock=True)
    if queries.is_member(session, specialist_id, [organisation_id]):
        raise Conflict(f"{person.display_name}是这家单位的成员，不能兼任它的服务专员。")
    rule, load = queries.rule(session), queries.load(session, specialist_id)
    if load >= rule.load_cap:
        raise Conflict(
            f"{person.display_name}已服务 {load} 家，达到每人 {rule.load_cap} 家的上限；"
            "请选择其他专员，或先调整上限。"
        )


def give_to(session: Session, actor: Actor, found: Introduction, specialist_id: int) -> None:
    """The operator gives one introduction to a specialist, whoever serves the organisations."""
    if not actor.can(Permission.SPECIALISTS_ASSIGN):
        raise Forbidden("只有运营人员可以指派专员。")
    if found.holder is None:
        raise Conflict("这次引荐已经办结。")
    if found.specialist_id == specialist_id:
        raise Conflict("这次引荐已经由这位专员办理。")
    person = queries.specialist(session, specialist_id)
    if queries.is_member(session, specialist_id, [found.issuer_id, found.organisation_id]):
        raise Conflict(f"{person.display_name}是其中一方的成员，请指派其他专员。")
    _hand(session, actor, found, specialist_id)


def _hand(session: Session, actor: Actor, found: Introduction, specialist_id: int | None) -> None:
    """The work changes hands; the day that the sides were promised stays."""
    if specialist_id is not None and queries.is_member(
        session, specialist_id, [found.issuer_id, found.organisation_id]
    ):
        specialist_id = None  # nobody introduces their own organisation
    if found.specialist_id == specialist_id:
        return
    found.specialist_id = specialist_id
    if found.holder in (Holder.SPECIALIST, Holder.OPERATOR):
        found.holder = Holder.SPECIALIST if specialist_id is not None else Holder.OPERATOR
        found.escalated = 0
    found.changed_at = clock.now()
    record(session, actor, found, "handed", specialist=specialist_id)
    if specialist_id is not None and specialist_id != actor.user_id:
        notices.tell(session, [specialist_id], f"转您引荐：{title(found.listing)}", page(found))


def change_rule(
    session: Session, actor: Actor, cap: str, source: str, *, verified: bool
) -> SpecialistRule:
    """A new version of the load cap, valid from today; nothing that is assigned changes."""
    if not actor.can(Permission.SPECIALISTS_ASSIGN):
        raise Forbidden("只有运营人员可以调整服务上限。")
    errors, source, number = {}, source.strip(), 0
    if cap.strip().isascii() and cap.strip().isdigit() and len(cap.strip()) <= 3:
        number = int(cap)
    if not 1 <= number <= CAP_LIMIT:
        errors["cap"] = f"请填 1 到 {CAP_LIMIT} 之间的整数。"
    if not source:
        errors["source"] = "请写明依据：文件名称、文号，或本市的决定。"
    elif len(source) > SOURCE_LIMIT:
        errors["source"] = f"最多 {SOURCE_LIMIT} 字，现在 {len(source)} 字。"
    if errors:
        raise Invalid(errors)
    last = session.scalar(select(func.max(SpecialistRule.number))) or 0
    made = SpecialistRule(
        number=last + 1,
        valid_from=clock.today(),
        load_cap=number,
        source=source,
        verified=verified,
        created_by=actor.user_id,
        created_at=clock.now(),
    )
    session.add(made)
    audit.record(
        session, actor, "specialist.rule", "specialist_rule", made.number, cap=number,
        verified=verified,
    )  # fmt: skip
    return made

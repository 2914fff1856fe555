"""奖补拨付: a party proposes by a rule in use, an operator approves and records the payment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.money import money_text
from jiebang.core.permissions import Actor, Permission

from ...grants import queries as tables
from ...grants.compute import Outcome, compute
from ...grants.models import GrantTable, GrantVersion
from ...grants.rules import Input, Rules, When
from .. import queries
from ..models import GrantPayment, Project
from ..workflow import GRANT_PAYMENT, GRANTING, GrantState, InstalmentState, ProjectState, Turn
from .steps import (
    days,
    hand,
    note,
    paid_day,
    refresh,
    sentence,
    tell_both,
    tell_platform,
    voucher_of,
)

KNOWN = frozenset({Input.AGREEMENT, Input.SOLVER_DUE})
"""Inputs that the project itself says."""


def known_inputs(session: Session, found: Project) -> dict[Input, int]:
    """The agreed total, and what of it is or will be due to the solver."""
    due = sum(
        each.amount
        for each in queries.instalments(session, found.id)
        if each.state is not InstalmentState.VOID
    )
    return {Input.AGREEMENT: found.total, Input.SOLVER_DUE: due}


def asked_inputs(rules: Rules) -> list[Input]:
    """What a person has to fill in."""
    return [each for each in rules.inputs if each not in KNOWN]


def offers(session: Session, found: Project) -> list[tuple[GrantTable, GrantVersion, str]]:
    """Tables in use with the instalments that fall due now and were not proposed yet."""
    if found.state not in (ProjectState.RUNNING, ProjectState.ACCEPTING, ProjectState.SETTLING):
        return []
    live = {
        (each.table_id, each.name)
        for each in queries.grants(session, found.id)
        if each.state in (*GRANTING, GrantState.PAID)
    }
    return [
        (table, version, row.name)
        for table, version in tables.in_use(session, clock.today())
        for row in version.parsed().instalments
        if (table.id, row.name) not in live
        and (row.when is When.START or found.accepted_at is not None)
    ]


def preview(
    session: Session, found: Project, version: GrantVersion, given: Mapping[Input, int]
) -> Outcome:
    """What the version grants this project; Invalid names missing inputs."""
    already = {
        each.name: each.amount
        for each in queries.grants(session, found.id)
        if each.table_id == version.table_id and each.state in (*GRANTING, GrantState.PAID)
    }
    inputs = {**given, **known_inputs(session, found)}
    return compute(version.parsed(), inputs, already)


def propose(
    session: Session,
    actor: Actor,
    found: Project,
    table_id: int,
    name: str,
    given: Mapping[Input, int],
) -> GrantPayment:
    """Proposes an instalment of a table in use. The caller holds the project's lock."""
    if found.side_of(actor) is None or not actor.can(Permission.LISTING_RESPOND):
        raise Forbidden("“申请奖补”由项目双方办理。")
    version = next(
        (v for t, v, row in offers(session, found) if t.id == table_id and row == name), None
    )
    if version is None:
        raise Conflict("这一笔现在不能申请：规则未启用、未到时点，或已经申请过。")
    outcome = preview(session, found, version, given)
    failed = [each.text for each in outcome.checks if not each.holds]
    if failed:
        raise Invalid({"": f"不符合条件：{'；'.join(failed)}。"})
    line = outcome.line(name)
    if line is None or line.amount <= 0:
        raise Invalid({"": "按规则计算为 0，不用申请。"})
    inputs = {**given, **known_inputs(session, found)}
    made = GrantPayment(
        project_id=found.id,
        version_id=version.id,
        table_id=table_id,
        name=name,
        amount=line.amount,
        inputs={each.value: inputs[each] for each in version.parsed().inputs},
        steps=[each.text for each in outcome.checks] + line.steps + line.capped,
        state=GrantState.PROPOSED,
        proposed_by=actor.user_id,
        proposed_at=clock.now(),
    )
    made.project = found
    hand(made, Turn.OPERATOR, days(found.rules.pay_days))
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        raise Conflict("这一笔刚刚已经申请过，请刷新页面。") from error
    note(session, actor, found, "propose", f"申请奖补 {money_text(line.amount)}：{name}",
         target=("grant_payment", made.id), money=line.amount)  # fmt: skip
    tell_platform(session, found, "请核定奖补")
    refresh(session, found)
    return made


def decide(
    session: Session, actor: Actor, found: GrantPayment, name: str, reason: str = ""
) -> None:
    """An operator who is no party approves, or refuses with a sentence. The caller holds the
    project's lock."""
    if name not in ("approve", "refuse"):
        raise NotFound
    if refusal := GRANT_PAYMENT.refusal(name, found, actor):
        raise refusal
    if name == "approve" and found.proposed_by == actor.user_id:
        raise Conflict("申请和核定不能是同一个人，请由其他运营人员核定。")
    reason = sentence(reason) if name == "refuse" else ""
    label = GRANT_PAYMENT.apply(name, found, actor).label
    found.reason = reason
    if name == "approve":
        hand(found, Turn.OPERATOR, days(found.project.rules.pay_days))
    else:
        found.decided_at = clock.now()
        hand(found, None)
    _told(session, actor, found, name, label, reason)


def pay(
    session: Session, actor: Actor, found: GrantPayment, day: date | None, voucher: str = ""
) -> None:
    """An operator records that the money went out. The caller holds the project's lock."""
    if refusal := GRANT_PAYMENT.refusal("pay", found, actor):
        raise refusal
    day, voucher = paid_day(found.project, day), voucher_of(voucher)
    label = GRANT_PAYMENT.apply("pay", found, actor).label
    found.paid_on, found.voucher, found.decided_at = day, voucher, clock.now()
    hand(found, None)
    _told(session, actor, found, "pay", label, "")


def _told(
    session: Session, actor: Actor, found: GrantPayment, name: str, label: str, reason: str
) -> None:
    words = f"奖补{label} {money_text(found.amount)}：{found.name}"
    note(session, actor, found.project, name, words, reason, target=("grant_payment", found.id),
         after=found.state.value)  # fmt: skip
    tell_both(session, found.project, words, actor, reason)
    refresh(session, found.project)

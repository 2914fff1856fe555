"""The one extension, and an early end: one party asks, the other agrees or says why not."""

from __future__ import annotations

import calendar
from datetime import date

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import SYSTEM, Actor, Permission

from .. import queries
from ..models import (
    TERMINATION_LABELS,
    Project,
    Request,
    RequestKind,
    TerminationReason,
)
from ..workflow import (
    ACCEPTANCE,
    GRANT_PAYMENT,
    GRANTING,
    INSTALMENT,
    MILESTONE,
    PROJECT,
    REQUEST,
    UNDECIDED,
    UNJUDGED,
    UNSETTLED,
    InstalmentState,
    MilestoneState,
    ProjectState,
    RequestState,
    Turn,
)
from .checking import lapse
from .steps import days, hand, note, refresh, sentence, tell, tell_both, tell_platform

LONGEST = 12
"""Months that the one extension may have."""
KIND_LABELS = {RequestKind.EXTENSION: "延期", RequestKind.TERMINATION: "终止"}


def add_months(day: date, number: int) -> date:
    """The same day so many months later, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def ask(
    session: Session,
    actor: Actor,
    found: Project,
    kind: RequestKind,
    reason: str,
    *,
    months: int | None = None,
    code: str = "",
) -> Request:
    """Asks the other side. The caller holds the project's lock. Invalid for what is missing,
    Conflict where it cannot be asked any more."""
    side = found.side_of(actor)
    if side is None or not actor.can(Permission.LISTING_RESPOND):
        raise Forbidden(f"{KIND_LABELS[kind]}由项目双方提出。")
    if not actor.acts_in(found.line):
        raise Forbidden("您的经办范围不含这条业务线，请联系本单位管理员调整。")
    _may(found, kind)
    errors = {}
    picked = next((each for each in TerminationReason if each.value == code), None)
    if kind is RequestKind.TERMINATION and picked is None:
        errors["code"] = "请选择一个原因。"
    if kind is RequestKind.EXTENSION and not 1 <= (months or 0) <= LONGEST:
        errors["months"] = f"延期 1 到 {LONGEST} 个月，只能延一次。"
    try:
        reason = sentence(reason)
    except Invalid as error:
        errors |= error.errors
    if errors:
        raise Invalid(errors)
    extension = kind is RequestKind.EXTENSION
    made = Request(
        project_id=found.id,
        kind=kind,
        state=RequestState.ASKED,
        asker=side,
        months=(months or 0) if extension else 0,
        reason_code=None if extension else picked,
        reason=reason,
        asked_at=clock.now(),
    )
    made.project = found
    hand(made, Turn(side.other.value), days(found.rules.pay_days))
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        raise Conflict(f"已经有一个{KIND_LABELS[kind]}请求在等待答复。") from error
    words = f"提出延期 {months} 个月" if extension else "提出终止项目"
    note(session, actor, found, "ask", words, reason, target=("request", made.id),
         kind=kind.value)  # fmt: skip
    tell(session, found, side.other, f"对方{words}，请答复", actor, reason)
    return made


def _may(found: Project, kind: RequestKind) -> None:
    if kind is RequestKind.EXTENSION:
        if found.state is not ProjectState.RUNNING:
            raise Conflict("项目不在实施中，不能延期。")
        if found.extended_months:
            raise Conflict(f"已经延期过一次（{found.extended_months} 个月），不能再延。")
    elif refusal := PROJECT.refusal("terminate", found, SYSTEM):
        raise refusal


def answer(session: Session, actor: Actor, found: Request, name: str, reason: str = "") -> None:
    """The other side agrees or refuses (with a sentence), or the asker withdraws. A refused
    termination goes to an operator, who mediates and decides (`mediate`). The caller holds the
    project's lock: of an extension and a termination at once, both end right."""
    if name not in ("agree", "refuse", "object", "withdraw"):
        raise NotFound
    if name == "refuse" and found.kind is RequestKind.TERMINATION:
        name = "object"
    if refusal := REQUEST.refusal(name, found, actor):
        raise refusal
    project, what = found.project, KIND_LABELS[found.kind]
    reason = sentence(reason) if name in ("refuse", "object") else ""
    if name == "agree":
        _may(project, found.kind)
    label = REQUEST.apply(name, found, actor).label
    found.answered_at, found.answer = clock.now(), reason or found.answer
    if found.state is RequestState.MEDIATING:
        hand(found, Turn.OPERATOR, days(project.rules.objection_days))
    else:
        hand(found, None)
    words = "不同意终止，交平台协调" if name == "object" else f"{label}{what}"
    note(session, actor, project, name, words, reason, target=("request", found.id),
         kind=found.kind.value)  # fmt: skip
    if name != "withdraw":
        tell(session, project, found.asker, f"对方{words}", actor, reason)
    if name == "agree":
        if found.kind is RequestKind.EXTENSION:
            _extend(session, project, found.months)
        else:
            _terminate(session, actor, project, found)
    elif name == "object":
        tell_platform(session, project, "双方对终止有分歧，请协调")
    refresh(session, project)


def mediate(session: Session, actor: Actor, found: Request, name: str, reason: str) -> None:
    """An operator's decision on a termination that the other side refused: "end" or "go_on", with
    a sentence that both sides read. The caller holds the project's lock."""
    if name not in ("end", "go_on"):
        raise NotFound
    if refusal := REQUEST.refusal(name, found, actor):
        raise refusal
    project = found.project
    reason = sentence(reason)
    if name == "end":
        _may(project, found.kind)
    label = REQUEST.apply(name, found, actor).label
    found.ruling = reason
    hand(found, None)
    note(session, actor, project, name, label, reason, target=("request", found.id),
         kind=found.kind.value)  # fmt: skip
    tell_both(session, project, f"平台{label}", actor, reason)
    if name == "end":
        _terminate(session, actor, project, found)
    refresh(session, project)


def _extend(session: Session, project: Project, months: int) -> None:
    project.extended_months = months
    project.planned_end = add_months(project.planned_end, months)
    for each in queries.milestones(session, project.id):
        if each.state is MilestoneState.DUE:
            each.planned = add_months(each.planned, months)
            hand(each, Turn.SOLVER, each.planned)


def _terminate(session: Session, actor: Actor, project: Project, request: Request) -> None:
    """Ends what waits; what is payable already stays payable."""
    assert request.reason_code is not None
    words = TERMINATION_LABELS[request.reason_code]
    PROJECT.apply("terminate", project, SYSTEM)
    project.reason_code, project.reason = request.reason_code, request.reason
    project.ended_at, project.holder, project.until = clock.now(), None, None
    for milestone in queries.milestones(session, project.id):
        if milestone.state in UNJUDGED:
            MILESTONE.apply("lapse", milestone, SYSTEM)
            milestone.decided_at = clock.now()
            hand(milestone, None)
            lapse(session, milestone)
    for instalment in queries.instalments(session, project.id):
        if instalment.state is InstalmentState.PLANNED:
            INSTALMENT.apply("void", instalment, SYSTEM)
            instalment.reason = "项目终止"
    for acceptance in queries.acceptances(session, project.id):
        if acceptance.state in UNDECIDED:
            ACCEPTANCE.apply("lapse", acceptance, SYSTEM)
            acceptance.decided_at = clock.now()
            hand(acceptance, None)
    for other in queries.requests(session, project.id):
        if other.state in UNSETTLED:
            REQUEST.apply("lapse", other, SYSTEM)
            other.answered_at = clock.now()
            hand(other, None)
    for grant in queries.grants(session, project.id):
        if grant.state in GRANTING:
            GRANT_PAYMENT.apply("lapse", grant, SYSTEM)
            grant.decided_at = clock.now()
            hand(grant, None)
    note(session, actor, project, "terminate", f"项目终止：{words}", request.reason,
         code=request.reason_code.value)  # fmt: skip
    tell_both(session, project, "项目已终止", actor, words)

"""Acceptance: each indicator of the need answered by a measured value, then a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from jiebang.boards.agreements.models import Agreement
from jiebang.boards.responses.models import Response
from jiebang.core import clock
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import SYSTEM, Actor, Permission
from jiebang.core.uploads import Received

from .. import queries
from ..models import Acceptance, AcceptanceAnswer, Measured, Project
from ..workflow import (
    ACCEPTANCE,
    MILESTONE,
    PROJECT,
    REQUEST,
    UNJUDGED,
    UNSETTLED,
    AcceptanceState,
    MilestoneState,
    Party,
    ProjectState,
    Turn,
)
from .steps import (
    attach,
    days,
    hand,
    note,
    refresh,
    release,
    sentence,
    tell,
    tell_platform,
)

SUMMARY_LIMIT = 3000
MEASURED_LIMIT = 100
HOW_LIMIT = 300
LONGEST = timedelta(days=365)
"""How far away the date of a condition may be."""
DECIDE = ("pass", "recommend", "condition", "fail", "confirm", "send_back")
WORDS = {
    "pass": "验收通过",
    "recommend": "验收已提交平台确认",
    "condition": "有条件通过，请按期补充",
    "fail": "验收未通过",
    "confirm": "平台确认验收通过",
    "send_back": "验收退回委托方重新评定",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What was typed to one indicator."""

    measured: str
    verdict: str
    how: str


def indicators(session: Session, found: Project) -> list[tuple[str, str]]:
    """Names and targets as they stood when the response was filed."""
    agreement = session.get_one(Agreement, found.agreement_id)
    response = session.get_one(Response, agreement.response_id)
    return [(each.name, each.target) for each in response.answers]


def ready(session: Session, found: Project) -> str:
    """Why acceptance cannot be filed now; "" when it can."""
    if found.state is not ProjectState.RUNNING:
        return "项目不在实施中，不能提交验收。"
    left = [
        each
        for each in queries.milestones(session, found.id)
        if each.state in UNJUDGED and not each.final
    ]
    if left:
        return f"还有 {len(left)} 个里程碑没有结论（{left[0].label}），全部评定后再提交验收。"
    return ""


def file(
    session: Session,
    actor: Actor,
    found: Project,
    summary: str,
    answers: Sequence[Answer],
    received: Sequence[Received],
    folder: Path,
    limit: int,
) -> Acceptance:
    """Hands in the acceptance. The caller holds the project's lock. Invalid names what is missing,
    Conflict what must come before."""
    if not actor.can(Permission.LISTING_RESPOND) or found.side_of(actor) is not Party.SOLVER:
        raise Forbidden("“提交验收”由实施方办理。")
    if not actor.acts_in(found.line):
        raise Forbidden("您的经办范围不含这条业务线，请联系本单位管理员调整。")
    if refused := ready(session, found):
        raise Conflict(refused)
    wanted = indicators(session, found)
    summary = _checked(summary, wanted, answers)
    number = len(queries.acceptances(session, found.id)) + 1
    made = Acceptance(
        project_id=found.id,
        number=number,
        state=AcceptanceState.FILED,
        summary=summary,
        filed_at=clock.now(),
        answers=[
            AcceptanceAnswer(
                position=position, name=name, target=target, measured=given.measured.strip(),
                verdict=Measured(given.verdict), how=given.how.strip(),
            )
            for position, ((name, target), given) in enumerate(zip(wanted, answers, strict=True))
        ],
    )  # fmt: skip
    made.project = found
    hand(made, Turn.CLIENT, days(found.rules.judge_days))
    session.add(made)
    session.flush()
    if received:
        attach(session, actor, found, "", received, folder, limit, acceptance=made.id)
    PROJECT.apply("begin_acceptance", found, SYSTEM)
    note(session, actor, found, "file", "提交验收", target=("acceptance", made.id),
         number=number, files=len(received))  # fmt: skip
    tell(session, found, Party.CLIENT, "请验收", actor)
    refresh(session, found)
    return made


def _checked(summary: str, wanted: Sequence[tuple[str, str]], answers: Sequence[Answer]) -> str:
    errors = {}
    summary = summary.replace("\r\n", "\n").strip()
    if not summary:
        errors["summary"] = "请写明完成情况。"
    elif len(summary) > SUMMARY_LIMIT:
        errors["summary"] = f"最多 {SUMMARY_LIMIT} 字，现在 {len(summary)} 字。"
    if len(answers) != len(wanted):
        raise Invalid({"": "指标数目已变化，请刷新页面后再填写。"})
    for position, ((name, _), given) in enumerate(zip(wanted, answers, strict=True)):
        if not given.measured.strip():
            errors[f"measured-{position}"] = f"请填写“{name}”的实测值。"
        elif len(given.measured.strip()) > MEASURED_LIMIT:
            errors[f"measured-{position}"] = f"实测值最多 {MEASURED_LIMIT} 字。"
        if given.verdict not in {each.value for each in Measured}:
            errors[f"verdict-{position}"] = f"请选择“{name}”是否达到。"
        elif given.verdict != Measured.MET.value and not given.how.strip():
            errors[f"how-{position}"] = f"请说明“{name}”差在哪里。"
        if len(given.how.strip()) > HOW_LIMIT:
            errors[f"how-{position}"] = f"最多 {HOW_LIMIT} 字，现在 {len(given.how.strip())} 字。"
    if errors:
        raise Invalid(errors)
    return summary


def decide(
    session: Session,
    actor: Actor,
    found: Acceptance,
    name: str,
    reason: str = "",
    by: date | None = None,
) -> None:
    """One of DECIDE. "condition" takes the list of what is missing as its reason, and a date.

    The caller holds the project's lock.
    """
    if name not in DECIDE:
        raise NotFound
    if refusal := ACCEPTANCE.refusal(name, found, actor):
        raise refusal
    project, rules = found.project, found.project.rules
    reason = sentence(reason) if name in ("condition", "fail", "send_back") else ""
    if name == "condition":
        if by is None or not clock.today() < by <= clock.today() + LONGEST:
            raise Invalid({"by": "请填写补充的期限：从明天起，一年以内。"})
        found.conditions, found.conditions_by = reason, by
    label = ACCEPTANCE.apply(name, found, actor).label
    found.reason = reason
    if found.state is AcceptanceState.PASSED:
        found.decided_at = project.accepted_at = clock.now()
        hand(found, None)
        PROJECT.apply("accept", project, SYSTEM)
        _conclude(session, project)
    elif found.state is AcceptanceState.FAILED:
        found.decided_at = clock.now()
        hand(found, None)
        PROJECT.apply("resume", project, SYSTEM)
        project.planned_end = max(project.planned_end, days(rules.rectify_days))
    elif found.state is AcceptanceState.CONDITIONAL:
        hand(found, Turn.SOLVER, by)
    elif found.state is AcceptanceState.CHECKING:
        hand(found, Turn.OPERATOR, days(rules.judge_days))
        tell_platform(session, project, "请确认验收")
    else:
        hand(found, Turn.CLIENT, days(rules.judge_days))
    note(session, actor, project, name, label, reason, target=("acceptance", found.id),
         after=found.state.value)  # fmt: skip
    for party in Party:
        if project.side_of(actor) is not party:
            tell(session, project, party, WORDS[name], actor, reason)
    refresh(session, project)


def supplement(session: Session, actor: Actor, found: Acceptance, text: str) -> None:
    """What was done about the conditions; the client looks once more."""
    if refusal := ACCEPTANCE.refusal("supplement", found, actor):
        raise refusal
    text = sentence(text, limit=SUMMARY_LIMIT)
    ACCEPTANCE.apply("supplement", found, actor)
    found.supplement = text
    hand(found, Turn.CLIENT, days(found.project.rules.judge_days))
    note(session, actor, found.project, "supplement", "补充验收材料", text,
         target=("acceptance", found.id))  # fmt: skip
    tell(session, found.project, Party.CLIENT, "请复核验收补充", actor)
    refresh(session, found.project)


def _conclude(session: Session, project: Project) -> None:
    """The last milestone passes with the acceptance; its payment falls due."""
    for each in queries.milestones(session, project.id):
        if each.final and each.state is MilestoneState.DUE:
            MILESTONE.apply("conclude", each, SYSTEM)
            each.decided_at = clock.now()
            hand(each, None)
            release(session, each)
    for request in queries.requests(session, project.id):
        if request.state in UNSETTLED:
            REQUEST.apply("lapse", request, SYSTEM)
            request.answered_at = clock.now()
            hand(request, None)

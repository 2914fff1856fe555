"""What waits past its date, wherever on the platform it waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.boards.agreements.models import Agreement
from jiebang.boards.agreements.workflow import PENDING as AGREEING
from jiebang.boards.agreements.workflow import STATE_LABELS as AGREEMENT_STATES
from jiebang.boards.responses.models import Response
from jiebang.boards.responses.workflow import PENDING
from jiebang.boards.responses.workflow import STATE_LABELS as RESPONSE_STATES
from jiebang.boards.reviews import queries as reviews
from jiebang.boards.reviews.workflow import STATE_LABELS as REVIEW_STATES
from jiebang.boards.threads.models import Thread
from jiebang.boards.threads.workflow import LIVE, STATE_LABELS
from jiebang.brokering.filling import queries as filling
from jiebang.brokering.filling.models import Filling
from jiebang.brokering.filling.workflow import STATE_LABELS as FILLING_STATES
from jiebang.brokering.models import Introduction
from jiebang.brokering.workflow import LIVE as INTRODUCED
from jiebang.brokering.workflow import STATE_LABELS as INTRODUCTION_STATES
from jiebang.core import clock
from jiebang.core.sides import HOLDER_LABELS, Holder
from jiebang.orgs.models import Organisation
from jiebang.technology.projects import queries as projects
from jiebang.technology.projects.models import Project
from jiebang.technology.projects.words import what as project_wait
from jiebang.technology.projects.workflow import TURN_LABELS, Turn

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Wait:
    """One overdue wait."""

    what: str
    title: str
    code: str
    holder: str
    """The organisation, 服务专员, or 平台运营."""
    reach: str
    """Its contact as the organisation gave it to the platform."""
    other: str
    due: date

    @property
    def due_text(self) -> str:
        return clock.day_text(self.due)

    @property
    def days(self) -> int:
        """Calendar days since."""
        return (clock.today() - self.due).days


def overdue(session: Session) -> list[Wait]:
    """Every overdue wait, the oldest first."""
    found: list[tuple[str, Thread | Response | Introduction | Agreement]] = [
        (f"对接 · {STATE_LABELS[each.state]}", each)
        for each in session.scalars(
            select(Thread)
            .where(Thread.state.in_(LIVE), Thread.due < clock.today())
            .order_by(Thread.due, Thread.id)
            .limit(SHOWN)
        )
    ]
    found += [
        (f"揭榜 · {RESPONSE_STATES[each.state]}", each)
        for each in session.scalars(
            select(Response)
            .where(Response.state.in_(PENDING), Response.due < clock.today())
            .order_by(Response.due, Response.id)
            .limit(SHOWN)
        )
    ]
    found += [
        (f"专员引荐 · {INTRODUCTION_STATES[each.state]}", each)
        for each in session.scalars(
            select(Introduction)
            .where(Introduction.state.in_(INTRODUCED), Introduction.due < clock.today())
            .order_by(Introduction.due, Introduction.id)
            .limit(SHOWN)
        )
    ]
    found += [
        (f"协议 · {AGREEMENT_STATES[each.state]}", each)
        for each in session.scalars(
            select(Agreement)
            .where(Agreement.state.in_(AGREEING), Agreement.due < clock.today())
            .order_by(Agreement.due, Agreement.id)
            .limit(SHOWN)
        )
    ]
    fillings = list(filling.overdue(session, clock.today(), SHOWN))
    running = projects.overdue(session, clock.today(), SHOWN)
    wanted = {each.issuer_id for _, each in found} | {each.organisation_id for _, each in found}
    wanted |= {each.organisation_id for each in fillings}
    wanted |= {row for each in running for row in _project(each).party_ids}
    known = {
        row.id: row
        for row in session.scalars(select(Organisation).where(Organisation.id.in_(wanted)))
    }
    waits = [_wait(what, each, known) for what, each in found]
    waits += [
        Wait(
            what=f"专家评审 · {REVIEW_STATES[part.state]}",
            title=part.panel.listing.title,
            code=part.panel.listing.code,
            holder=f"专家 {name}",
            reach="",
            other="平台运营",
            due=part.due,
        )
        for part, name in reviews.overdue(session, SHOWN)
    ]
    waits += [_filling(each, known) for each in fillings]
    waits += [_running(each, known) for each in running]
    return sorted(waits, key=lambda wait: wait.due)[:SHOWN]


def _filling(each: Filling, known: dict[int, Organisation]) -> Wait:
    assert each.due is not None and each.holder is not None
    firm = known[each.organisation_id]
    waits = each.holder is Holder.RESPONDER
    return Wait(
        what=f"专员代填 · {FILLING_STATES[each.state]}",
        title="代填的内容",  # a draft's title is its organisation's and its specialist's alone
        code=each.listing.code if each.listing else each.board.label,
        holder=firm.name if waits else HOLDER_LABELS[each.holder],
        reach=" ".join(filter(None, (firm.contact_name, firm.contact_phone))) if waits else "",
        other="服务专员" if waits else firm.name,
        due=each.due,
    )


def _project(each: projects.Waiting | Project) -> Project:
    return each if isinstance(each, Project) else each.project


def _running(each: projects.Waiting | Project, known: dict[int, Organisation]) -> Wait:
    assert each.until is not None and each.holder is not None
    project = _project(each)
    firms = {
        Turn.CLIENT: known[project.client_id],
        Turn.SOLVER: known[project.solver_id],
    }
    firm = firms.get(each.holder)
    other = firms[Turn.CLIENT if each.holder is Turn.SOLVER else Turn.SOLVER]
    said = "计划完成日已过，待提交验收" if isinstance(each, Project) else project_wait(each)
    return Wait(
        what=f"项目 · {said}",
        title=project.listing.title,
        code=project.listing.code,
        holder=firm.name if firm else TURN_LABELS[each.holder],
        reach=" ".join(filter(None, (firm.contact_name, firm.contact_phone))) if firm else "",
        other=other.name,
        due=each.until,
    )


def _wait(
    what: str, each: Thread | Response | Introduction | Agreement, known: dict[int, Organisation]
) -> Wait:
    assert each.due is not None
    issuer, responder = known[each.issuer_id], known[each.organisation_id]
    holder = {Holder.ISSUER: issuer, Holder.RESPONDER: responder}.get(each.holder or Holder.ISSUER)
    other = issuer if each.holder is Holder.RESPONDER else responder
    return Wait(
        what=what,
        title=each.listing.title,
        code=each.listing.code,
        holder=holder.name if holder else HOLDER_LABELS[each.holder or Holder.OPERATOR],
        reach=" ".join(filter(None, (holder.contact_name, holder.contact_phone))) if holder else "",
        other=other.name,
        due=each.due,
    )

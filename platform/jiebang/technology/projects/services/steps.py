"""What every step in a project writes: who has the ball, its event, the audit, the notice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiebang.core import audit, clock, uploads
from jiebang.core.errors import Invalid
from jiebang.core.permissions import SYSTEM, Actor, Role
from jiebang.core.uploads import Received, UploadRefused
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices import queries as people
from jiebang.orgs.notices import services as notices

from .. import queries
from ..models import Evidence, Milestone, Project, ProjectEvent, ProjectInstalment
from ..queries import Waiting
from ..workflow import (
    GRANTING,
    INSTALMENT,
    PARTY_LABELS,
    PROJECT,
    UNPAID,
    InstalmentState,
    Party,
    ProjectState,
    Turn,
)

TEXT_LIMIT = 3000
REASON_LIMIT = 500
VOUCHER_LIMIT = 60
FILES_LIMIT = 60
"""Files in one project."""


def page(found: Project) -> str:
    """The path of a project's page."""
    return f"/projects/{found.id}"


def hand(part: Waiting, holder: Turn | None, until: date | None = None) -> None:
    """Sets who has the ball and until when; nobody, once it has ended."""
    part.holder, part.until, part.escalated = holder, until, 0


def days(number: int) -> date:
    """The day so many working days from today."""
    return add_working_days(clock.today(), number)


def note(
    session: Session,
    actor: Actor,
    found: Project,
    name: str,
    label: str,
    reason: str = "",
    *,
    who: str = "",
    target: tuple[str, int] | None = None,
    **facts: object,
) -> None:
    """Adds the step to the project's page and to the audit; the reason stays out of the audit."""
    side = found.side_of(actor)
    session.add(
        ProjectEvent(
            project_id=found.id,
            at=clock.now(),
            label=label,
            who=who or (PARTY_LABELS[side] if side else "平台"),
            reason=reason,
        )
    )
    kind, key = target or ("project", found.id)
    audit.record(
        session, actor, f"{kind}.{name}", kind, key,
        organisation_id=actor.organisation_id, project=found.id, **facts,
    )  # fmt: skip


def tell(
    session: Session, found: Project, party: Party, what: str, actor: Actor, text: str = ""
) -> None:
    """Tells a side's organisations; the title names the listing, never the other side."""
    for organisation_id in found.ids_of(party):
        notices.tell_organisation(
            session, organisation_id, found.line, f"{what}：{found.listing.title}", page(found),
            text, but=actor,
        )  # fmt: skip


def tell_both(session: Session, found: Project, what: str, actor: Actor, text: str = "") -> None:
    """Tells both sides."""
    for party in Party:
        tell(session, found, party, what, actor, text)


def tell_platform(session: Session, found: Project, what: str) -> None:
    """Tells the operators that something waits for them."""
    operators = people.with_role(session, Role.OPERATOR)
    notices.tell(session, operators, f"{what}：{found.listing.title}", page(found))


def sentence(text: str, name: str = "reason", *, limit: int = REASON_LIMIT) -> str:
    """A text that must be there; Invalid says what is wrong."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Invalid({name: "请写一句话说明，对方会看到。"})
    if len(text) > limit:
        raise Invalid({name: f"最多 {limit} 字，现在 {len(text)} 字。"})
    return text


def voucher_of(text: str) -> str:
    """A bank's number of a transfer."""
    text = text.strip()
    if len(text) > VOUCHER_LIMIT:
        raise Invalid({"voucher": f"凭证号最多 {VOUCHER_LIMIT} 字，现在 {len(text)} 字。"})
    return text


def paid_day(found: Project, day: date | None) -> date:
    """The day of a transfer: not before the project began, not in the future."""
    if day is None:
        raise Invalid({"paid_on": "请填写付款日期。"})
    if day > clock.today():
        raise Invalid({"paid_on": "付款日期不能晚于今天。"})
    if day < clock.to_beijing(found.started_at).date():
        raise Invalid({"paid_on": "付款日期不能早于项目开始的日期。"})
    return day


def attach(
    session: Session,
    actor: Actor,
    found: Project,
    text: str,
    received: Sequence[Received],
    folder: Path,
    limit: int,
    *,
    milestone: int | None = None,
    acceptance: int | None = None,
) -> None:
    """Keeps words and files as evidence; Invalid for what is not taken."""
    text = text.replace("\r\n", "\n").strip()
    if len(text) > TEXT_LIMIT:
        raise Invalid({"text": f"最多 {TEXT_LIMIT} 字，现在 {len(text)} 字。"})
    if not text and not received:
        raise Invalid({"text": "请写明交付了什么，或选择文件。"})
    kept = session.scalar(
        select(func.count())
        .select_from(Evidence)
        .where(Evidence.project_id == found.id, Evidence.upload_id.is_not(None))
    )
    if (kept or 0) + len(received) > FILES_LIMIT:
        raise Invalid({"file": f"一个项目最多 {FILES_LIMIT} 个文件，现在已有 {kept} 个。"})
    values = {
        "project_id": found.id, "milestone_id": milestone, "acceptance_id": acceptance,
        "at": clock.now(), "author_id": actor.user_id,
    }  # fmt: skip
    if text:
        session.add(Evidence(**values, text=text))
    for each in received:
        try:
            upload = uploads.store(
                session, actor, each, folder=folder, limit=limit, purpose="project",
                organisation_id=actor.organisation_id, kinds=uploads.DOCUMENTS,
            )  # fmt: skip
        except UploadRefused as error:
            raise Invalid({"file": error.message}) from error
        session.add(Evidence(**values, text="", upload_id=upload.id))
        session.flush()


def release(session: Session, milestone: Milestone) -> None:
    """Makes the payment of a passed milestone payable."""
    for each in _payments_of(session, milestone):
        if each.state is InstalmentState.PLANNED:
            INSTALMENT.apply("release", each, SYSTEM)
            each.payable_at = clock.now()
            hand(each, Turn.CLIENT, days(each.project.rules.pay_days))


def void(session: Session, milestone: Milestone, reason: str) -> None:
    """Says that the payment of a milestone will not fall due."""
    for each in _payments_of(session, milestone):
        if each.state is InstalmentState.PLANNED:
            INSTALMENT.apply("void", each, SYSTEM)
            each.reason = reason


def _payments_of(session: Session, milestone: Milestone) -> Sequence[ProjectInstalment]:
    return session.scalars(
        select(ProjectInstalment).where(ProjectInstalment.milestone_id == milestone.id)
    ).unique().all()  # fmt: skip


def refresh(session: Session, found: Project) -> None:
    """What the project as a whole waits for now; closes it when nothing is left to settle."""
    session.flush()
    if found.state is ProjectState.RUNNING:
        _wait(found, Turn.SOLVER, found.planned_end)
    elif found.state is ProjectState.ACCEPTING:
        current = queries.acceptances(session, found.id)[0]
        _wait(found, current.holder, current.until)
    elif found.state is ProjectState.SETTLING:
        left = [
            each
            for each in queries.waiting(session, [found.id])
            if each.state in UNPAID or each.state in GRANTING
        ]
        if left:
            _wait(found, left[0].holder, left[0].until)
        else:
            PROJECT.apply("close", found, SYSTEM)
            found.ended_at = clock.now()
            _wait(found, None, None)
            note(session, SYSTEM, found, "close", "结题：验收通过，款项结清")
            tell_both(session, found, "项目已结题", SYSTEM)
    else:
        _wait(found, None, None)
    session.flush()


def _wait(found: Project, holder: Turn | None, until: date | None) -> None:
    if (found.holder, found.until) != (holder, until):
        found.holder, found.until, found.escalated = holder, until, 0

"""Experts confirm milestones where the track asks: asked by an operator, declared first, heard."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.accounts.models import User, UserRole
from jiebang.boards.reviews import conflicts
from jiebang.boards.reviews.models import DECLARATION
from jiebang.boards.reviews.workflow import AssignmentState
from jiebang.core import clock
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import SYSTEM, Actor, Permission, Role
from jiebang.orgs.notices import services as notices

from ..models import Milestone, MilestoneCheck
from ..workflow import CONFIRMATION, MILESTONE, MilestoneState, Turn
from .milestones import follow
from .steps import days, hand, note, refresh, sentence, tell_platform

EXPERT = "专家"
"""Who acted, on the project's page: parties never read an expert's name."""


def page(found: MilestoneCheck) -> str:
    """The path of an expert's page."""
    return f"/projects/checks/{found.id}"


def ask(
    session: Session, actor: Actor, found: Milestone, expert_id: int | None, reason: str = ""
) -> None:
    """Asks an expert to confirm; in place of the one who was asked before, with a reason. None
    only takes that one off.

    The caller holds the project's lock. Invalid for who cannot be asked, Conflict where the track
    has no experts confirm or nothing is to be confirmed.
    """
    if not actor.can(Permission.LISTING_REVIEW):
        raise NotFound
    if found.belongs_to(actor):
        raise Forbidden("您属于项目一方，请由其他人员分派专家。")
    if not found.by_expert:
        raise Conflict("这条赛道的里程碑由平台确认，不用分派专家。")
    if found.state is not MilestoneState.CHECKING:
        raise Conflict("这个里程碑现在不用确认，请刷新页面查看最新状态。")
    asked = found.asked
    errors = {}
    if asked is not None:
        try:
            reason = sentence(reason)
        except Invalid:
            errors["reason"] = "请写一句话说明为什么撤换。"
    elif expert_id is None:
        errors["expert"] = "请选择一位专家。"
    if expert_id is not None and (why := barred(session, found, expert_id)):
        errors["expert"] = why
    if errors:
        raise Invalid(errors)
    if asked is not None:
        _replace(session, actor, asked, reason)
    if expert_id is None:
        _back_to_operator(session, found)
        return
    assert actor.user_id is not None
    made = MilestoneCheck(
        expert_id=expert_id, state=AssignmentState.ASSIGNED, assigned_by=actor.user_id,
        assigned_at=clock.now(),
    )  # fmt: skip
    found.checks.append(made)
    hand(found, Turn.EXPERT, days(found.project.rules.review_days))
    session.flush()
    note(session, actor, found.project, "assign", f"请专家确认里程碑：{found.label}",
         target=("confirmation", made.id))  # fmt: skip
    assert found.until is not None
    notices.tell(
        session, [expert_id], f"请确认项目里程碑：{found.project.listing.code}", page(made),
        f"请先声明是否需要回避，并在 {clock.day_text(found.until)} 前给出结论。",
    )  # fmt: skip
    refresh(session, found.project)


def barred(session: Session, found: Milestone, user_id: int) -> str:
    """Why a person cannot be asked; "" when nothing is known against it."""
    user = session.scalars(
        select(User).where(
            User.id == user_id, User.active, User.roles.any(UserRole.role == Role.EXPERT)
        )
    ).first()
    if user is None:
        return "请从列表里选择专家。"
    if found.asked is not None and found.asked.expert_id == user_id:
        return f"{user.display_name}正在确认这个里程碑。"
    if any(
        each.expert_id == user_id and each.state is AssignmentState.RECUSED for each in found.checks
    ):
        return f"{user.display_name}已声明回避，请选其他专家。"
    if why := conflicts.known(session, user_id, found.project.party_ids):
        return f"{user.display_name}应当回避：{why}。"
    return ""


def _replace(session: Session, actor: Actor, found: MilestoneCheck, reason: str) -> None:
    CONFIRMATION.apply("replace", found, actor)
    found.reason = reason
    session.flush()  # before another one is asked: one at a time
    note(session, actor, found.milestone.project, "replace", "撤换确认里程碑的专家",
         target=("confirmation", found.id))  # fmt: skip
    _excuse(session, found, "平台运营已另行安排，感谢您的时间。")


def _excuse(session: Session, found: MilestoneCheck, text: str) -> None:
    code = found.milestone.project.listing.code
    notices.tell(session, [found.expert_id], f"不必再确认里程碑：{code}", "/reviews/", text)


def _back_to_operator(session: Session, found: Milestone) -> None:
    hand(found, Turn.OPERATOR, days(found.project.rules.judge_days))
    refresh(session, found.project)


def accept(session: Session, actor: Actor, found: MilestoneCheck) -> None:
    """Declares that there is no conflict; from then on the material is shown."""
    if refusal := CONFIRMATION.refusal("accept", found, actor):
        raise refusal
    _unrelated(session, found)
    _declare(found)
    CONFIRMATION.apply("accept", found, actor)
    note(session, actor, found.milestone.project, "accept",
         f"专家声明无利益冲突，开始核对：{found.milestone.label}", who=EXPERT,
         target=("confirmation", found.id), declaration=found.declaration)  # fmt: skip


def recuse(session: Session, actor: Actor, found: MilestoneCheck, reason: str) -> None:
    """Declares a conflict, before or after seeing the material; an operator asks another one. Only
    operators read why."""
    if refusal := CONFIRMATION.refusal("recuse", found, actor):
        raise refusal
    found.reason = sentence(reason)
    _declare(found)
    CONFIRMATION.apply("recuse", found, actor)
    project = found.milestone.project
    note(session, actor, project, "recuse", f"专家声明回避：{found.milestone.label}", who=EXPERT,
         target=("confirmation", found.id), declaration=found.declaration)  # fmt: skip
    tell_platform(session, project, "专家回避，请另行分派")
    _back_to_operator(session, found.milestone)


def _declare(found: MilestoneCheck) -> None:
    found.declared_at, found.declaration = clock.now(), DECLARATION


def decide(
    session: Session, actor: Actor, found: MilestoneCheck, name: str, reason: str = ""
) -> None:
    """ "confirm" passes the milestone and makes its payment payable; "send_back", with a sentence,
    gives it to the client once more. The caller holds the project's lock (`queries.check`)."""
    if name not in ("confirm", "send_back"):
        raise NotFound
    if refusal := CONFIRMATION.refusal(name, found, actor):
        raise refusal
    _unrelated(session, found)
    reason = sentence(reason) if name == "send_back" else ""
    milestone, step = found.milestone, "endorse" if name == "confirm" else "reject"
    CONFIRMATION.apply(name, found, actor)
    found.decided_at, found.passed, found.reason = clock.now(), name == "confirm", reason
    label = MILESTONE.apply(step, milestone, SYSTEM).label
    follow(session, actor, milestone, step, label, reason, who=EXPERT)


def lapse(session: Session, found: Milestone) -> None:
    """What was to be confirmed is gone; the expert is told."""
    if found.asked is not None:
        asked = found.asked
        CONFIRMATION.apply("lapse", asked, SYSTEM)
        note(session, SYSTEM, found.project, "lapse", "不必再由专家确认",
             target=("confirmation", asked.id))  # fmt: skip
        _excuse(session, asked, "项目已终止，不必再确认，感谢您的时间。")


def _unrelated(session: Session, found: MilestoneCheck) -> None:
    """What is known may have come after the assignment."""
    if conflicts.known(session, found.expert_id, found.party_ids):
        raise Conflict("平台查到您与项目一方有关联，不能确认，请声明回避。")

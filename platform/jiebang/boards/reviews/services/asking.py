"""The operator asks experts, replaces one, and concludes."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from jiebang.accounts.models import User, UserRole
from jiebang.core import audit, clock
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import SYSTEM, Actor, Permission, Role
from jiebang.core.sides import Side
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices import services as notices

from ...models import Listing
from ...responses.services.steps import hand, note, tell
from ...tracks.models import TrackVersion
from ...workflow import ListingState
from .. import conflicts, queries
from ..models import Candidate, Panel, ReviewAssignment, Stage
from ..workflow import ASSIGNMENT, PANEL, UNDER_WAY, AssignmentState, PanelState

REASON_LIMIT = 500
NO_STEP = "这条赛道没有专家评审这一步。"


def open_panel(
    session: Session, actor: Actor, listing: Listing, stage: Stage, expert_ids: Collection[int]
) -> Panel:
    """Opens a review of a submitted need, or of all responses that passed the formality check.

    The caller holds the listing's lock. Conflict where the track has no such step or there is
    nothing to review; Invalid for experts who cannot be asked.
    """
    _may(actor, listing)
    rules = queries.rules_for(session, listing, stage)
    if rules is None:
        raise Conflict(NO_STEP)
    if queries.open_panel(session, listing.id, stage) is not None:
        raise Conflict("评审已经在进行，请在评审页增加或撤换专家。")
    if stage is Stage.NEED and listing.state is not ListingState.SUBMITTED:
        raise Conflict("只有待审核的需求可以送专家评审。")
    if stage is Stage.RESPONSES and (number := queries.unchecked(session, listing.id)):
        raise Conflict(f"还有 {number} 份揭榜没有完成形式审查，审完再一并送评审。")
    compared = queries.to_compare(session, listing.id) if stage is Stage.RESPONSES else []
    if stage is Stage.RESPONSES and not compared:
        raise Conflict("没有等待评审的揭榜。")
    assert actor.user_id is not None
    until = add_working_days(clock.today(), rules.review_days)
    panel = Panel(
        listing_id=listing.id,
        listing=listing,
        stage=stage,
        state=PanelState.OPEN,
        track_version_id=rules.id,
        rules=rules,
        opened_by=actor.user_id,
        opened_at=clock.now(),
        due=add_working_days(until, rules.formality_days),
        candidates=[
            Candidate(response_id=each.id, response=each, filed_at=each.filed_at)
            for each in compared
        ],
        assignments=[],
    )
    try:
        with session.begin_nested():
            session.add(panel)
            session.flush()
    except IntegrityError as error:
        raise Conflict("评审已经在进行，请刷新页面。") from error
    if stage is Stage.NEED:
        listing.review_by = panel.due
    for each in compared:
        each.due = panel.due
    audit.record(
        session, actor, "panel.open", "panel", panel, organisation_id=listing.organisation_id,
        code=listing.code, stage=stage.value,
    )  # fmt: skip
    add(session, actor, panel, expert_ids)
    return panel


def add(session: Session, actor: Actor, panel: Panel, expert_ids: Collection[int]) -> None:
    """Asks more experts. Invalid names those who are barred, busy here already, or no experts."""
    _may(actor, panel.listing)
    if panel.belongs_to(actor):
        raise Forbidden("您属于当事单位，请由其他人员组织评审。")
    if panel.state is not PanelState.OPEN:
        raise Conflict("评审已经结束，不能再分派专家。")
    wanted = list(dict.fromkeys(expert_ids))
    if not wanted:
        raise Invalid({"experts": "请至少选择一位专家。"})
    rows = session.scalars(
        select(User).where(
            User.id.in_(wanted), User.active, User.roles.any(UserRole.role == Role.EXPERT)
        )
    )
    known = {user.id: user for user in rows}
    asked = {each.expert_id for each in panel.assignments}
    for user_id in wanted:
        if user_id not in known:
            raise Invalid({"experts": "请从列表里选择专家。"})
        name = known[user_id].display_name
        if user_id in asked:
            raise Invalid({"experts": f"{name}已经在这次评审里，请选其他专家。"})
        if reason := conflicts.known(session, user_id, panel.party_ids):
            raise Invalid({"experts": f"{name}应当回避：{reason}。"})
    assert actor.user_id is not None
    due = add_working_days(clock.today(), panel.rules.review_days)
    panel.due = max(panel.due, add_working_days(due, panel.rules.formality_days))
    for user_id in wanted:
        found = ReviewAssignment(
            expert_id=user_id,
            state=AssignmentState.ASSIGNED,
            assigned_by=actor.user_id,
            assigned_at=clock.now(),
            due=due,
            reviews=[],
        )
        panel.assignments.append(found)
        session.flush()
        audit.record(
            session, actor, "assignment.assign", "assignment", found.id,
            organisation_id=panel.listing.organisation_id, code=panel.listing.code,
        )  # fmt: skip
        notices.tell(
            session, [user_id], f"请评审：{panel.listing.code}", f"/reviews/desk/{found.id}",
            f"请先声明是否需要回避，并在 {clock.day_text(due)} 前提交评审。",
        )  # fmt: skip


def replace(
    session: Session, actor: Actor, found: ReviewAssignment, reason: str, expert_id: int | None
) -> None:
    """Takes an expert off the panel, with a reason, and asks another one where one is named.
    The caller holds the locks (`queries.asked`)."""
    if refusal := ASSIGNMENT.refusal("replace", found, actor):
        raise refusal
    reason = reason.replace("\r\n", "\n").strip()
    if not reason:
        raise Invalid({"reason": "请写一句话说明为什么撤换。"})
    if len(reason) > REASON_LIMIT:
        raise Invalid({"reason": f"最多 {REASON_LIMIT} 字，现在 {len(reason)} 字。"})
    ASSIGNMENT.apply("replace", found, actor)
    found.reason = reason
    audit.record(
        session, actor, "assignment.replace", "assignment", found.id,
        organisation_id=found.panel.listing.organisation_id, after=found.state.value,
    )  # fmt: skip
    notices.tell(
        session, [found.expert_id], f"不必再评审：{found.panel.listing.code}", "/reviews/",
        "平台运营已另行安排，感谢您的时间。",
    )  # fmt: skip
    session.flush()
    if expert_id is not None:
        add(session, actor, found.panel, [expert_id])


def conclude(session: Session, actor: Actor, panel: Panel) -> None:
    """Ends a review that has reviews enough; responses go on to the issuer with their summary.
    The caller holds the locks (`queries.locked`)."""
    if refusal := PANEL.refusal("conclude", panel, actor):
        raise refusal
    needed = fewest(panel.rules, panel.stage)
    compared = queries.subjects(panel)
    if not compared:
        raise Conflict("参加评审的揭榜都已撤回或答复，没有可以结束的评审。")
    for each in compared:
        number = len(queries.reviews_of(panel, each))
        if number < needed:
            raise Conflict(
                f"至少要有 {needed} 位专家提交评审，现在 {number} 位；请催办、增加或撤换专家。"
            )
    PANEL.apply("conclude", panel, actor)
    panel.closed_at = clock.now()
    let_go(session, panel)
    audit.record(
        session, actor, "panel.conclude", "panel", panel.id,
        organisation_id=panel.listing.organisation_id, after=panel.state.value,
        number=len(queries.submitted(panel)),
    )  # fmt: skip
    for response in queries.compared(panel) if panel.stage is Stage.RESPONSES else []:
        response.reviewed_at = clock.now()
        hand(session, response, panel.rules)
        note(session, actor, response, "reviewed", "专家评审结束")
        tell(session, response, Side.ISSUER, "专家评审已结束，请列入候选或答复", actor)


def fewest(rules: TrackVersion, stage: Stage) -> int:
    """So many submitted reviews the track asks for."""
    return rules.need_experts if stage is Stage.NEED else rules.response_experts


def let_go(session: Session, panel: Panel) -> None:
    """Nobody is waited for any more."""
    for each in panel.assignments:
        if each.state in UNDER_WAY:
            ASSIGNMENT.apply("lapse", each, SYSTEM)
            notices.tell(
                session, [each.expert_id], f"评审已结束：{panel.listing.code}", "/reviews/",
                "不必再提交，感谢您的时间。",
            )  # fmt: skip
            audit.record(
                session, SYSTEM, "assignment.lapse", "assignment", each.id,
                organisation_id=panel.listing.organisation_id, after=each.state.value,
            )  # fmt: skip


def _may(actor: Actor, listing: Listing) -> None:
    if not actor.can(Permission.LISTING_REVIEW):
        raise NotFound
    if listing.organisation_id in actor.organisation_ids:
        raise Forbidden("不能组织本单位内容的评审，请由其他人员办理。")

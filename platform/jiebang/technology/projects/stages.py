"""Where a project stands: its stage bar, who has the ball, until when, and what happens next."""

from __future__ import annotations

from jiebang.boards.threads.stages import Waiting
from jiebang.core import clock
from jiebang.core.money import money_text

from .models import Milestone, Project
from .workflow import TURN_LABELS, MilestoneState, Party, ProjectState, Turn

S = ProjectState
NEXT = {
    (S.RUNNING, Turn.SOLVER): "按里程碑交付；全部评定后提交验收",
    (S.ACCEPTING, Turn.CLIENT): "逐项核对实测值，给出验收结论",
    (S.ACCEPTING, Turn.SOLVER): "按清单补充后提交复核",
    (S.ACCEPTING, Turn.OPERATOR): "平台确认验收结论",
    (S.SETTLING, Turn.CLIENT): "付清应付款项，付清后自动结题",
    (S.SETTLING, Turn.SOLVER): "确认收到的款项，付清后自动结题",
    (S.SETTLING, Turn.OPERATOR): "平台核定、拨付奖补",
}


def waiting(found: Project, side: Party | None) -> Waiting | None:
    """Who acts next in the project as a whole; None when it has ended."""
    if found.holder is None or found.until is None:
        return None
    mine = side is not None and found.holder.value == side.value
    overdue = found.until < clock.today()
    until = clock.day_text(found.until) + ("（已逾期）" if overdue else "")
    who = f"本单位（{TURN_LABELS[found.holder]}）" if mine else TURN_LABELS[found.holder]
    return Waiting(who, mine, until, NEXT.get((found.state, found.holder), "办理后继续"), overdue)


def stages(found: Project, milestones: list[Milestone], paid: int) -> list[dict[str, str]]:
    """Signed, delivered, accepted, settled: with the dates that are known. `paid` in fen."""

    def day(moment: object) -> str:
        return clock.day_text(clock.to_beijing(moment).date()) if moment else ""  # type: ignore[arg-type]

    state = found.state
    ended = state is S.TERMINATED
    judged = sum(
        each.state in (MilestoneState.PASSED, MilestoneState.FAILED) for each in milestones
    )
    delivered = state not in (S.RUNNING, S.TERMINATED)

    def mark(done: bool, current: bool) -> str:
        if done:
            return "done"
        if ended:
            return "stopped"
        return "current" if current else "todo"

    return [
        {"label": "协议签订", "state": "done", "date_text": day(found.started_at)},
        {
            "label": "里程碑",
            "state": mark(delivered, state is S.RUNNING),
            "note": f"{judged} / {len(milestones)} 已评定",
        },
        {
            "label": "验收",
            "state": mark(found.accepted_at is not None, state is S.ACCEPTING),
            "date_text": day(found.accepted_at),
        },
        {
            "label": "已终止" if ended else "结算结题",
            "state": mark(state is S.CLOSED, state is S.SETTLING),
            "date_text": day(found.ended_at),
            "note": f"已付 {money_text(paid)} / {money_text(found.total)}" if found.total else "",
        },
    ]

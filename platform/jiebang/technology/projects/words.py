"""What waits in a project, in words: for its page, 我的待办 and the operator's list."""

from __future__ import annotations

from collections.abc import Sequence

from jiebang.boards.threads import stages as lines
from jiebang.core import clock

from . import stages
from .models import Acceptance, GrantPayment, Milestone, Project, ProjectInstalment, Request
from .queries import Waiting
from .services.requests import KIND_LABELS
from .workflow import (
    TURN_LABELS,
    AcceptanceState,
    InstalmentState,
    MilestoneState,
    Party,
    RequestState,
    Turn,
    label,
)

M, N, A = MilestoneState, InstalmentState, AcceptanceState
MILESTONE_NEXT = {
    M.DUE: "提交“{}”的成果证据",
    M.FILED: "评定“{}”：通过，或写明要整改什么",
    M.CHECKING: "确认“{}”的通过结论",
    M.RECTIFY: "按要求整改“{}”，再次提交",
}
PAYMENT_NEXT = {N.PAYABLE: "支付“{}”并登记", N.REPORTED: "核对到账，确认收到“{}”"}
ACCEPTANCE_NEXT = {
    A.FILED: "逐项核对实测值，给出验收结论",
    A.CHECKING: "确认验收结论",
    A.CONDITIONAL: "按清单补充后提交复核",
    A.SUPPLEMENTED: "复核补充的内容，给出验收结论",
}


def what(each: Waiting) -> str:
    """A wait in words."""
    if isinstance(each, Milestone):
        return f"里程碑“{each.label}” · {standing(each)}"
    if isinstance(each, ProjectInstalment):
        return f"付款“{each.milestone.label}” · {label(each.state)}"
    if isinstance(each, Acceptance):
        return f"验收 · {label(each.state)}"
    if isinstance(each, Request):
        return f"{KIND_LABELS[each.kind]}请求 · {label(each.state)}"
    if isinstance(each, GrantPayment):
        return f"奖补“{each.name}” · {label(each.state)}"
    return f"退款 · {label(each.state)}"


def standing(found: Milestone) -> str:
    """Where a milestone stands: who confirms it is the track's matter."""
    if found.state is M.CHECKING and found.by_expert:
        return "待专家确认" if found.asked else "待分派专家"
    return label(found.state)


def act(each: Waiting) -> str:
    """What its holder is to do."""
    if isinstance(each, Request):
        if each.state is RequestState.MEDIATING:
            return "听取双方，对终止给出结论"
        return f"答复{KIND_LABELS[each.kind]}请求：同意，或说明为什么不同意"
    if isinstance(each, Milestone):
        if each.holder is Turn.OPERATOR and each.by_expert:
            return f"分派专家确认“{each.label}”"
        return MILESTONE_NEXT[each.state].format(each.label)
    if isinstance(each, ProjectInstalment):
        return PAYMENT_NEXT[each.state].format(each.milestone.label)
    if isinstance(each, Acceptance):
        return ACCEPTANCE_NEXT[each.state]
    return f"办理{what(each)}"


def later(each: Waiting, parts: Sequence[Waiting]) -> bool:
    """A milestone that is no matter of today: another one of its project comes before it, or it
    comes with the acceptance. `parts` has all that waits in the project."""
    if not isinstance(each, Milestone) or each.state is not M.DUE:
        return False
    return each.final or any(
        isinstance(row, Milestone)
        and row.project_id == each.project_id
        and row.position < each.position
        and row.state in (M.DUE, M.RECTIFY)
        for row in parts
    )


def turn(found: Project, side: Party | None, parts: Sequence[Waiting]) -> lines.Waiting | None:
    """Who has the ball, until when, and for what; None when the project has ended.

    What was handed in, paid or asked comes before a milestone whose day is still ahead, and one's
    own task before the other side's. `parts` is what waits in this project.
    """
    today = clock.today()
    open_parts = [each for each in parts if not later(each, parts)]

    def rank(each: Waiting) -> tuple[bool, bool, str, int]:
        ahead = (
            isinstance(each, Milestone) and each.state is M.DUE and (each.until or today) >= today
        )
        mine = side is not None and each.holder is not None and each.holder.value == side.value
        return ahead, not mine, each.until.isoformat() if each.until else "", each.id

    if not open_parts:
        return stages.waiting(found, side)
    first = min(open_parts, key=rank)
    assert first.holder is not None and first.until is not None
    mine = side is not None and first.holder.value == side.value
    overdue = first.until < today
    return lines.Waiting(
        who(first.holder, mine=mine),
        mine,
        clock.day_text(first.until) + ("（已逾期）" if overdue else ""),
        act(first),
        overdue,
    )


def who(holder: Turn, *, mine: bool) -> str:
    """The holder as the reader knows it."""
    return f"本单位（{TURN_LABELS[holder]}）" if mine else TURN_LABELS[holder]

"""Two small lives: a panel of experts, and each expert's part in it (DOMAIN.md, 专家)."""

from __future__ import annotations

from enum import StrEnum

from jiebang.core.permissions import Actor, Permission
from jiebang.core.workflow import Workflow, arrow


class PanelState(StrEnum):
    """Where a panel stands."""

    OPEN = "open"
    CONCLUDED = "concluded"
    ENDED = "ended"
    """What it reviews was taken away before its end."""


class AssignmentState(StrEnum):
    """Where one expert's part stands."""

    ASSIGNED = "assigned"
    """Nothing is shown yet but the parties: the expert declares first (回避声明)."""
    REVIEWING = "reviewing"
    SUBMITTED = "submitted"
    RECUSED = "recused"
    REPLACED = "replaced"
    LAPSED = "lapsed"


P, A = PanelState, AssignmentState
UNDER_WAY = frozenset({A.ASSIGNED, A.REVIEWING})
"""The expert is waited for."""

PANEL_LABELS = {P.OPEN: "评审中", P.CONCLUDED: "评审结束", P.ENDED: "已终止"}
PANEL_TONES = {P.OPEN: "info", P.CONCLUDED: "good", P.ENDED: "neutral"}
STATE_LABELS = {
    A.ASSIGNED: "待声明",
    A.REVIEWING: "评审中",
    A.SUBMITTED: "已提交",
    A.RECUSED: "已回避",
    A.REPLACED: "已撤换",
    A.LAPSED: "未提交",
}
STATE_TONES = {
    A.ASSIGNED: "warn",
    A.REVIEWING: "info",
    A.SUBMITTED: "good",
    A.RECUSED: "neutral",
    A.REPLACED: "neutral",
    A.LAPSED: "neutral",
}

EXPERT = "expert"
SCORE, ASK, RUN = Permission.REVIEW_SCORE, Permission.LISTING_REVIEW, Permission.SYSTEM_RUN


def _outside(assignment: object, actor: Actor) -> str | None:
    """Membership may have come after the assignment."""
    parties = getattr(assignment, "party_ids")  # noqa: B009
    if parties & actor.organisation_ids:
        return "您是当事单位的成员，不能评审，请声明回避。"
    return None


PANEL = Workflow(
    "panel",
    (
        arrow("conclude", "结束评审", {P.OPEN}, P.CONCLUDED, ASK, by_owner=False, tone="primary"),
        arrow("end", "终止评审", {P.OPEN}, P.ENDED, RUN, by_owner=False),
    ),
)
ASSIGNMENT = Workflow(
    "assignment",
    (
        arrow("accept", "声明无利益冲突", {A.ASSIGNED}, A.REVIEWING, SCORE, sides={EXPERT},
              guards=(_outside,), tone="primary"),
        arrow("recuse", "声明回避", UNDER_WAY, A.RECUSED, SCORE, sides={EXPERT},
              needs_reason=True),
        arrow("submit", "提交评审", {A.REVIEWING}, A.SUBMITTED, SCORE, sides={EXPERT},
              guards=(_outside,), tone="primary"),
        arrow("replace", "撤换", UNDER_WAY, A.REPLACED, ASK, by_owner=False, needs_reason=True),
        arrow("lapse", "评审已结束", UNDER_WAY, A.LAPSED, RUN, by_owner=False),
    ),
)  # fmt: skip

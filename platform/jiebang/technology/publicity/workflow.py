"""The lives of a publicity and of an objection to it: tables for services, buttons and tests."""

from __future__ import annotations

from enum import StrEnum

from jiebang.core.permissions import Permission
from jiebang.core.workflow import Workflow, arrow


class PublicityState(StrEnum):
    """Where a publicity stands."""

    RUNNING = "running"
    """Within its days, or past them with objections undecided."""
    ENDED = "ended"
    """Over, nothing stands against the selection."""
    OVERTURNED = "overturned"
    """An objection was upheld: the selection is undone."""
    LAPSED = "lapsed"
    """The selection ended otherwise meanwhile."""


class ObjectionState(StrEnum):
    """Where an objection stands."""

    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    """The selection ended before it was decided."""


P, O = PublicityState, ObjectionState  # noqa: E741
STATE_LABELS = {
    P.RUNNING: "公示中",
    P.ENDED: "公示结束，无异议成立",
    P.OVERTURNED: "异议成立，选定已撤销",
    P.LAPSED: "已终止",
}
STATE_TONES = {P.RUNNING: "info", P.ENDED: "good", P.OVERTURNED: "bad", P.LAPSED: "neutral"}
OBJECTION_LABELS = {
    O.OPEN: "等待处理",
    O.UPHELD: "异议成立",
    O.REJECTED: "异议不成立",
    O.WITHDRAWN: "已撤回",
    O.LAPSED: "公示已终止",
}
OBJECTION_TONES = {
    O.OPEN: "warn",
    O.UPHELD: "bad",
    O.REJECTED: "neutral",
    O.WITHDRAWN: "neutral",
    O.LAPSED: "neutral",
}
CHECK, RUN = Permission.LISTING_REVIEW, Permission.SYSTEM_RUN
OBJECTOR = "objector"
"""The side of who objected, as the workflow asks."""

PUBLICITY = Workflow(
    "publicity",
    (
        arrow("end", "公示结束", {P.RUNNING}, P.ENDED, RUN, by_owner=False),
        arrow("overturn", "异议成立，撤销选定", {P.RUNNING}, P.OVERTURNED, CHECK, by_owner=False,
              tone="danger", needs_reason=True),
        arrow("lapse", "公示终止", {P.RUNNING, P.ENDED}, P.LAPSED, RUN, by_owner=False),
    ),
)  # fmt: skip

OBJECTION = Workflow(
    "objection",
    (
        arrow("uphold", "异议成立", {O.OPEN}, O.UPHELD, CHECK, by_owner=False, tone="danger",
              needs_reason=True),
        arrow("reject", "异议不成立", {O.OPEN}, O.REJECTED, CHECK, by_owner=False, tone="primary",
              needs_reason=True),
        arrow("withdraw", "撤回异议", {O.OPEN}, O.WITHDRAWN, Permission.OBJECTION_RAISE,
              sides=(OBJECTOR,)),
        arrow("lapse", "公示已终止", {O.OPEN}, O.LAPSED, RUN, by_owner=False),
    ),
)  # fmt: skip

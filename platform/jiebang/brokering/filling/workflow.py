"""The life of what a specialist filled in for an organisation (DOMAIN.md, service specialist)."""

from __future__ import annotations

from enum import StrEnum

from jiebang.boards.threads.workflow import in_scope
from jiebang.core.permissions import Permission
from jiebang.core.workflow import Workflow, arrow


class FillingState(StrEnum):
    """Where it stands."""

    DRAFT = "draft"
    """The specialist writes; the organisation does not see it yet."""
    PROPOSED = "proposed"
    REFUSED = "refused"
    """The organisation said what is wrong; the specialist improves it or takes it back."""
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


S = FillingState
PENDING = frozenset({S.PROPOSED, S.REFUSED})
"""Somebody is waited for: there is a holder and a day."""
LIVE = PENDING | {S.DRAFT}
EDITABLE = frozenset({S.DRAFT, S.REFUSED})
TOLD = frozenset({S.PROPOSED, S.REFUSED, S.CONFIRMED})
"""States in which the organisation reads it."""

STATE_LABELS = {
    S.DRAFT: "专员填写中",
    S.PROPOSED: "等单位确认",
    S.REFUSED: "单位退回",
    S.CONFIRMED: "单位已确认",
    S.WITHDRAWN: "专员已撤回",
}
STATE_TONES = {
    S.DRAFT: "neutral",
    S.PROPOSED: "info",
    S.REFUSED: "warn",
    S.CONFIRMED: "good",
    S.WITHDRAWN: "neutral",
}
FIRM, SPECIALIST = "firm", "specialist"
"""The two parts: for whom it is written, and who serves them at the moment."""

FILLING = Workflow(
    "filling",
    (
        arrow(
            "propose", "请单位确认", {S.DRAFT, S.REFUSED}, S.PROPOSED, Permission.INTRODUCE,
            sides=(SPECIALIST,), tone="primary",
        ),
        arrow(
            "confirm", "确认", {S.PROPOSED}, S.CONFIRMED, Permission.LISTING_WRITE, sides=(FIRM,),
            guards=(in_scope,), tone="primary",
        ),
        arrow(
            "refuse", "退回专员", {S.PROPOSED}, S.REFUSED, Permission.LISTING_WRITE, sides=(FIRM,),
            guards=(in_scope,), needs_reason=True,
        ),
        arrow(
            "withdraw", "撤回代填", {S.DRAFT, S.PROPOSED, S.REFUSED}, S.WITHDRAWN,
            Permission.INTRODUCE, sides=(SPECIALIST,),
        ),
    ),
)  # fmt: skip

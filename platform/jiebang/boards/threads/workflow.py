"""The life of a thread: one table for service, buttons and tests (DOMAIN.md, 对接 thread)."""

from __future__ import annotations

from enum import StrEnum

from jiebang.core.permissions import Actor, Permission
from jiebang.core.sides import Side
from jiebang.core.workflow import Workflow, arrow


class ThreadState(StrEnum):
    """Where a thread stands."""

    INTERESTED = "interested"
    """One side wrote its sentence; the other has not answered."""
    TALKING = "talking"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


S = ThreadState
LIVE = frozenset({S.INTERESTED, S.TALKING})

STATE_LABELS = {
    S.INTERESTED: "等待答复",
    S.TALKING: "对接中",
    S.DECLINED: "已婉拒",
    S.WITHDRAWN: "已撤回",
    S.ENDED: "已结束",
}
STATE_TONES = {
    S.INTERESTED: "info",
    S.TALKING: "good",
    S.DECLINED: "neutral",
    S.WITHDRAWN: "neutral",
    S.ENDED: "neutral",
}


def in_scope(subject: object, actor: Actor) -> str | None:
    """Agents act in the lines of their scope."""
    line = getattr(subject, "line")  # noqa: B009
    if actor.user_id is None or actor.acts_in(line):
        return None
    return "您的经办范围不含这条业务线，请联系本单位管理员调整。"


BOTH = (Side.ISSUER, Side.RESPONDER)
RESPOND = Permission.LISTING_RESPOND

THREAD = Workflow(
    "thread",
    (
        arrow(
            "accept", "同意对接", {S.INTERESTED}, S.TALKING, RESPOND, sides=(Side.ISSUER,),
            guards=(in_scope,), tone="primary",
        ),
        arrow(
            "say", "发送", {S.TALKING}, S.TALKING, RESPOND, sides=BOTH, guards=(in_scope,),
            tone="primary",
        ),
        arrow(
            "add", "补充说明", {S.INTERESTED}, S.INTERESTED, RESPOND, sides=(Side.RESPONDER,),
            guards=(in_scope,),
        ),
        arrow(
            "decline", "婉拒", {S.INTERESTED, S.TALKING}, S.DECLINED, RESPOND,
            sides=(Side.ISSUER,), guards=(in_scope,), needs_reason=True,
        ),
        arrow(
            "withdraw", "撤回意向", {S.INTERESTED}, S.WITHDRAWN, RESPOND, sides=(Side.RESPONDER,),
            guards=(in_scope,),
        ),
        arrow(
            "end", "结束对接", {S.TALKING}, S.ENDED, RESPOND, sides=BOTH, guards=(in_scope,),
            needs_reason=True,
        ),
        arrow(
            "lapse", "榜单撤下", {S.INTERESTED}, S.ENDED, Permission.SYSTEM_RUN, by_owner=False,
        ),
    ),
)  # fmt: skip

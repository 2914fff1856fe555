"""The life of an agreement: one table for service, buttons and tests (DOMAIN.md)."""

from __future__ import annotations

from enum import StrEnum

from jiebang.core.permissions import Actor, Permission
from jiebang.core.sides import Side
from jiebang.core.workflow import Workflow, arrow

from ..threads.workflow import in_scope


class AgreementState(StrEnum):
    """Where an agreement stands."""

    DRAFT = "draft"
    """The parties write it, by turns."""
    CONFIRMING = "confirming"
    """A version lies before all parties for their confirmation."""
    AGREED = "agreed"
    ENDED = "ended"
    """Given up before it was agreed."""


S = AgreementState
PENDING = frozenset({S.DRAFT, S.CONFIRMING})
"""Somebody waits for somebody."""
LIVE = PENDING | {S.AGREED}
"""One of these at a time for a response."""

STATE_LABELS = {
    S.DRAFT: "商定中",
    S.CONFIRMING: "等待确认",
    S.AGREED: "已签订",
    S.ENDED: "未达成",
}
STATE_TONES = {
    S.DRAFT: "info",
    S.CONFIRMING: "warn",
    S.AGREED: "good",
    S.ENDED: "neutral",
}


def _verified(_subject: object, actor: Actor) -> str | None:
    if actor.user_id is None or (actor.seat is not None and actor.seat.verified):
        return None
    return "本单位尚未通过核验，通过后才能提请确认或确认协议。"


def _endorsed(_subject: object, actor: Actor) -> str | None:
    if actor.seat is None or not actor.seat.must_ask:
        return None
    return "本单位的协议由单位管理员（成果转化部门）确认，请联系他们办理。"


RESPOND, RUN = Permission.LISTING_RESPOND, Permission.SYSTEM_RUN
BOTH = (Side.ISSUER, Side.RESPONDER)

AGREEMENT = Workflow(
    "agreement",
    (
        arrow("edit", "修改", PENDING, S.DRAFT, RESPOND, sides=BOTH, guards=(in_scope,)),
        arrow(
            "hand_over", "交对方修改", {S.DRAFT}, S.DRAFT, RESPOND, sides=BOTH, guards=(in_scope,),
        ),
        arrow(
            "propose", "提请各方确认", {S.DRAFT}, S.CONFIRMING, RESPOND, sides=BOTH,
            guards=(in_scope, _verified), tone="primary",
        ),
        arrow(
            "confirm", "确认这一版", {S.CONFIRMING}, S.CONFIRMING, RESPOND, sides=BOTH,
            guards=(in_scope, _verified, _endorsed), tone="primary",
        ),
        arrow("agree", "各方均已确认", {S.CONFIRMING}, S.AGREED, RUN, by_owner=False),
        arrow(
            "end", "不再签订，说明原因", PENDING, S.ENDED, RESPOND, sides=BOTH,
            guards=(in_scope,), tone="danger", needs_reason=True,
        ),
        arrow("lapse", "选定被撤销", PENDING, S.ENDED, RUN, by_owner=False),
    ),
)  # fmt: skip

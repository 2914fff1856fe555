"""The life of an introduction (专员对接): one table for service, buttons and tests (DOMAIN.md)."""

from __future__ import annotations

from enum import StrEnum

from jiebang.boards.threads.workflow import in_scope
from jiebang.core.permissions import Actor, Permission
from jiebang.core.sides import Side
from jiebang.core.workflow import Workflow, arrow


class IntroductionState(StrEnum):
    """Where an introduction stands."""

    REQUESTED = "requested"
    """One side asked for a person's help; no specialist has taken it up."""
    ACCEPTED = "accepted"
    """The specialist has introduced both sides, who agree or decline."""
    BOTH_AGREED = "both_agreed"
    DECLINED = "declined"
    MET = "met"
    CLOSED = "closed"


class Result(StrEnum):
    """What became of an introduction."""

    CONTRACT = "contract"
    COOPERATION = "cooperation"
    CONTINUES = "continues"
    DROPPED = "dropped"
    UNANSWERED = "unanswered"
    WITHDRAWN = "withdrawn"
    LISTING_ENDED = "listing_ended"


S = IntroductionState
LIVE = frozenset({S.REQUESTED, S.ACCEPTED, S.BOTH_AGREED, S.MET})
CLOSING = (
    Result.CONTRACT,
    Result.COOPERATION,
    Result.CONTINUES,
    Result.DROPPED,
    Result.UNANSWERED,
)
"""What a specialist chooses from; the others come with the act that causes them."""
TALKED = frozenset({Result.CONTRACT, Result.COOPERATION, Result.CONTINUES})
"""Results that only sides who both agreed can have."""

STATE_LABELS = {
    S.REQUESTED: "等专员接办",
    S.ACCEPTED: "等双方答复",
    S.BOTH_AGREED: "双方同意",
    S.DECLINED: "未能引荐",
    S.MET: "已会面",
    S.CLOSED: "已办结",
}
STATE_TONES = {
    S.REQUESTED: "info",
    S.ACCEPTED: "info",
    S.BOTH_AGREED: "good",
    S.DECLINED: "neutral",
    S.MET: "good",
    S.CLOSED: "neutral",
}
RESULT_LABELS = {
    Result.CONTRACT: "已签合同",
    Result.COOPERATION: "达成合作意向",
    Result.CONTINUES: "双方自行推进",
    Result.DROPPED: "不再推进",
    Result.UNANSWERED: "一方一直未答复",
    Result.WITHDRAWN: "请求方撤回",
    Result.LISTING_ENDED: "榜单已撤下",
}
SPECIALIST, REQUESTER = "specialist", "requester"
"""Sides beside the two of `core.sides`: who introduces, and who asked for it."""


def _not_yet_agreed(subject: object, actor: Actor) -> str | None:
    if actor.user_id is None or not getattr(subject, "has_agreed")(actor):  # noqa: B009
        return None
    return "本单位已经同意，正在等对方答复。"


def _both_agreed(subject: object, _actor: Actor) -> str | None:
    if getattr(subject, "both_agreed"):  # noqa: B009
        return None
    return "还有一方没有答复。"


BOTH = (Side.ISSUER, Side.RESPONDER)
RESPOND, INTRODUCE, RUN = (
    Permission.LISTING_RESPOND,
    Permission.INTRODUCE,
    Permission.SYSTEM_RUN,
)

INTRODUCTION = Workflow(
    "introduction",
    (
        arrow(
            "accept", "接办并引荐双方", {S.REQUESTED}, S.ACCEPTED, INTRODUCE, sides=(SPECIALIST,),
            tone="primary",
        ),
        arrow(
            "refuse", "不予引荐", {S.REQUESTED}, S.DECLINED, INTRODUCE, sides=(SPECIALIST,),
            needs_reason=True,
        ),
        arrow(
            "agree", "同意对接", {S.ACCEPTED}, S.ACCEPTED, RESPOND, sides=BOTH,
            guards=(in_scope, _not_yet_agreed), tone="primary",
        ),
        arrow(
            "settle", "双方同意", {S.ACCEPTED}, S.BOTH_AGREED, RUN, by_owner=False,
            guards=(_both_agreed,),
        ),
        arrow(
            "decline", "不对接", {S.ACCEPTED}, S.DECLINED, RESPOND, sides=BOTH,
            guards=(in_scope, _not_yet_agreed), needs_reason=True,
        ),
        arrow(
            "withdraw", "撤回请求", {S.REQUESTED, S.ACCEPTED}, S.CLOSED, RESPOND,
            sides=(REQUESTER,), guards=(in_scope,),
        ),
        arrow(
            "meet", "记已会面", {S.BOTH_AGREED}, S.MET, INTRODUCE, sides=(SPECIALIST,),
            tone="primary",
        ),
        arrow(
            "close", "办结", {S.ACCEPTED, S.BOTH_AGREED, S.MET}, S.CLOSED, INTRODUCE,
            sides=(SPECIALIST,), needs_reason=True,
        ),
        arrow(
            "lapse", "榜单撤下", {S.REQUESTED, S.ACCEPTED}, S.CLOSED, RUN, by_owner=False,
        ),
    ),
)  # fmt: skip

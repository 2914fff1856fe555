"""The life of a response (揭榜): one table for service, buttons and tests (DOMAIN.md)."""

from __future__ import annotations

from enum import StrEnum

from jiebang.core.permissions import Actor, Permission
from jiebang.core.sides import Side
from jiebang.core.workflow import Workflow, arrow

from ..threads.workflow import in_scope


class ResponseState(StrEnum):
    """Where a response stands."""

    DRAFT = "draft"
    FILED = "filed"
    RETURNED = "returned"
    QUALIFIED = "qualified"
    SHORTLISTED = "shortlisted"
    SELECTED = "selected"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    DISQUALIFIED = "disqualified"


S = ResponseState
PENDING = frozenset({S.FILED, S.RETURNED, S.QUALIFIED, S.SHORTLISTED})
"""Somebody waits for somebody."""
LIVE = PENDING | {S.DRAFT, S.SELECTED}
"""One of these at a time for a listing, an organisation and a project lead."""
REFUSED = frozenset({S.DECLINED, S.DISQUALIFIED})

STATE_LABELS = {
    S.DRAFT: "草稿",
    S.FILED: "形式审查中",
    S.RETURNED: "退回补充",
    S.QUALIFIED: "等待选定",
    S.SHORTLISTED: "已入围",
    S.SELECTED: "已选定",
    S.DECLINED: "未选定",
    S.WITHDRAWN: "已撤回",
    S.DISQUALIFIED: "审查未通过",
}
STATE_TONES = {
    S.DRAFT: "neutral",
    S.FILED: "info",
    S.RETURNED: "warn",
    S.QUALIFIED: "info",
    S.SHORTLISTED: "info",
    S.SELECTED: "good",
    S.DECLINED: "neutral",
    S.WITHDRAWN: "neutral",
    S.DISQUALIFIED: "bad",
}


def _verified(_subject: object, actor: Actor) -> str | None:
    if actor.user_id is None or (actor.seat is not None and actor.seat.verified):
        return None
    return "本单位尚未通过核验，可以先保存草稿；请在“我的单位”提交核验材料，通过后再提交。"


RESPOND, CHECK, RUN = (
    Permission.LISTING_RESPOND,
    Permission.LISTING_REVIEW,
    Permission.SYSTEM_RUN,
)
ISSUER, RESPONDER = (Side.ISSUER,), (Side.RESPONDER,)

RESPONSE = Workflow(
    "response",
    (
        arrow(
            "file", "提交", {S.DRAFT, S.RETURNED}, S.FILED, RESPOND, sides=RESPONDER,
            guards=(in_scope, _verified), tone="primary",
        ),
        arrow("admit", "自动通过形式审查", {S.FILED}, S.QUALIFIED, RUN, by_owner=False),
        arrow("qualify", "通过形式审查", {S.FILED}, S.QUALIFIED, CHECK, by_owner=False,
              tone="primary"),
        arrow("return", "退回补充", {S.FILED}, S.RETURNED, CHECK, by_owner=False,
              needs_reason=True),
        arrow("disqualify", "不通过", {S.FILED}, S.DISQUALIFIED, CHECK, by_owner=False,
              tone="danger", needs_reason=True),
        arrow("send_back", "请对方补充", {S.QUALIFIED, S.SHORTLISTED}, S.RETURNED, RESPOND,
              sides=ISSUER, guards=(in_scope,), needs_reason=True),
        arrow("shortlist", "列入候选", {S.QUALIFIED}, S.SHORTLISTED, RESPOND, sides=ISSUER,
              guards=(in_scope,)),
        arrow("select", "选定", {S.QUALIFIED, S.SHORTLISTED}, S.SELECTED, RESPOND, sides=ISSUER,
              guards=(in_scope,), tone="primary"),
        arrow("decline", "不选，说明原因", {S.QUALIFIED, S.SHORTLISTED}, S.DECLINED, RESPOND,
              sides=ISSUER, guards=(in_scope,), needs_reason=True),
        arrow("withdraw", "撤回", {S.DRAFT, *PENDING}, S.WITHDRAWN, RESPOND, sides=RESPONDER,
              guards=(in_scope,)),
        arrow("overturn", "异议成立，撤销选定", {S.SELECTED}, S.DISQUALIFIED, CHECK, by_owner=False,
              tone="danger", needs_reason=True),
        arrow("release", "未达成协议", {S.SELECTED}, S.DECLINED, RUN, by_owner=False),
        arrow("reinstate", "名额空出，恢复候选", {S.DECLINED}, S.QUALIFIED, RUN, by_owner=False),
        arrow("lapse", "榜单已有结果", {S.DRAFT, *PENDING}, S.DECLINED, RUN, by_owner=False),
    ),
)  # fmt: skip

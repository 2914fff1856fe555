"""The life of a listing (榜): one table for service, buttons, tests and the printed chart."""

from __future__ import annotations

from enum import StrEnum

from jiebang.core.permissions import Actor, Line, Permission
from jiebang.core.workflow import Workflow, arrow


class ListingState(StrEnum):
    """Where a listing stands."""

    DRAFT = "draft"
    ENDORSING = "endorsing"
    """Drafted by an agent, waiting for its own organisation's word."""
    SUBMITTED = "submitted"
    DIAGNOSIS = "diagnosis"
    """Too vague to publish, worth refining: a specialist or an expert asks (需求诊断)."""
    RETURNED = "returned"
    PUBLISHED = "published"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    SUSPENDED = "suspended"
    EXPIRED = "expired"


S = ListingState

STATE_LABELS = {
    S.DRAFT: "草稿",
    S.ENDORSING: "单位审批中",
    S.SUBMITTED: "审核中",
    S.DIAGNOSIS: "诊断中",
    S.RETURNED: "退回修改",
    S.PUBLISHED: "已发布",
    S.CLOSED: "已截止",
    S.WITHDRAWN: "已撤榜",
    S.SUSPENDED: "已暂停",
    S.EXPIRED: "已过期",
}
STATE_TONES = {
    S.DRAFT: "neutral",
    S.ENDORSING: "info",
    S.SUBMITTED: "info",
    S.DIAGNOSIS: "warn",
    S.RETURNED: "warn",
    S.PUBLISHED: "good",
    S.CLOSED: "neutral",
    S.WITHDRAWN: "neutral",
    S.SUSPENDED: "bad",
    S.EXPIRED: "warn",
}

EDITABLE = frozenset({S.DRAFT, S.RETURNED, S.DIAGNOSIS, S.PUBLISHED})
"""States in which the owner may change the text."""
EVER_PUBLISHED = frozenset({S.PUBLISHED, S.CLOSED, S.SUSPENDED, S.EXPIRED})
"""States that a listing reaches only through publication."""


def _verified(_listing: object, actor: Actor) -> str | None:
    if actor.user_id is None or (actor.seat is not None and actor.seat.verified):
        return None
    return "本单位尚未通过核验，可以先保存草稿；请在“我的单位”提交核验材料，通过后再提交发布。"


def _in_scope(listing: object, actor: Actor) -> str | None:
    line = getattr(listing, "line")  # noqa: B009
    if actor.user_id is None or actor.acts_in(line):
        return None
    return "您的经办范围不含这条业务线，请联系本单位管理员调整。"


def _endorsed(_listing: object, actor: Actor) -> str | None:
    if actor.seat is None or not actor.seat.must_ask:
        return None
    return "本单位的内容先由单位管理员（成果转化部门）审批，请点“提交本单位审批”。"


def _must_ask(_listing: object, actor: Actor) -> str | None:
    if actor.user_id is None or (actor.seat is not None and actor.seat.must_ask):
        return None
    return "您提交的内容不需要本单位审批，请直接“提交审核”。"


def _diagnosable(listing: object, _actor: Actor) -> str | None:
    if getattr(listing, "line") is Line.TECHNOLOGY:  # noqa: B009
        return None
    return "只有技术需求和科技成果可以送诊断，其他内容请退回修改。"


LISTING = Workflow(
    "listing",
    (
        arrow(
            "submit", "提交审核", {S.DRAFT, S.RETURNED, S.DIAGNOSIS}, S.SUBMITTED,
            Permission.LISTING_WRITE, guards=(_in_scope, _verified, _endorsed), tone="primary",
        ),
        arrow(
            "propose", "提交本单位审批", {S.DRAFT, S.RETURNED, S.DIAGNOSIS}, S.ENDORSING,
            Permission.LISTING_WRITE, guards=(_in_scope, _verified, _must_ask), tone="primary",
        ),
        arrow(
            "endorse", "同意并提交审核", {S.ENDORSING}, S.SUBMITTED, Permission.LISTING_ENDORSE,
            guards=(_in_scope, _verified), tone="primary",
        ),
        arrow(
            "send_back", "退回起草人", {S.ENDORSING}, S.RETURNED, Permission.LISTING_ENDORSE,
            guards=(_in_scope,), needs_reason=True,
        ),
        arrow(
            "recall", "取回修改", {S.ENDORSING, S.SUBMITTED}, S.DRAFT, Permission.LISTING_WRITE,
            guards=(_in_scope,),
        ),
        arrow(
            "approve", "通过并发布", {S.SUBMITTED}, S.PUBLISHED, Permission.LISTING_REVIEW,
            by_owner=False, tone="primary",
        ),
        arrow(
            "return", "退回修改", {S.SUBMITTED, S.DIAGNOSIS}, S.RETURNED,
            Permission.LISTING_REVIEW, by_owner=False, needs_reason=True,
        ),
        arrow(
            "diagnose", "送需求诊断", {S.SUBMITTED}, S.DIAGNOSIS, Permission.LISTING_REVIEW,
            by_owner=False, guards=(_diagnosable,),
        ),
        arrow(
            "conclude", "结束诊断", {S.DIAGNOSIS}, S.SUBMITTED, Permission.LISTING_REVIEW,
            by_owner=False,
        ),
        arrow(
            "stand_aside", "不能诊断", {S.DIAGNOSIS}, S.SUBMITTED, Permission.LISTING_DIAGNOSE,
            by_owner=False, needs_reason=True,
        ),
        arrow(
            "admit", "导入发布", {S.DRAFT}, S.PUBLISHED, Permission.IMPORT_FOR_OTHERS,
            by_owner=False,
        ),
        arrow(
            "confirm", "确认仍有效", {S.PUBLISHED, S.EXPIRED}, S.PUBLISHED,
            Permission.LISTING_WRITE, guards=(_in_scope, _verified),
        ),
        arrow(
            "withdraw", "撤榜",
            {S.ENDORSING, S.SUBMITTED, S.DIAGNOSIS, S.RETURNED, S.PUBLISHED, S.SUSPENDED,
             S.EXPIRED},
            S.WITHDRAWN, Permission.LISTING_WRITE, guards=(_in_scope,), tone="danger",
            needs_reason=True,
        ),
        arrow(
            "reopen", "重新编辑", {S.WITHDRAWN, S.CLOSED}, S.DRAFT, Permission.LISTING_WRITE,
            guards=(_in_scope,),
        ),
        arrow(
            "suspend", "暂停展示", {S.PUBLISHED}, S.SUSPENDED, Permission.LISTING_REVIEW,
            by_owner=False, tone="danger", needs_reason=True,
        ),
        arrow(
            "resume", "恢复展示", {S.SUSPENDED}, S.PUBLISHED, Permission.LISTING_REVIEW,
            by_owner=False,
        ),
        arrow(
            "expire", "到期下架", {S.PUBLISHED}, S.EXPIRED, Permission.SYSTEM_RUN, by_owner=False,
        ),
        arrow(
            "close", "到期截止", {S.PUBLISHED}, S.CLOSED, Permission.SYSTEM_RUN, by_owner=False,
        ),
    ),
)  # fmt: skip

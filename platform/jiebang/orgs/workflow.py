"""How an organisation becomes verified: one table for service, buttons and tests."""

from __future__ import annotations

from enum import StrEnum

from jiebang.core.permissions import Actor, Permission
from jiebang.core.workflow import Workflow, arrow


class OrganisationState(StrEnum):
    """How far an organisation is verified."""

    UNVERIFIED = "unverified"
    SUBMITTED = "submitted"
    VERIFIED = "verified"
    RETURNED = "returned"
    SUSPENDED = "suspended"


class Decision(StrEnum):
    """Where a request to the operator stands."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETURNED = "returned"


S = OrganisationState


def _acting(organisation: object, actor: Actor) -> str | None:
    if actor.user_id is None or actor.organisation_id == getattr(organisation, "id"):  # noqa: B009
        return None
    return "您现在以另一个单位的身份操作，请先切换到这个单位。"


def _has_code(organisation: object, _actor: Actor) -> str | None:
    if getattr(organisation, "credit_code"):  # noqa: B009
        return None
    return "这个单位还没有统一社会信用代码，请先补充，再标记为已核验。"


VERIFICATION = Workflow(
    "verification",
    (
        arrow(
            "submit", "提交核验", {S.UNVERIFIED, S.RETURNED}, S.SUBMITTED,
            Permission.ORGANISATION_MANAGE, guards=(_acting,), tone="primary",
        ),
        arrow(
            "approve", "通过核验", {S.SUBMITTED}, S.VERIFIED, Permission.ORGANISATION_VERIFY,
            by_owner=False, tone="primary",
        ),
        arrow(
            "return", "退回补正", {S.SUBMITTED}, S.RETURNED, Permission.ORGANISATION_VERIFY,
            by_owner=False, needs_reason=True,
        ),
        arrow(
            "vouch", "凭已有材料核验", {S.UNVERIFIED, S.RETURNED}, S.VERIFIED,
            Permission.ORGANISATION_VERIFY, by_owner=False, guards=(_has_code,),
        ),
        arrow(
            "suspend", "暂停资格", {S.VERIFIED}, S.SUSPENDED, Permission.ORGANISATION_VERIFY,
            by_owner=False, tone="danger", needs_reason=True,
        ),
        arrow(
            "resume", "恢复资格", {S.SUSPENDED}, S.VERIFIED, Permission.ORGANISATION_VERIFY,
            by_owner=False,
        ),
    ),
)  # fmt: skip

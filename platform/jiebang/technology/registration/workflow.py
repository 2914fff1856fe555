"""The life of a registration: one table for service, buttons and tests (DOMAIN.md)."""

from __future__ import annotations

from enum import StrEnum

from jiebang.boards.threads.workflow import in_scope
from jiebang.core.permissions import Permission
from jiebang.core.workflow import Workflow, arrow


class RegistrationState(StrEnum):
    """Where a registration stands."""

    OPEN = "open"
    """Not filed yet; the seller may also say that none is needed."""
    NOT_NEEDED = "not_needed"
    FILED = "filed"
    ACCEPTED = "accepted"
    SUPPLEMENT = "supplement"
    """补正: the office asks for more."""
    APPROVED = "approved"
    REFUSED = "refused"


S = RegistrationState
AT_OFFICE = frozenset({S.FILED, S.ACCEPTED})
"""The office's clock runs."""
PENDING = AT_OFFICE | {S.SUPPLEMENT}

STATE_LABELS = {
    S.OPEN: "未办理",
    S.NOT_NEEDED: "不办理",
    S.FILED: "已提交登记机构",
    S.ACCEPTED: "已受理",
    S.SUPPLEMENT: "需补正",
    S.APPROVED: "已认定登记",
    S.REFUSED: "未予登记",
}
STATE_TONES = {
    S.OPEN: "neutral",
    S.NOT_NEEDED: "neutral",
    S.FILED: "info",
    S.ACCEPTED: "info",
    S.SUPPLEMENT: "warn",
    S.APPROVED: "good",
    S.REFUSED: "bad",
}
SELLER = "seller"
"""The side that files, as the workflow asks: who gives the technology."""
RESPOND = Permission.LISTING_RESPOND

REGISTRATION = Workflow(
    "registration",
    (
        arrow("file", "已提交登记机构", {S.OPEN, S.NOT_NEEDED, S.REFUSED}, S.FILED, RESPOND,
              sides=(SELLER,), guards=(in_scope,), tone="primary"),
        arrow("skip", "不办理登记", {S.OPEN}, S.NOT_NEEDED, RESPOND, sides=(SELLER,),
              guards=(in_scope,), needs_reason=True),
        arrow("accept", "已受理", {S.FILED}, S.ACCEPTED, RESPOND, sides=(SELLER,),
              guards=(in_scope,)),
        arrow("supplement", "需补正", {S.FILED, S.ACCEPTED}, S.SUPPLEMENT, RESPOND,
              sides=(SELLER,), guards=(in_scope,), needs_reason=True),
        arrow("resubmit", "已补正", {S.SUPPLEMENT}, S.ACCEPTED, RESPOND, sides=(SELLER,),
              guards=(in_scope,), tone="primary"),
        arrow("approve", "已认定登记", {S.ACCEPTED}, S.APPROVED, RESPOND, sides=(SELLER,),
              guards=(in_scope,), tone="primary"),
        arrow("refuse", "未予登记", {S.FILED, S.ACCEPTED, S.SUPPLEMENT}, S.REFUSED, RESPOND,
              sides=(SELLER,), guards=(in_scope,), needs_reason=True),
    ),
)  # fmt: skip

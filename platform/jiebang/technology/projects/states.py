"""The states of everything in a project, who holds it, and the words for them (DOMAIN.md).

The two parties are 委托方 (client: has the problem, judges and pays) and 实施方 (solver: delivers
and is paid), whichever of them published the listing.
"""

from __future__ import annotations

from enum import StrEnum

from jiebang.boards.reviews.workflow import STATE_LABELS as EXPERT_LABELS
from jiebang.boards.reviews.workflow import STATE_TONES as EXPERT_TONES
from jiebang.boards.reviews.workflow import AssignmentState


class Party(StrEnum):
    """The two sides of a project."""

    CLIENT = "client"
    SOLVER = "solver"

    @property
    def other(self) -> Party:
        return Party.SOLVER if self is Party.CLIENT else Party.CLIENT


class Turn(StrEnum):
    """当前办理人 of whatever waits in a project."""

    CLIENT = "client"
    SOLVER = "solver"
    OPERATOR = "operator"
    EXPERT = "expert"
    """The one who was asked to confirm a milestone, where the track has experts do it."""


PARTY_LABELS = {Party.CLIENT: "委托方", Party.SOLVER: "实施方"}
TURN_LABELS = {Turn.CLIENT: "委托方", Turn.SOLVER: "实施方", Turn.OPERATOR: "平台运营",
               Turn.EXPERT: "评审专家"}  # fmt: skip


class ProjectState(StrEnum):
    """Where a project stands."""

    RUNNING = "running"
    ACCEPTING = "accepting"
    SETTLING = "settling"
    """Accepted; money is still on its way."""
    CLOSED = "closed"
    TERMINATED = "terminated"


class MilestoneState(StrEnum):
    """Where a milestone stands."""

    DUE = "due"
    FILED = "filed"
    CHECKING = "checking"
    """Judged to pass by the client; the platform, or its expert, confirms where the track asks."""
    RECTIFY = "rectify"
    PASSED = "passed"
    FAILED = "failed"
    LAPSED = "lapsed"


class InstalmentState(StrEnum):
    """Where a payment stands."""

    PLANNED = "planned"
    PAYABLE = "payable"
    REPORTED = "reported"
    """The payer says it is paid; the receiver has not confirmed."""
    PAID = "paid"
    VOID = "void"


class AcceptanceState(StrEnum):
    """Where an attempt at acceptance stands."""

    FILED = "filed"
    CHECKING = "checking"
    CONDITIONAL = "conditional"
    """Accepted on conditions: a list and a date."""
    SUPPLEMENTED = "supplemented"
    PASSED = "passed"
    FAILED = "failed"
    LAPSED = "lapsed"


class RequestState(StrEnum):
    """Where what one party asks of the other stands: an extension, a termination, money back."""

    ASKED = "asked"
    MEDIATING = "mediating"
    """A termination that the other side refused: an operator mediates and decides."""
    AGREED = "agreed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class RecoveryState(StrEnum):
    """Where money that goes back stands."""

    CLAIMED = "claimed"
    OWED = "owed"
    RETURNED = "returned"
    """The payer-back says so; the receiver has not confirmed."""
    SETTLED = "settled"
    DROPPED = "dropped"


class GrantState(StrEnum):
    """Where a grant payment stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    PAID = "paid"
    REFUSED = "refused"
    LAPSED = "lapsed"


P, M, N, A = ProjectState, MilestoneState, InstalmentState, AcceptanceState
R, V, G, E = RequestState, RecoveryState, GrantState, AssignmentState
ACTIVE = frozenset({P.RUNNING, P.ACCEPTING, P.SETTLING})
UNJUDGED = frozenset({M.DUE, M.FILED, M.CHECKING, M.RECTIFY})
UNPAID = frozenset({N.PAYABLE, N.REPORTED})
UNDECIDED = frozenset({A.FILED, A.CHECKING, A.CONDITIONAL, A.SUPPLEMENTED})
UNSETTLED = frozenset({R.ASKED, R.MEDIATING})
BACK = frozenset({V.CLAIMED, V.OWED, V.RETURNED})
GRANTING = frozenset({G.PROPOSED, G.APPROVED})
"""The states of each table in which somebody waits for somebody; UNPAID, UNJUDGED likewise."""

_PARTS: dict[StrEnum, str] = {each: EXPERT_LABELS[each] for each in AssignmentState}
_TONES: dict[StrEnum, str] = {each: EXPERT_TONES[each] for each in AssignmentState}
LABELS: dict[type[StrEnum], dict[StrEnum, str]] = {
    P: {
        P.RUNNING: "实施中", P.ACCEPTING: "验收中", P.SETTLING: "已验收，结算中",
        P.CLOSED: "已结题", P.TERMINATED: "已终止",
    },
    M: {
        M.DUE: "待提交", M.FILED: "待评定", M.CHECKING: "待平台确认", M.RECTIFY: "整改中",
        M.PASSED: "已通过", M.FAILED: "未通过", M.LAPSED: "随项目终止",
    },
    N: {
        N.PLANNED: "未到付款条件", N.PAYABLE: "应付", N.REPORTED: "已付待确认", N.PAID: "已付清",
        N.VOID: "不再支付",
    },
    A: {
        A.FILED: "待验收", A.CHECKING: "待平台确认", A.CONDITIONAL: "有条件通过",
        A.SUPPLEMENTED: "已补充，待复核", A.PASSED: "验收通过", A.FAILED: "验收未通过",
        A.LAPSED: "随项目终止",
    },
    R: {
        R.ASKED: "等待答复", R.MEDIATING: "待平台协调", R.AGREED: "已同意",
        R.REFUSED: "未同意",
        R.WITHDRAWN: "已撤回", R.LAPSED: "已失效",
    },
    V: {
        V.CLAIMED: "等待答复", V.OWED: "待退回", V.RETURNED: "已退待确认", V.SETTLED: "已退清",
        V.DROPPED: "已撤销",
    },
    G: {
        G.PROPOSED: "待核定", G.APPROVED: "待拨付", G.PAID: "已拨付", G.REFUSED: "不予拨付",
        G.LAPSED: "随项目终止",
    },
    E: {**_PARTS, E.REVIEWING: "核对中"},
}  # fmt: skip
"""By table: states of two tables may have one name."""
TONES: dict[type[StrEnum], dict[StrEnum, str]] = {
    P: {P.RUNNING: "info", P.ACCEPTING: "info", P.SETTLING: "good", P.CLOSED: "good"},
    M: {M.FILED: "info", M.CHECKING: "info", M.RECTIFY: "warn", M.PASSED: "good",
        M.FAILED: "bad"},
    N: {N.PAYABLE: "warn", N.REPORTED: "info", N.PAID: "good"},
    A: {A.FILED: "info", A.CHECKING: "info", A.CONDITIONAL: "warn", A.SUPPLEMENTED: "info",
        A.PASSED: "good", A.FAILED: "bad"},
    R: {R.ASKED: "info", R.MEDIATING: "warn", R.AGREED: "good"},
    V: {V.CLAIMED: "info", V.OWED: "warn", V.RETURNED: "info", V.SETTLED: "good"},
    G: {G.PROPOSED: "info", G.APPROVED: "info", G.PAID: "good", G.REFUSED: "bad"},
    E: _TONES,
}  # fmt: skip


def label(state: StrEnum) -> str:
    """A state in words."""
    return LABELS[type(state)][state]


def badge(state: StrEnum) -> tuple[str, str]:
    """A state in words and how its badge is coloured."""
    return label(state), TONES[type(state)].get(state, "neutral")

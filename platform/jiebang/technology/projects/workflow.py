"""The lives in a project: one table each for service, buttons and tests (DOMAIN.md).

The two parties are 委托方 (client: has the problem, judges and pays) and 实施方 (solver: delivers
and is paid), whichever of them published the listing.
"""

from __future__ import annotations

from enum import StrEnum

from jiebang.boards.threads.workflow import in_scope
from jiebang.core.permissions import Actor, Permission
from jiebang.core.workflow import Workflow, arrow


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


PARTY_LABELS = {Party.CLIENT: "委托方", Party.SOLVER: "实施方"}
TURN_LABELS = {Turn.CLIENT: "委托方", Turn.SOLVER: "实施方", Turn.OPERATOR: "平台运营"}


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
    """Judged to pass by the client; the platform confirms, where the track asks."""
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
R, V, G = RequestState, RecoveryState, GrantState
ACTIVE = frozenset({P.RUNNING, P.ACCEPTING, P.SETTLING})
UNJUDGED = frozenset({M.DUE, M.FILED, M.CHECKING, M.RECTIFY})
UNPAID = frozenset({N.PAYABLE, N.REPORTED})
UNDECIDED = frozenset({A.FILED, A.CHECKING, A.CONDITIONAL, A.SUPPLEMENTED})
ASKED = frozenset({R.ASKED})
BACK = frozenset({V.CLAIMED, V.OWED, V.RETURNED})
GRANTING = frozenset({G.PROPOSED, G.APPROVED})
"""The states of each table in which somebody waits for somebody; UNPAID, UNJUDGED likewise."""

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
        R.ASKED: "等待答复", R.AGREED: "已同意", R.REFUSED: "未同意", R.WITHDRAWN: "已撤回",
        R.LAPSED: "已失效",
    },
    V: {
        V.CLAIMED: "等待答复", V.OWED: "待退回", V.RETURNED: "已退待确认", V.SETTLED: "已退清",
        V.DROPPED: "已撤销",
    },
    G: {
        G.PROPOSED: "待核定", G.APPROVED: "待拨付", G.PAID: "已拨付", G.REFUSED: "不予拨付",
        G.LAPSED: "随项目终止",
    },
}  # fmt: skip
"""By table: states of two tables may have one name."""
TONES: dict[type[StrEnum], dict[StrEnum, str]] = {
    P: {P.RUNNING: "info", P.ACCEPTING: "info", P.SETTLING: "good", P.CLOSED: "good"},
    M: {M.FILED: "info", M.CHECKING: "info", M.RECTIFY: "warn", M.PASSED: "good",
        M.FAILED: "bad"},
    N: {N.PAYABLE: "warn", N.REPORTED: "info", N.PAID: "good"},
    A: {A.FILED: "info", A.CHECKING: "info", A.CONDITIONAL: "warn", A.SUPPLEMENTED: "info",
        A.PASSED: "good", A.FAILED: "bad"},
    R: {R.ASKED: "info", R.AGREED: "good"},
    V: {V.CLAIMED: "info", V.OWED: "warn", V.RETURNED: "info", V.SETTLED: "good"},
    G: {G.PROPOSED: "info", G.APPROVED: "info", G.PAID: "good", G.REFUSED: "bad"},
}  # fmt: skip


def label(state: StrEnum) -> str:
    """A state in words."""
    return LABELS[type(state)][state]


def badge(state: StrEnum) -> tuple[str, str]:
    """A state in words and how its badge is coloured."""
    return label(state), TONES[type(state)].get(state, "neutral")


def _checked(subject: object, _actor: Actor) -> str | None:
    if getattr(subject, "checked"):  # noqa: B009
        return None
    return "这个项目不需要平台确认，可以直接通过。"


def _unchecked(subject: object, _actor: Actor) -> str | None:
    if not getattr(subject, "checked"):  # noqa: B009
        return None
    return "这个项目的通过结论须经平台确认，请提交平台确认。"


def _first_time(subject: object, _actor: Actor) -> str | None:
    if not getattr(subject, "rectified"):  # noqa: B009
        return None
    return "已经整改过一次，这次请给出通过或不通过的结论。"


def _second_time(subject: object, _actor: Actor) -> str | None:
    if getattr(subject, "rectified"):  # noqa: B009
        return None
    return "请先给一次整改的机会，整改后仍达不到再评为不通过。"


def _not_final(subject: object, _actor: Actor) -> str | None:
    if not getattr(subject, "final"):  # noqa: B009
        return None
    return "这一节点随项目验收一并确认，请在验收里办理。"


def _complete(subject: object, _actor: Actor) -> str | None:
    if getattr(subject, "left") == 0:  # noqa: B009
        return None
    return "这一笔还没有付清。"


def _in_part(subject: object, _actor: Actor) -> str | None:
    if getattr(subject, "left") > 0:  # noqa: B009
        return None
    return "这一笔已经付清。"


def _not_the_asker(subject: object, actor: Actor) -> str | None:
    if actor.user_id is None or getattr(subject, "asker").value not in (  # noqa: B009
        getattr(subject, "sides_of")(actor)  # noqa: B009
    ):
        return None
    return "这是本方提出的，由对方答复。"


def _the_asker(subject: object, actor: Actor) -> str | None:
    if actor.user_id is None or getattr(subject, "asker").value in (  # noqa: B009
        getattr(subject, "sides_of")(actor)  # noqa: B009
    ):
        return None
    return "只有提出的一方可以撤回。"


ACT, RUN, CHECK, GRANT = (
    Permission.LISTING_RESPOND,
    Permission.SYSTEM_RUN,
    Permission.LISTING_REVIEW,
    Permission.GRANTS_MANAGE,
)
CLIENT, SOLVER = (Party.CLIENT,), (Party.SOLVER,)
BOTH = (Party.CLIENT, Party.SOLVER)
SCOPE = (in_scope,)

PROJECT = Workflow(
    "project",
    (
        arrow("begin_acceptance", "进入验收", {P.RUNNING}, P.ACCEPTING, RUN, by_owner=False),
        arrow("resume", "继续实施", {P.ACCEPTING}, P.RUNNING, RUN, by_owner=False),
        arrow("accept", "验收通过", {P.ACCEPTING}, P.SETTLING, RUN, by_owner=False),
        arrow("close", "结题", {P.SETTLING}, P.CLOSED, RUN, by_owner=False),
        arrow("terminate", "终止", {P.RUNNING, P.ACCEPTING}, P.TERMINATED, RUN, by_owner=False,
              tone="danger", needs_reason=True),
    ),
)  # fmt: skip

MILESTONE = Workflow(
    "milestone",
    (
        arrow("file", "提交成果证据", {M.DUE, M.RECTIFY}, M.FILED, ACT, sides=SOLVER,
              guards=(*SCOPE, _not_final), tone="primary"),
        arrow("pass", "通过", {M.FILED}, M.PASSED, ACT, sides=CLIENT,
              guards=(*SCOPE, _unchecked), tone="primary"),
        arrow("recommend", "同意通过，提交平台确认", {M.FILED}, M.CHECKING, ACT, sides=CLIENT,
              guards=(*SCOPE, _checked), tone="primary"),
        arrow("waive", "无需材料，直接通过", {M.DUE}, M.PASSED, ACT, sides=CLIENT,
              guards=(*SCOPE, _not_final, _unchecked), needs_reason=True),
        arrow("waive_check", "无需材料，提交平台确认", {M.DUE}, M.CHECKING, ACT, sides=CLIENT,
              guards=(*SCOPE, _not_final, _checked), needs_reason=True),
        arrow("rectify", "要求整改", {M.FILED}, M.RECTIFY, ACT, sides=CLIENT,
              guards=(*SCOPE, _first_time), needs_reason=True),
        arrow("fail", "不通过", {M.FILED}, M.FAILED, ACT, sides=CLIENT,
              guards=(*SCOPE, _second_time), tone="danger", needs_reason=True),
        arrow("confirm", "确认通过", {M.CHECKING}, M.PASSED, CHECK, by_owner=False,
              tone="primary"),
        arrow("send_back", "退回委托方重新评定", {M.CHECKING}, M.FILED, CHECK, by_owner=False,
              needs_reason=True),
        arrow("conclude", "随验收通过", {M.DUE}, M.PASSED, RUN, by_owner=False),
        arrow("lapse", "随项目终止", UNJUDGED, M.LAPSED, RUN, by_owner=False),
    ),
)  # fmt: skip

INSTALMENT = Workflow(
    "instalment",
    (
        arrow("release", "到达付款条件", {N.PLANNED}, N.PAYABLE, RUN, by_owner=False),
        arrow("report", "登记付款", {N.PAYABLE}, N.REPORTED, ACT, sides=CLIENT, guards=SCOPE,
              tone="primary"),
        arrow("confirm", "确认收到，已付清", {N.REPORTED}, N.PAID, ACT, sides=SOLVER,
              guards=(*SCOPE, _complete), tone="primary"),
        arrow("confirm_part", "确认收到这一部分", {N.REPORTED}, N.PAYABLE, ACT, sides=SOLVER,
              guards=(*SCOPE, _in_part), tone="primary"),
        arrow("dispute", "没有收到", {N.REPORTED}, N.PAYABLE, ACT, sides=SOLVER, guards=SCOPE,
              tone="danger", needs_reason=True),
        arrow("void", "不再支付", {N.PLANNED}, N.VOID, RUN, by_owner=False, needs_reason=True),
    ),
)  # fmt: skip

ACCEPTANCE = Workflow(
    "acceptance",
    (
        arrow("pass", "验收通过", {A.FILED, A.SUPPLEMENTED}, A.PASSED, ACT, sides=CLIENT,
              guards=(*SCOPE, _unchecked), tone="primary"),
        arrow("recommend", "同意通过，提交平台确认", {A.FILED, A.SUPPLEMENTED}, A.CHECKING, ACT,
              sides=CLIENT, guards=(*SCOPE, _checked), tone="primary"),
        arrow("condition", "有条件通过", {A.FILED}, A.CONDITIONAL, ACT, sides=CLIENT,
              guards=SCOPE, needs_reason=True),
        arrow("fail", "不通过", {A.FILED, A.SUPPLEMENTED}, A.FAILED, ACT, sides=CLIENT,
              guards=SCOPE, tone="danger", needs_reason=True),
        arrow("supplement", "提交补充说明", {A.CONDITIONAL}, A.SUPPLEMENTED, ACT, sides=SOLVER,
              guards=SCOPE, tone="primary", needs_reason=True),
        arrow("confirm", "确认验收通过", {A.CHECKING}, A.PASSED, CHECK, by_owner=False,
              tone="primary"),
        arrow("send_back", "退回委托方重新验收", {A.CHECKING}, A.FILED, CHECK, by_owner=False,
              needs_reason=True),
        arrow("lapse", "随项目终止", UNDECIDED, A.LAPSED, RUN, by_owner=False),
    ),
)  # fmt: skip

REQUEST = Workflow(
    "request",
    (
        arrow("agree", "同意", {R.ASKED}, R.AGREED, ACT, sides=BOTH,
              guards=(*SCOPE, _not_the_asker), tone="primary"),
        arrow("refuse", "不同意", {R.ASKED}, R.REFUSED, ACT, sides=BOTH,
              guards=(*SCOPE, _not_the_asker), needs_reason=True),
        arrow("withdraw", "撤回", {R.ASKED}, R.WITHDRAWN, ACT, sides=BOTH,
              guards=(*SCOPE, _the_asker)),
        arrow("lapse", "已失效", {R.ASKED}, R.LAPSED, RUN, by_owner=False),
    ),
)  # fmt: skip

RECOVERY = Workflow(
    "recovery",
    (
        arrow("agree", "同意退回", {V.CLAIMED}, V.OWED, ACT, sides=SOLVER, guards=SCOPE,
              tone="primary"),
        arrow("refuse", "不同意，说明理由", {V.CLAIMED}, V.DROPPED, ACT, sides=SOLVER,
              guards=SCOPE, needs_reason=True),
        arrow("drop", "撤销", {V.CLAIMED, V.OWED}, V.DROPPED, ACT, sides=CLIENT, guards=SCOPE,
              needs_reason=True),
        arrow("report", "登记已退回", {V.OWED}, V.RETURNED, ACT, sides=SOLVER, guards=SCOPE,
              tone="primary"),
        arrow("confirm", "确认收到退款", {V.RETURNED}, V.SETTLED, ACT, sides=CLIENT,
              guards=SCOPE, tone="primary"),
        arrow("dispute", "没有收到", {V.RETURNED}, V.OWED, ACT, sides=CLIENT, guards=SCOPE,
              tone="danger", needs_reason=True),
    ),
)  # fmt: skip

GRANT_PAYMENT = Workflow(
    "grant_payment",
    (
        arrow("approve", "核定", {G.PROPOSED}, G.APPROVED, GRANT, by_owner=False,
              tone="primary"),
        arrow("refuse", "不予拨付", {G.PROPOSED, G.APPROVED}, G.REFUSED, GRANT, by_owner=False,
              tone="danger", needs_reason=True),
        arrow("pay", "登记拨付", {G.APPROVED}, G.PAID, GRANT, by_owner=False, tone="primary"),
        arrow("lapse", "随项目终止", {G.PROPOSED, G.APPROVED}, G.LAPSED, RUN, by_owner=False),
    ),
)  # fmt: skip

TABLES = (PROJECT, MILESTONE, INSTALMENT, ACCEPTANCE, REQUEST, RECOVERY, GRANT_PAYMENT)

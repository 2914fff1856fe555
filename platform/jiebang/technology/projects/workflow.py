"""The lives in a project: one table each for service, buttons and tests (DOMAIN.md)."""

from __future__ import annotations

from collections.abc import Callable

from jiebang.boards.reviews.workflow import UNDER_WAY, AssignmentState
from jiebang.boards.threads.workflow import in_scope
from jiebang.core.permissions import Actor, Permission
from jiebang.core.workflow import Workflow, arrow

from .states import (
    ACTIVE,
    BACK,
    GRANTING,
    LABELS,
    PARTY_LABELS,
    TONES,
    TURN_LABELS,
    UNDECIDED,
    UNJUDGED,
    UNPAID,
    UNSETTLED,
    AcceptanceState,
    GrantState,
    InstalmentState,
    MilestoneState,
    Party,
    ProjectState,
    RecoveryState,
    RequestState,
    Turn,
    badge,
    label,
)

__all__ = [
    "ACCEPTANCE",
    "ACTIVE",
    "BACK",
    "CONFIRMATION",
    "EXPERT",
    "GRANTING",
    "GRANT_PAYMENT",
    "INSTALMENT",
    "LABELS",
    "MILESTONE",
    "PARTY_LABELS",
    "PROJECT",
    "RECOVERY",
    "REQUEST",
    "TABLES",
    "TONES",
    "TURN_LABELS",
    "UNDECIDED",
    "UNJUDGED",
    "UNPAID",
    "UNSETTLED",
    "AcceptanceState",
    "GrantState",
    "InstalmentState",
    "MilestoneState",
    "Party",
    "ProjectState",
    "RecoveryState",
    "RequestState",
    "Turn",
    "badge",
    "label",
]

P, M, N, A = ProjectState, MilestoneState, InstalmentState, AcceptanceState
R, V, G, E = RequestState, RecoveryState, GrantState, AssignmentState


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


def _by_platform(subject: object, _actor: Actor) -> str | None:
    if not getattr(subject, "by_expert"):  # noqa: B009
        return None
    return "这条赛道的里程碑由专家确认，请分派专家。"


def _outside(subject: object, actor: Actor) -> str | None:
    """Membership may have come after the assignment."""
    if getattr(subject, "party_ids") & actor.organisation_ids:  # noqa: B009
        return "您是项目一方的成员，不能确认，请声明回避。"
    return None


def _of_kind(kind: str, refused: str) -> Callable[[object, Actor], str | None]:
    return lambda subject, _: None if getattr(subject, "kind").value == kind else refused  # noqa: B009


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
              guards=(_by_platform,), tone="primary"),
        arrow("send_back", "退回委托方重新评定", {M.CHECKING}, M.FILED, CHECK, by_owner=False,
              guards=(_by_platform,), needs_reason=True),
        arrow("endorse", "专家确认通过", {M.CHECKING}, M.PASSED, RUN, by_owner=False),
        arrow("reject", "专家退回重新评定", {M.CHECKING}, M.FILED, RUN, by_owner=False),
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

TO_MEDIATION = "对终止有分歧的，由平台协调。"
NO_MEDIATION = "平台只协调对终止的分歧；不同意延期请直接说明理由。"
REQUEST = Workflow(
    "request",
    (
        arrow("agree", "同意", UNSETTLED, R.AGREED, ACT, sides=BOTH,
              guards=(*SCOPE, _not_the_asker), tone="primary"),
        arrow("refuse", "不同意", {R.ASKED}, R.REFUSED, ACT, sides=BOTH,
              guards=(*SCOPE, _not_the_asker, _of_kind("extension", TO_MEDIATION)),
              needs_reason=True),
        arrow("object", "不同意，交平台协调", {R.ASKED}, R.MEDIATING, ACT, sides=BOTH,
              guards=(*SCOPE, _not_the_asker, _of_kind("termination", NO_MEDIATION)),
              needs_reason=True),
        arrow("withdraw", "撤回", UNSETTLED, R.WITHDRAWN, ACT, sides=BOTH,
              guards=(*SCOPE, _the_asker)),
        arrow("end", "协调结论：终止项目", {R.MEDIATING}, R.AGREED, CHECK, by_owner=False,
              tone="danger", needs_reason=True),
        arrow("go_on", "协调结论：继续履行", {R.MEDIATING}, R.REFUSED, CHECK, by_owner=False,
              tone="primary", needs_reason=True),
        arrow("lapse", "已失效", UNSETTLED, R.LAPSED, RUN, by_owner=False),
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

EXPERT = "expert"
SCORE = Permission.REVIEW_SCORE
CONFIRMATION = Workflow(
    "confirmation",
    (
        arrow("accept", "声明无利益冲突", {E.ASSIGNED}, E.REVIEWING, SCORE, sides={EXPERT},
              guards=(_outside,), tone="primary"),
        arrow("recuse", "声明回避", UNDER_WAY, E.RECUSED, SCORE, sides={EXPERT},
              needs_reason=True),
        arrow("confirm", "确认通过", {E.REVIEWING}, E.SUBMITTED, SCORE, sides={EXPERT},
              guards=(_outside,), tone="primary"),
        arrow("send_back", "退回委托方重新评定", {E.REVIEWING}, E.SUBMITTED, SCORE,
              sides={EXPERT}, guards=(_outside,), needs_reason=True),
        arrow("replace", "撤换", UNDER_WAY, E.REPLACED, CHECK, by_owner=False,
              needs_reason=True),
        arrow("lapse", "不必再确认", UNDER_WAY, E.LAPSED, RUN, by_owner=False),
    ),
)  # fmt: skip
"""One expert's part in confirming a milestone: declared first, as in reviews."""

TABLES = (
    PROJECT,
    MILESTONE,
    INSTALMENT,
    ACCEPTANCE,
    REQUEST,
    RECOVERY,
    GRANT_PAYMENT,
    CONFIRMATION,
)

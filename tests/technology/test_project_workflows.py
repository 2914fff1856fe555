"""Every (state, action, role) of a project's seven tables, enumerated against hand-written ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import pytest

from jiebang.boards.reviews.workflow import AssignmentState as E
from jiebang.core.errors import Conflict, Forbidden
from jiebang.core.permissions import Line
from jiebang.core.workflow import Workflow
from jiebang.technology.projects import workflow as w
from jiebang.technology.projects.models import RequestKind
from jiebang.technology.projects.workflow import (
    AcceptanceState as A,
)
from jiebang.technology.projects.workflow import (
    GrantState as G,
)
from jiebang.technology.projects.workflow import (
    InstalmentState as N,
)
from jiebang.technology.projects.workflow import (
    MilestoneState as M,
)
from jiebang.technology.projects.workflow import (
    Party,
)
from jiebang.technology.projects.workflow import (
    ProjectState as P,
)
from jiebang.technology.projects.workflow import (
    RecoveryState as V,
)
from jiebang.technology.projects.workflow import (
    RequestState as R,
)
from tests.boards.test_workflow import ACTORS, AGENT, OWNER, member

CLIENT_ID, SOLVER_ID = 1, 3
WHO = {
    **ACTORS,
    "solver": member(SOLVER_ID),
    "solver's agent": replace(AGENT, seats=(), seat=member(SOLVER_ID).seat),
}
CLIENTS = {"owner", "agent", "unverified owner", "agent who must ask", "transfer office",
           "operator who owns it", "system"}  # fmt: skip
SOLVERS = {"solver", "solver's agent", "system"}
OPERATORS = {"operator", "system"}
SYSTEM_ONLY = {"system"}
EITHER = CLIENTS | SOLVERS


@dataclass
class Thing:
    """Something of a project between organisations 1 (client) and 3 (solver)."""

    state: Any
    checked: bool = False
    rectified: bool = False
    final: bool = False
    left: int = 0
    asker: Party = Party.CLIENT
    line: Line = Line.TECHNOLOGY
    by_expert: bool = False
    kind: RequestKind = RequestKind.TERMINATION
    party_ids: frozenset[int] = frozenset({CLIENT_ID, SOLVER_ID})

    def sides_of(self, actor: Any) -> frozenset[str]:
        if actor.user_id == WHO["expert"].user_id:
            return frozenset({"expert"})
        side = {CLIENT_ID: "client", SOLVER_ID: "solver"}.get(actor.organisation_id)
        return frozenset({side}) if side else frozenset()

    def belongs_to(self, actor: Any) -> bool:
        return bool({CLIENT_ID, SOLVER_ID} & actor.organisation_ids)


# table -> action -> (states it may start from, where it leads, who may, how the thing must be)
EXPECTED: dict[str, tuple[Workflow, type[StrEnum], dict[str, Any]]] = {
    "project": (w.PROJECT, P, {
        "begin_acceptance": ({P.RUNNING}, P.ACCEPTING, SYSTEM_ONLY, {}),
        "resume": ({P.ACCEPTING}, P.RUNNING, SYSTEM_ONLY, {}),
        "accept": ({P.ACCEPTING}, P.SETTLING, SYSTEM_ONLY, {}),
        "close": ({P.SETTLING}, P.CLOSED, SYSTEM_ONLY, {}),
        "terminate": ({P.RUNNING, P.ACCEPTING}, P.TERMINATED, SYSTEM_ONLY, {}),
    }),
    "milestone": (w.MILESTONE, M, {
        "file": ({M.DUE, M.RECTIFY}, M.FILED, SOLVERS, {}),
        "pass": ({M.FILED}, M.PASSED, CLIENTS, {}),
        "recommend": ({M.FILED}, M.CHECKING, CLIENTS, {"checked": True}),
        "waive": ({M.DUE}, M.PASSED, CLIENTS, {}),
        "waive_check": ({M.DUE}, M.CHECKING, CLIENTS, {"checked": True}),
        "rectify": ({M.FILED}, M.RECTIFY, CLIENTS, {}),
        "fail": ({M.FILED}, M.FAILED, CLIENTS, {"rectified": True}),
        "confirm": ({M.CHECKING}, M.PASSED, OPERATORS, {}),
        "send_back": ({M.CHECKING}, M.FILED, OPERATORS, {}),
        "endorse": ({M.CHECKING}, M.PASSED, SYSTEM_ONLY, {}),
        "reject": ({M.CHECKING}, M.FILED, SYSTEM_ONLY, {}),
        "conclude": ({M.DUE}, M.PASSED, SYSTEM_ONLY, {}),
        "lapse": ({M.DUE, M.FILED, M.CHECKING, M.RECTIFY}, M.LAPSED, SYSTEM_ONLY, {}),
    }),
    "instalment": (w.INSTALMENT, N, {
        "release": ({N.PLANNED}, N.PAYABLE, SYSTEM_ONLY, {}),
        "report": ({N.PAYABLE}, N.REPORTED, CLIENTS, {}),
        "confirm": ({N.REPORTED}, N.PAID, SOLVERS, {"left": 0}),
        "confirm_part": ({N.REPORTED}, N.PAYABLE, SOLVERS, {"left": 5}),
        "dispute": ({N.REPORTED}, N.PAYABLE, SOLVERS, {}),
        "void": ({N.PLANNED}, N.VOID, SYSTEM_ONLY, {}),
    }),
    "acceptance": (w.ACCEPTANCE, A, {
        "pass": ({A.FILED, A.SUPPLEMENTED}, A.PASSED, CLIENTS, {}),
        "recommend": ({A.FILED, A.SUPPLEMENTED}, A.CHECKING, CLIENTS, {"checked": True}),
        "condition": ({A.FILED}, A.CONDITIONAL, CLIENTS, {}),
        "fail": ({A.FILED, A.SUPPLEMENTED}, A.FAILED, CLIENTS, {}),
        "supplement": ({A.CONDITIONAL}, A.SUPPLEMENTED, SOLVERS, {}),
        "confirm": ({A.CHECKING}, A.PASSED, OPERATORS, {}),
        "send_back": ({A.CHECKING}, A.FILED, OPERATORS, {}),
        "lapse": ({A.FILED, A.CHECKING, A.CONDITIONAL, A.SUPPLEMENTED}, A.LAPSED, SYSTEM_ONLY,
                  {}),
    }),
    "request": (w.REQUEST, R, {  # the client asked
        "agree": ({R.ASKED, R.MEDIATING}, R.AGREED, SOLVERS, {}),
        "refuse": ({R.ASKED}, R.REFUSED, SOLVERS, {"kind": RequestKind.EXTENSION}),
        "object": ({R.ASKED}, R.MEDIATING, SOLVERS, {}),
        "withdraw": ({R.ASKED, R.MEDIATING}, R.WITHDRAWN, CLIENTS, {}),
        "end": ({R.MEDIATING}, R.AGREED, OPERATORS, {}),
        "go_on": ({R.MEDIATING}, R.REFUSED, OPERATORS, {}),
        "lapse": ({R.ASKED, R.MEDIATING}, R.LAPSED, SYSTEM_ONLY, {}),
    }),
    "recovery": (w.RECOVERY, V, {
        "agree": ({V.CLAIMED}, V.OWED, SOLVERS, {}),
        "refuse": ({V.CLAIMED}, V.DROPPED, SOLVERS, {}),
        "drop": ({V.CLAIMED, V.OWED}, V.DROPPED, CLIENTS, {}),
        "report": ({V.OWED}, V.RETURNED, SOLVERS, {}),
        "confirm": ({V.RETURNED}, V.SETTLED, CLIENTS, {}),
        "dispute": ({V.RETURNED}, V.OWED, CLIENTS, {}),
    }),
    "grant": (w.GRANT_PAYMENT, G, {
        "approve": ({G.PROPOSED}, G.APPROVED, OPERATORS, {}),
        "refuse": ({G.PROPOSED, G.APPROVED}, G.REFUSED, OPERATORS, {}),
        "pay": ({G.APPROVED}, G.PAID, OPERATORS, {}),
        "lapse": ({G.PROPOSED, G.APPROVED}, G.LAPSED, SYSTEM_ONLY, {}),
    }),
    "confirmation": (w.CONFIRMATION, E, {
        "accept": ({E.ASSIGNED}, E.REVIEWING, {"expert", "system"}, {}),
        "recuse": ({E.ASSIGNED, E.REVIEWING}, E.RECUSED, {"expert", "system"}, {}),
        "confirm": ({E.REVIEWING}, E.SUBMITTED, {"expert", "system"}, {}),
        "send_back": ({E.REVIEWING}, E.SUBMITTED, {"expert", "system"}, {}),
        "replace": ({E.ASSIGNED, E.REVIEWING}, E.REPLACED, OPERATORS, {}),
        "lapse": ({E.ASSIGNED, E.REVIEWING}, E.LAPSED, SYSTEM_ONLY, {}),
    }),
}  # fmt: skip
CASES = [
    (name, action, state)
    for name, (_, states, table) in EXPECTED.items()
    for action in table
    for state in states
]


def test_the_tables_have_these_actions_and_no_others() -> None:
    for table, states, expected in EXPECTED.values():
        assert set(table.transitions) == set(expected)
        assert set(w.LABELS[states]) == set(states)
    assert {table for table, _, _ in EXPECTED.values()} == set(w.TABLES)


@pytest.mark.parametrize(("name", "action", "state"), CASES)
def test_state_action_role(name: str, action: str, state: Any) -> None:
    for who in WHO:
        _try(name, action, state, who)


def _try(name: str, action: str, state: Any, who: str) -> None:
    table, _, expected = EXPECTED[name]
    sources, target, allowed, how = expected[action]
    thing = Thing(state, **how)
    if state in sources and who in allowed:
        table.apply(action, thing, WHO[who])
        assert thing.state is target
    else:
        with pytest.raises((Conflict, Forbidden)) as caught:
            table.apply(action, thing, WHO[who])
        assert thing.state is state and caught.value.message.endswith("。")


GUARDED = [
    (w.MILESTONE, "pass", Thing(M.FILED, checked=True)),
    (w.MILESTONE, "recommend", Thing(M.FILED)),
    (w.MILESTONE, "waive", Thing(M.DUE, checked=True)),
    (w.MILESTONE, "waive", Thing(M.DUE, final=True)),
    (w.MILESTONE, "waive_check", Thing(M.DUE)),
    (w.MILESTONE, "rectify", Thing(M.FILED, rectified=True)),
    (w.MILESTONE, "fail", Thing(M.FILED)),
    (w.ACCEPTANCE, "pass", Thing(A.FILED, checked=True)),
    (w.ACCEPTANCE, "recommend", Thing(A.FILED)),
    (w.REQUEST, "agree", Thing(R.ASKED)),
    (w.REQUEST, "refuse", Thing(R.ASKED, asker=Party.SOLVER)),
    (w.REQUEST, "object", Thing(R.ASKED, asker=Party.SOLVER, kind=RequestKind.EXTENSION)),
    (w.REQUEST, "withdraw", Thing(R.ASKED, asker=Party.SOLVER)),
]


@pytest.mark.parametrize(("table", "action", "thing"), GUARDED)
def test_guards_refuse_with_a_sentence(table: Workflow, action: str, thing: Thing) -> None:
    with pytest.raises(Conflict) as caught:
        table.apply(action, replace(thing), OWNER)
    assert caught.value.message.endswith("。")


def test_other_guards_of_the_solver() -> None:
    solver = WHO["solver"]
    for table, action, thing in (
        (w.MILESTONE, "file", Thing(M.DUE, final=True)),
        (w.INSTALMENT, "confirm", Thing(N.REPORTED, left=3)),
        (w.INSTALMENT, "confirm_part", Thing(N.REPORTED, left=0)),
    ):
        with pytest.raises(Conflict):
            table.apply(action, thing, solver)


def test_an_expert_confirms_where_the_track_says_so_and_no_member_of_a_party() -> None:
    for action in ("confirm", "send_back"):
        with pytest.raises(Conflict, match="专家确认"):
            w.MILESTONE.apply(action, Thing(M.CHECKING, by_expert=True), WHO["operator"])
    inside = replace(WHO["expert"], seats=OWNER.seats)
    for action, state in (("accept", E.ASSIGNED), ("confirm", E.REVIEWING)):
        with pytest.raises(Conflict, match="回避"):
            w.CONFIRMATION.apply(action, Thing(state), inside)
    w.CONFIRMATION.apply("recuse", Thing(E.REVIEWING), inside)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_undeclared_action_is_refused(name: str) -> None:
    table, states, _ = EXPECTED[name]
    with pytest.raises(Conflict):
        table.apply("conjure", Thing(next(iter(states))), OWNER)

"""Every (state, action, role) of an agreement, a publicity, an objection and a registration."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import pytest

from jiebang.boards.agreements.workflow import AGREEMENT, AgreementState
from jiebang.boards.agreements.workflow import STATE_LABELS as AGREEMENT_LABELS
from jiebang.boards.agreements.workflow import STATE_TONES as AGREEMENT_TONES
from jiebang.core.errors import Conflict, Forbidden
from jiebang.core.permissions import SYSTEM, Actor, Line, Role
from jiebang.technology.publicity import workflow as public
from jiebang.technology.publicity.workflow import ObjectionState, PublicityState
from jiebang.technology.registration import workflow as registration
from jiebang.technology.registration.workflow import RegistrationState
from tests.boards.test_workflow import ACTORS, OWNER, member

A, P, O, R = AgreementState, PublicityState, ObjectionState, RegistrationState  # noqa: E741

RESPONDER = member(3)
OBJECTOR = Actor(user_id=77, label="提出人")
WHO = {
    **ACTORS,
    "responder": RESPONDER,
    "unverified responder": member(3, verified=False),
    "operator who answers it": replace(RESPONDER, roles=frozenset({Role.OPERATOR})),
    "operator with a seat there": replace(OWNER, roles=frozenset({Role.OPERATOR}), seat=None),
    "objector": OBJECTOR,
    "operator who objected": replace(OBJECTOR, roles=frozenset({Role.OPERATOR})),
}


@dataclass
class Thing:
    """Something between organisation 1 and organisation 3, as far as a table looks."""

    state: StrEnum
    sides: dict[int, frozenset[str]] = field(default_factory=dict)
    line: Line = Line.TECHNOLOGY
    objector: int = 0

    def sides_of(self, actor: Actor) -> frozenset[str]:
        if self.objector:
            return frozenset({public.OBJECTOR}) if actor.user_id == self.objector else frozenset()
        return self.sides.get(actor.organisation_id or 0, frozenset())

    def belongs_to(self, actor: Actor) -> bool:
        return bool({1, 3} & actor.organisation_ids) or (
            bool(self.objector) and actor.user_id == self.objector
        )


TWO = {1: frozenset({"issuer"}), 3: frozenset({"responder"})}
SELLER = {3: frozenset({registration.SELLER})}
VERIFIED = {
    "owner", "agent", "agent who must ask", "transfer office", "operator who owns it",
    "responder", "operator who answers it", "system",
}  # fmt: skip
PARTIES = VERIFIED | {"unverified owner", "unverified responder"}
SIGNERS = VERIFIED - {"agent who must ask"}
SELLERS = {"responder", "unverified responder", "operator who answers it", "system"}
DECIDES = {"operator", "system"}
OPERATORS_AWAY = DECIDES | {"operator who objected"}

# table -> action -> (states it may start from, where it leads, who may): by hand from DOMAIN.md
EXPECTED: dict[str, dict[str, tuple[set[Any], Any, set[str]]]] = {
    "agreement": {
        "edit": ({A.DRAFT, A.CONFIRMING}, A.DRAFT, PARTIES),
        "hand_over": ({A.DRAFT}, A.DRAFT, PARTIES),
        "propose": ({A.DRAFT}, A.CONFIRMING, VERIFIED),
        "confirm": ({A.CONFIRMING}, A.CONFIRMING, SIGNERS),
        "agree": ({A.CONFIRMING}, A.AGREED, {"system"}),
        "end": ({A.DRAFT, A.CONFIRMING}, A.ENDED, PARTIES),
        "lapse": ({A.DRAFT, A.CONFIRMING}, A.ENDED, {"system"}),
    },
    "publicity": {
        "end": ({P.RUNNING}, P.ENDED, {"system"}),
        "overturn": ({P.RUNNING}, P.OVERTURNED, OPERATORS_AWAY),
        "lapse": ({P.RUNNING, P.ENDED}, P.LAPSED, {"system"}),
    },
    "objection": {
        "uphold": ({O.OPEN}, O.UPHELD, DECIDES),
        "reject": ({O.OPEN}, O.REJECTED, DECIDES),
        "withdraw": ({O.OPEN}, O.WITHDRAWN, {"objector", "operator who objected", "system"}),
        "lapse": ({O.OPEN}, O.LAPSED, {"system"}),
    },
    "registration": {
        "file": ({R.OPEN, R.NOT_NEEDED, R.REFUSED}, R.FILED, SELLERS),
        "skip": ({R.OPEN}, R.NOT_NEEDED, SELLERS),
        "accept": ({R.FILED}, R.ACCEPTED, SELLERS),
        "supplement": ({R.FILED, R.ACCEPTED}, R.SUPPLEMENT, SELLERS),
        "resubmit": ({R.SUPPLEMENT}, R.ACCEPTED, SELLERS),
        "approve": ({R.ACCEPTED}, R.APPROVED, SELLERS),
        "refuse": ({R.FILED, R.ACCEPTED, R.SUPPLEMENT}, R.REFUSED, SELLERS),
    },
}
TABLES = {
    "agreement": (AGREEMENT, A, lambda state: Thing(state, TWO)),
    "publicity": (public.PUBLICITY, P, Thing),
    "objection": (public.OBJECTION, O, lambda state: Thing(state, objector=77)),
    "registration": (registration.REGISTRATION, R, lambda state: Thing(state, SELLER)),
}
CASES = [
    (table, action, state)
    for table, actions in EXPECTED.items()
    for action in sorted(actions)
    for state in TABLES[table][1]  # type: ignore[attr-defined]
]


@pytest.mark.parametrize("table", sorted(TABLES))
def test_the_tables_have_these_actions_and_no_others(table: str) -> None:
    assert set(TABLES[table][0].transitions) == set(EXPECTED[table])


def test_every_state_has_words() -> None:
    assert set(AGREEMENT_LABELS) == set(AGREEMENT_TONES) == set(A)
    assert set(public.STATE_LABELS) == set(public.STATE_TONES) == set(P)
    assert set(public.OBJECTION_LABELS) == set(public.OBJECTION_TONES) == set(O)
    assert set(registration.STATE_LABELS) == set(registration.STATE_TONES) == set(R)


@pytest.mark.parametrize(("table", "action", "state"), CASES)
@pytest.mark.parametrize("who", sorted(WHO))
def test_state_action_role(table: str, action: str, state: StrEnum, who: str) -> None:
    workflow, _, make = TABLES[table]
    sources, target, allowed = EXPECTED[table][action]
    thing, actor = make(state), WHO[who]
    if state in sources and who in allowed:
        workflow.apply(action, thing, actor)
        assert thing.state is target
    else:
        with pytest.raises((Conflict, Forbidden)) as caught:
            workflow.apply(action, thing, actor)
        assert thing.state is state
        assert caught.value.message.endswith("。")


@pytest.mark.parametrize("table", sorted(TABLES))
def test_an_undeclared_action_is_refused(table: str) -> None:
    workflow, states, make = TABLES[table]
    with pytest.raises(Conflict):
        workflow.apply("explode", make(next(iter(states))), SYSTEM)

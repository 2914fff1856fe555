"""Every (state, action, role) of a response, enumerated from its table."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from jiebang.boards.responses.workflow import (
    PENDING,
    RESPONSE,
    STATE_LABELS,
    STATE_TONES,
    ResponseState,
)
from jiebang.core.errors import Conflict, Forbidden
from jiebang.core.permissions import SYSTEM, Actor, Line, Role
from tests.boards.test_workflow import ACTORS, OWNER, member

S = ResponseState


@dataclass
class Thing:
    """A response of organisation 3 to a listing of 1, as far as the table looks."""

    state: ResponseState
    line: Line = Line.TECHNOLOGY

    def sides_of(self, actor: Actor) -> frozenset[str]:
        return {1: frozenset({"issuer"}), 3: frozenset({"responder"})}.get(
            actor.organisation_id or 0, frozenset()
        )

    def belongs_to(self, actor: Actor) -> bool:
        return bool({1, 3} & actor.organisation_ids)


RESPONDER = member(3)
WHO = {
    **ACTORS,
    "responder": RESPONDER,
    "unverified responder": member(3, verified=False),
    "operator who answers it": replace(RESPONDER, roles=frozenset({Role.OPERATOR})),
    # acts for nobody at the moment, yet belongs to the issuer
    "operator with a seat there": replace(OWNER, roles=frozenset({Role.OPERATOR}), seat=None),
}
ISSUER = {
    "owner",
    "agent",
    "agent who must ask",
    "transfer office",
    "unverified owner",
    "operator who owns it",
    "system",
}
FILES = {"responder", "operator who answers it", "system"}
RESPONDS = FILES | {"unverified responder"}
CHECKS = {"operator", "system"}

# action -> (states it may start from, where it leads, who may): by hand from DOMAIN.md
EXPECTED = {
    "file": ({S.DRAFT, S.RETURNED}, S.FILED, FILES),
    "admit": ({S.FILED}, S.QUALIFIED, {"system"}),
    "qualify": ({S.FILED}, S.QUALIFIED, CHECKS),
    "return": ({S.FILED}, S.RETURNED, CHECKS),
    "disqualify": ({S.FILED}, S.DISQUALIFIED, CHECKS),
    "send_back": ({S.QUALIFIED, S.SHORTLISTED}, S.RETURNED, ISSUER),
    "shortlist": ({S.QUALIFIED}, S.SHORTLISTED, ISSUER),
    "select": ({S.QUALIFIED, S.SHORTLISTED}, S.SELECTED, ISSUER),
    "decline": ({S.QUALIFIED, S.SHORTLISTED}, S.DECLINED, ISSUER),
    "withdraw": (
        {S.DRAFT, S.FILED, S.RETURNED, S.QUALIFIED, S.SHORTLISTED},
        S.WITHDRAWN,
        RESPONDS,
    ),
    "lapse": (
        {S.DRAFT, S.FILED, S.RETURNED, S.QUALIFIED, S.SHORTLISTED},
        S.DECLINED,
        {"system"},
    ),
    "overturn": ({S.SELECTED}, S.DISQUALIFIED, CHECKS),
    "release": ({S.SELECTED}, S.DECLINED, {"system"}),
    "reinstate": ({S.DECLINED}, S.QUALIFIED, {"system"}),
}

AFTERWARDS = {"overturn", "release", "reinstate"}
"""What undoes a decision: nobody waits for it."""


def test_the_table_has_these_actions_and_no_others() -> None:
    assert set(RESPONSE.transitions) == set(EXPECTED)


def test_every_state_has_words_and_those_that_wait_can_be_left() -> None:
    assert set(STATE_LABELS) == set(STATE_TONES) == set(S)
    left = {
        state
        for name, t in RESPONSE.transitions.items()
        for state in t.sources
        if name not in AFTERWARDS
    }
    assert left == PENDING | {S.DRAFT}


@pytest.mark.parametrize("action", sorted(EXPECTED))
@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("who", sorted(WHO))
def test_state_action_role(state: ResponseState, action: str, who: str) -> None:
    sources, target, allowed = EXPECTED[action]
    thing, actor = Thing(state), WHO[who]
    if state in sources and who in allowed:
        RESPONSE.apply(action, thing, actor)
        assert thing.state is target
    else:
        with pytest.raises((Conflict, Forbidden)) as caught:
            RESPONSE.apply(action, thing, actor)
        assert thing.state is state
        assert caught.value.message.endswith("。")


def test_an_undeclared_action_is_refused() -> None:
    with pytest.raises(Conflict):
        RESPONSE.apply("explode", Thing(S.FILED), SYSTEM)

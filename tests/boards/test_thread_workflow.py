"""Every (state, action, role) of a thread, enumerated from its table."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from jiebang.boards.threads.workflow import LIVE, STATE_LABELS, STATE_TONES, THREAD, ThreadState
from jiebang.core.errors import Conflict, Forbidden
from jiebang.core.permissions import SYSTEM, Actor, Line, Role
from tests.boards.test_workflow import ACTORS, member

S = ThreadState


@dataclass
class Thing:
    """A thread between organisation 1, its issuer, and 3, as far as the table looks."""

    state: ThreadState
    line: Line = Line.TECHNOLOGY

    def sides_of(self, actor: Actor) -> frozenset[str]:
        return {1: frozenset({"issuer"}), 3: frozenset({"responder"})}.get(
            actor.organisation_id or 0, frozenset()
        )

    def belongs_to(self, actor: Actor) -> bool:
        return bool(self.sides_of(actor))


WHO = {
    **ACTORS,
    "responder": member(3),
    "responder's agent of another line": member(3, ACTORS["agent"].seat.role),  # type: ignore[union-attr]
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
RESPONDER = {"responder", "system"}

# action -> (states it may start from, where it leads, who may): by hand from DOMAIN.md
EXPECTED = {
    "accept": ({S.INTERESTED}, S.TALKING, ISSUER),
    "say": ({S.TALKING}, S.TALKING, ISSUER | RESPONDER),
    "add": ({S.INTERESTED}, S.INTERESTED, RESPONDER),
    "decline": ({S.INTERESTED, S.TALKING}, S.DECLINED, ISSUER),
    "withdraw": ({S.INTERESTED}, S.WITHDRAWN, RESPONDER),
    "end": ({S.TALKING}, S.ENDED, ISSUER | RESPONDER),
    "lapse": ({S.INTERESTED}, S.ENDED, {"system"}),
}


def test_the_table_has_these_actions_and_no_others() -> None:
    assert set(THREAD.transitions) == set(EXPECTED)


def test_every_state_has_words_and_the_live_ones_can_be_left() -> None:
    assert set(STATE_LABELS) == set(STATE_TONES) == set(S)
    assert {state for t in THREAD.transitions.values() for state in t.sources} == LIVE


@pytest.mark.parametrize("action", sorted(EXPECTED))
@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("who", sorted(WHO))
def test_state_action_role(state: ThreadState, action: str, who: str) -> None:
    sources, target, allowed = EXPECTED[action]
    thing, actor = Thing(state), WHO[who]
    if state in sources and who in allowed:
        THREAD.apply(action, thing, actor)
        assert thing.state is target
    else:
        with pytest.raises((Conflict, Forbidden)) as caught:
            THREAD.apply(action, thing, actor)
        assert thing.state is state
        assert caught.value.message.endswith("。")


def test_an_undeclared_action_is_refused() -> None:
    with pytest.raises(Conflict):
        THREAD.apply("explode", Thing(S.TALKING), SYSTEM)


def test_staff_are_no_side() -> None:
    for role in Role:
        staff = Actor(user_id=7, label="人员", roles=frozenset({role}))
        assert THREAD.open_to(Thing(S.TALKING), staff) == []

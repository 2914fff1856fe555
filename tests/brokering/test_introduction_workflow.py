"""Every (state, action, role) of an introduction, enumerated from its table."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from jiebang.brokering.workflow import (
    INTRODUCTION,
    LIVE,
    RESULT_LABELS,
    STATE_LABELS,
    STATE_TONES,
    IntroductionState,
    Result,
)
from jiebang.core.errors import Conflict, Forbidden
from jiebang.core.permissions import SYSTEM, Actor, Line, Permission, Role
from tests.boards.test_workflow import ACTORS, member

S = IntroductionState


@dataclass
class Thing:
    """An introduction between organisation 1, its issuer, and 3, which asked; the person 91
    introduces them. As far as the table looks."""

    state: IntroductionState
    line: Line = Line.TECHNOLOGY
    agreed: frozenset[str] = frozenset()
    specialist_id: int | None = 91

    def sides_of(self, actor: Actor) -> frozenset[str]:
        found = {1: {"issuer"}, 3: {"responder", "requester"}}.get(
            actor.organisation_id or 0, set()
        )
        mine = (
            actor.can(Permission.SPECIALISTS_ASSIGN)
            if self.specialist_id is None
            else actor.user_id == self.specialist_id
        )
        return frozenset(found | ({"specialist"} if mine and not found else set()))

    def belongs_to(self, actor: Actor) -> bool:
        return bool(self.sides_of(actor) - {"specialist"})

    def has_agreed(self, actor: Actor) -> bool:
        return bool(self.sides_of(actor) & self.agreed)

    @property
    def both_agreed(self) -> bool:
        return self.agreed >= {"issuer", "responder"}


WHO = {
    **ACTORS,
    "responder": member(3),
    "another specialist": replace(ACTORS["specialist"], user_id=99),
}
ISSUER = {
    "owner", "agent", "agent who must ask", "transfer office", "unverified owner",
    "operator who owns it", "system",
}  # fmt: skip
RESPONDER, SPECIALIST = {"responder", "system"}, {"specialist", "system"}

# action -> (states it may start from, where it leads, who may): by hand from DOMAIN.md
EXPECTED = {
    "accept": ({S.REQUESTED}, S.ACCEPTED, SPECIALIST),
    "refuse": ({S.REQUESTED}, S.DECLINED, SPECIALIST),
    "agree": ({S.ACCEPTED}, S.ACCEPTED, ISSUER | RESPONDER),
    "settle": ({S.ACCEPTED}, S.BOTH_AGREED, {"system"}),
    "decline": ({S.ACCEPTED}, S.DECLINED, ISSUER | RESPONDER),
    "withdraw": ({S.REQUESTED, S.ACCEPTED}, S.CLOSED, RESPONDER),
    "meet": ({S.BOTH_AGREED}, S.MET, SPECIALIST),
    "close": ({S.ACCEPTED, S.BOTH_AGREED, S.MET}, S.CLOSED, SPECIALIST),
    "lapse": ({S.REQUESTED, S.ACCEPTED}, S.CLOSED, {"system"}),
}


def test_the_table_has_these_actions_and_no_others() -> None:
    assert set(INTRODUCTION.transitions) == set(EXPECTED)


def test_every_state_has_words_and_the_live_ones_can_be_left() -> None:
    assert set(STATE_LABELS) == set(STATE_TONES) == set(S)
    assert set(RESULT_LABELS) == set(Result)
    assert {state for t in INTRODUCTION.transitions.values() for state in t.sources} == LIVE


@pytest.mark.parametrize("action", sorted(EXPECTED))
@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("who", sorted(WHO))
def test_state_action_role(state: IntroductionState, action: str, who: str) -> None:
    sources, target, allowed = EXPECTED[action]
    both = frozenset({"issuer", "responder"})
    thing, actor = Thing(state, agreed=both if action == "settle" else frozenset()), WHO[who]
    if state in sources and who in allowed:
        INTRODUCTION.apply(action, thing, actor)
        assert thing.state is target
    else:
        with pytest.raises((Conflict, Forbidden)) as caught:
            INTRODUCTION.apply(action, thing, actor)
        assert thing.state is state
        assert caught.value.message.endswith("。")


def test_a_side_answers_once_and_both_are_needed() -> None:
    half = frozenset({"responder"})
    for action in ("agree", "decline"):
        assert INTRODUCTION.refusal(action, Thing(S.ACCEPTED, agreed=half), WHO["responder"])
        assert not INTRODUCTION.refusal(action, Thing(S.ACCEPTED, agreed=half), WHO["owner"])
    assert INTRODUCTION.refusal("settle", Thing(S.ACCEPTED, agreed=half), SYSTEM)


def test_what_is_nobodys_work_is_the_operators() -> None:
    thing = Thing(S.REQUESTED, specialist_id=None)
    assert {t.name for t in INTRODUCTION.open_to(thing, WHO["operator"])} == {"accept", "refuse"}
    for role in Role:
        if role is not Role.OPERATOR:
            staff = Actor(user_id=7, label="人员", roles=frozenset({role}))
            assert INTRODUCTION.open_to(thing, staff) == []

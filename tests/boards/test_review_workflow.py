"""Every (state, action, role) of panels and of experts' parts, enumerated from their tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import pytest

from jiebang.boards.reviews.workflow import (
    ASSIGNMENT,
    PANEL,
    PANEL_LABELS,
    PANEL_TONES,
    STATE_LABELS,
    STATE_TONES,
    UNDER_WAY,
    AssignmentState,
    PanelState,
)
from jiebang.core.errors import Conflict, Forbidden
from jiebang.core.permissions import SYSTEM, Actor, Role
from tests.boards.test_workflow import ACTORS, OWNER

A, P = AssignmentState, PanelState
EXPERT_ID = 700


@dataclass
class Thing:
    """A part of expert 700 in a panel on organisation 1, as far as the tables look."""

    state: Any
    party_ids: frozenset[int] = frozenset({1})

    def sides_of(self, actor: Actor) -> frozenset[str]:
        return frozenset({"expert"}) if actor.user_id == EXPERT_ID else frozenset()

    def belongs_to(self, actor: Actor) -> bool:
        return actor.user_id == EXPERT_ID or bool(self.party_ids & actor.organisation_ids)


EXPERT = Actor(user_id=EXPERT_ID, label="专家", roles=frozenset({Role.EXPERT}))
WHO = {
    **ACTORS,
    "the expert": EXPERT,
    "the expert, once more an operator": replace(
        EXPERT, roles=frozenset({Role.EXPERT, Role.OPERATOR})
    ),
    "the expert without the role": replace(EXPERT, roles=frozenset()),
    "the expert who joined the issuer": replace(EXPERT, seats=OWNER.seats, seat=None),
    "operator with a seat there": replace(OWNER, roles=frozenset({Role.OPERATOR}), seat=None),
}
EXPERTS = {"the expert", "the expert, once more an operator", "system"}
OPERATORS = {"operator", "system"}
PARTS = {
    "accept": ({A.ASSIGNED}, A.REVIEWING, EXPERTS),
    "recuse": (
        {A.ASSIGNED, A.REVIEWING}, A.RECUSED, EXPERTS | {"the expert who joined the issuer"},
    ),
    "submit": ({A.REVIEWING}, A.SUBMITTED, EXPERTS),
    "replace": ({A.ASSIGNED, A.REVIEWING}, A.REPLACED, OPERATORS),
    "lapse": ({A.ASSIGNED, A.REVIEWING}, A.LAPSED, {"system"}),
}  # fmt: skip
PANELS = {
    "conclude": ({P.OPEN}, P.CONCLUDED, OPERATORS),
    "end": ({P.OPEN}, P.ENDED, {"system"}),
}


def test_the_tables_have_these_actions_and_no_others() -> None:
    assert set(ASSIGNMENT.transitions) == set(PARTS) and set(PANEL.transitions) == set(PANELS)
    assert set(STATE_LABELS) == set(STATE_TONES) == set(A)
    assert set(PANEL_LABELS) == set(PANEL_TONES) == set(P)
    left = {state for t in ASSIGNMENT.transitions.values() for state in t.sources}
    assert left == UNDER_WAY, "whoever is waited for can be waited for no longer"


@pytest.mark.parametrize("who", sorted(WHO))
@pytest.mark.parametrize("action", sorted(PARTS))
@pytest.mark.parametrize("state", list(A))
def test_part_state_action_role(state: A, action: str, who: str) -> None:
    _try(ASSIGNMENT, PARTS[action], action, state, who)


@pytest.mark.parametrize("who", sorted(WHO))
@pytest.mark.parametrize("action", sorted(PANELS))
@pytest.mark.parametrize("state", list(P))
def test_panel_state_action_role(state: P, action: str, who: str) -> None:
    _try(PANEL, PANELS[action], action, state, who)


def _try(table: Any, expected: Any, action: str, state: StrEnum, who: str) -> None:
    sources, target, allowed = expected
    thing, actor = Thing(state), WHO[who]
    if state in sources and who in allowed:
        table.apply(action, thing, actor)
        assert thing.state is target
    else:
        with pytest.raises((Conflict, Forbidden)) as caught:
            table.apply(action, thing, actor)
        assert thing.state is state and caught.value.message.endswith("。")


def test_an_undeclared_action_is_refused() -> None:
    with pytest.raises(Conflict):
        ASSIGNMENT.apply("peek", Thing(A.ASSIGNED), SYSTEM)

"""Workflow tables: an arrow opens for the right people in the right state, for nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import product

import pytest

from jiebang.core.errors import Conflict, Forbidden
from jiebang.core.permissions import (
    ANONYMOUS,
    SYSTEM,
    Actor,
    OrganisationRole,
    Permission,
    Role,
    Seat,
)
from jiebang.core.workflow import Transition, Workflow


class State(StrEnum):
    DRAFT = "draft"
    SENT = "sent"
    DONE = "done"


@dataclass
class Thing:
    state: State
    owner: int = 1
    complete: bool = True

    def belongs_to(self, actor: Actor) -> bool:
        return actor.organisation_id == self.owner


def is_complete(subject: object, _actor: Actor) -> str | None:
    assert isinstance(subject, Thing)
    return None if subject.complete else "还没有填完。"


FLOW = Workflow(
    "thing",
    [
        Transition(
            "send",
            "提交",
            frozenset({State.DRAFT}),
            State.SENT,
            Permission.LISTING_WRITE,
            guards=(is_complete,),
        ),
        Transition(
            "accept",
            "通过",
            frozenset({State.SENT}),
            State.DONE,
            Permission.LISTING_REVIEW,
            by_owner=False,
        ),
    ],
)


def member(organisation: int, roles: frozenset[Role] = frozenset()) -> Actor:
    seat = Seat(
        organisation, "单位", OrganisationRole.ADMINISTRATOR, frozenset(), True, "enterprise"
    )
    return Actor(1, "甲", roles, (seat,), seat)


OWNER, STRANGER = member(1), member(2)
OPERATOR = Actor(2, "运营", frozenset({Role.OPERATOR}))
OPERATOR_OF_OWNER = member(1, frozenset({Role.OPERATOR}))
ACTORS = {
    "anonymous": ANONYMOUS,
    "owner": OWNER,
    "stranger": STRANGER,
    "operator": OPERATOR,
    "operator of the owner": OPERATOR_OF_OWNER,
    "system": SYSTEM,
}
OPEN = {
    ("send", State.DRAFT, "owner"),
    ("send", State.DRAFT, "operator of the owner"),
    ("send", State.DRAFT, "system"),
    ("accept", State.SENT, "operator"),
    ("accept", State.SENT, "system"),
}


@pytest.mark.parametrize(
    ("name", "state", "who"), list(product(["send", "accept", "other"], State, ACTORS))
)
def test_every_arrow_state_and_person(name: str, state: State, who: str) -> None:
    thing = Thing(state)
    if (name, state, who) in OPEN:
        transition = FLOW.apply(name, thing, ACTORS[who])
        assert thing.state is transition.target
        return
    with pytest.raises((Conflict, Forbidden), match=r"[一-鿿]"):
        FLOW.apply(name, thing, ACTORS[who])
    assert thing.state is state


def test_a_guard_refuses_with_its_own_words() -> None:
    thing = Thing(State.DRAFT, complete=False)
    with pytest.raises(Conflict, match="还没有填完"):
        FLOW.apply("send", thing, OWNER)
    assert FLOW.open_to(thing, OWNER) == []


def test_buttons_are_what_is_open() -> None:
    assert [t.name for t in FLOW.open_to(Thing(State.DRAFT), OWNER)] == ["send"]
    assert [t.name for t in FLOW.open_to(Thing(State.SENT), OPERATOR)] == ["accept"]
    assert FLOW.open_to(Thing(State.DONE), SYSTEM) == []

"""Every (state, action, role) of a listing's life, enumerated from the table."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from jiebang.boards.workflow import LISTING, STATE_LABELS, STATE_TONES, ListingState
from jiebang.core.errors import Conflict, Forbidden
from jiebang.core.permissions import (
    ANONYMOUS,
    SYSTEM,
    Actor,
    Line,
    OrganisationRole,
    Permission,
    Role,
    Seat,
)

S = ListingState


@dataclass
class Thing:
    """A listing as far as the workflow looks."""

    state: ListingState
    owner: int = 1
    line: Line = Line.TECHNOLOGY

    def belongs_to(self, actor: Actor) -> bool:
        return actor.organisation_id == self.owner


def member(
    organisation: int,
    role: OrganisationRole = OrganisationRole.ADMINISTRATOR,
    scopes: frozenset[Line] = frozenset(),
    *,
    verified: bool = True,
    endorsement: bool = False,
) -> Actor:
    seat = Seat(
        organisation, f"单位{organisation}", role, scopes, verified, "enterprise", endorsement
    )
    return Actor(user_id=organisation * 10, label="成员", seats=(seat,), seat=seat)


OWNER = member(1)
AGENT = member(1, OrganisationRole.AGENT, frozenset({Line.TECHNOLOGY}))
ACTORS = {
    "owner": OWNER,
    "agent": AGENT,
    "agent of another line": member(1, OrganisationRole.AGENT, frozenset({Line.TALENT})),
    "unverified owner": member(1, verified=False),
    "agent who must ask": member(
        1, OrganisationRole.AGENT, frozenset({Line.TECHNOLOGY}), endorsement=True
    ),
    "transfer office": member(1, endorsement=True),
    "stranger": member(2),
    "operator": Actor(user_id=90, label="运营", roles=frozenset({Role.OPERATOR})),
    "operator who owns it": replace(OWNER, roles=frozenset({Role.OPERATOR})),
    "specialist": Actor(user_id=91, label="专员", roles=frozenset({Role.SPECIALIST})),
    "expert": Actor(user_id=92, label="专家", roles=frozenset({Role.EXPERT})),
    "auditor": Actor(user_id=93, label="审计", roles=frozenset({Role.AUDITOR})),
    "system administrator": Actor(
        user_id=94, label="系统", roles=frozenset({Role.SYSTEM_ADMINISTRATOR})
    ),
    "security administrator": Actor(
        user_id=95, label="安全", roles=frozenset({Role.SECURITY_ADMINISTRATOR})
    ),
    "anonymous": ANONYMOUS,
    "system": SYSTEM,
}
CHIEFS = {"owner", "transfer office", "operator who owns it", "system"}
OWNERS = CHIEFS | {"agent"}
WRITERS = OWNERS | {"agent who must ask"}
OPERATORS = {"operator", "system"}

# action -> (states it may start from, where it leads, who may): written by hand from DOMAIN.md
EXPECTED = {
    "propose": (
        {S.DRAFT, S.RETURNED, S.DIAGNOSIS}, S.ENDORSING, {"agent who must ask", "system"},
    ),
    "endorse": ({S.ENDORSING}, S.SUBMITTED, CHIEFS),
    "send_back": ({S.ENDORSING}, S.RETURNED, CHIEFS | {"unverified owner"}),
    "submit": ({S.DRAFT, S.RETURNED, S.DIAGNOSIS}, S.SUBMITTED, OWNERS),
    "recall": ({S.ENDORSING, S.SUBMITTED}, S.DRAFT, WRITERS | {"unverified owner"}),
    "approve": ({S.SUBMITTED}, S.PUBLISHED, OPERATORS),
    "return": ({S.SUBMITTED, S.DIAGNOSIS}, S.RETURNED, OPERATORS),
    "diagnose": ({S.SUBMITTED}, S.DIAGNOSIS, OPERATORS),
    "conclude": ({S.DIAGNOSIS}, S.SUBMITTED, OPERATORS),
    "stand_aside": ({S.DIAGNOSIS}, S.SUBMITTED, OPERATORS | {"specialist", "expert"}),
    "admit": ({S.DRAFT}, S.PUBLISHED, OPERATORS),
    "confirm": ({S.PUBLISHED, S.EXPIRED}, S.PUBLISHED, WRITERS),
    "withdraw": (
        {S.ENDORSING, S.SUBMITTED, S.DIAGNOSIS, S.RETURNED, S.PUBLISHED, S.SUSPENDED, S.EXPIRED},
        S.WITHDRAWN,
        WRITERS | {"unverified owner"},
    ),
    "reopen": ({S.WITHDRAWN, S.CLOSED}, S.DRAFT, WRITERS | {"unverified owner"}),
    "suspend": ({S.PUBLISHED}, S.SUSPENDED, OPERATORS),
    "resume": ({S.SUSPENDED}, S.PUBLISHED, OPERATORS),
    "expire": ({S.PUBLISHED}, S.EXPIRED, {"system"}),
    "close": ({S.PUBLISHED}, S.CLOSED, {"system"}),
}  # fmt: skip


def test_the_table_has_these_actions_and_no_others() -> None:
    assert set(LISTING.transitions) == set(EXPECTED)


def test_every_state_has_words_and_can_be_left_or_is_an_end() -> None:
    assert set(STATE_LABELS) == set(STATE_TONES) == set(S)
    left = {state for t in LISTING.transitions.values() for state in t.sources}
    assert left == set(S)


@pytest.mark.parametrize("action", sorted(EXPECTED))
@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("who", sorted(ACTORS))
def test_state_action_role(state: ListingState, action: str, who: str) -> None:
    sources, target, allowed = EXPECTED[action]
    thing, actor = Thing(state), ACTORS[who]
    if state in sources and who in allowed:
        LISTING.apply(action, thing, actor)
        assert thing.state is target
    else:
        with pytest.raises((Conflict, Forbidden)) as caught:
            LISTING.apply(action, thing, actor)
        assert thing.state is state
        assert caught.value.message.endswith(("。", "员。"))


def test_an_undeclared_action_is_refused() -> None:
    with pytest.raises(Conflict):
        LISTING.apply("explode", Thing(S.DRAFT), SYSTEM)


def test_buttons_are_what_the_table_allows() -> None:
    for state in S:
        for who, actor in ACTORS.items():
            offered = {t.name for t in LISTING.open_to(Thing(state), actor)}
            expected = {
                name
                for name, (sources, _, allowed) in EXPECTED.items()
                if state in sources and who in allowed
            }
            assert offered == expected, (state, who)


@pytest.mark.parametrize("line", [Line.PROCUREMENT, Line.TALENT])
def test_only_the_technology_line_is_diagnosed(line: Line) -> None:
    with pytest.raises(Conflict, match="技术需求和科技成果"):
        LISTING.apply("diagnose", Thing(S.SUBMITTED, line=line), ACTORS["operator"])


def test_nobody_reviews_their_own_listing() -> None:
    thing = Thing(S.SUBMITTED)
    actor = ACTORS["operator who owns it"]
    assert actor.can(Permission.LISTING_REVIEW)
    with pytest.raises(Forbidden, match="本单位"):
        LISTING.apply("approve", thing, actor)

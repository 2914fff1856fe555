"""Related parties: control, influence and chains, both ways, and what a track makes of them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from jiebang.boards.responses.workflow import ResponseState
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import Actor, OrganisationRole
from jiebang.orgs.relations import queries, services
from tests.boards.responses_scene import Answers, answers_in
from tests.factories import World, world_on


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def answers(request: pytest.FixtureRequest, tmp_path):  # type: ignore[no-untyped-def]
    with world_on(request.param, tmp_path) as world:
        yield answers_in(world)


def declare(
    world: World, who: Actor, direction: str, name: str, kind: str, share: str = ""
) -> None:
    with world.database.transaction() as session:
        services.declare(session, who, direction, name, kind, share)


def path(answers: Answers, one: Actor | None = None, other: Actor | None = None) -> str:
    one, other = one or answers.scene.responder, other or answers.scene.issuer
    with answers.world.database.reading() as session:
        found = queries.between(session, one.organisation_id or 0, other.organisation_id or 0)
        return found.text() if found else ""


ISSUER, RESPONDER, THIRD = "历下机电有限公司", "泉城工业大学", "北湖控股有限公司"

# who declares, direction, the other party, kind, share; by hand from 企业会计准则第36号
CASES = {
    "control declared by the issuer": ([("i", "up", RESPONDER, "control", "")], True),
    "control declared by the responder": ([("r", "down", ISSUER, "control", "")], True),
    "the other way round": ([("r", "up", ISSUER, "holding", "60")], True),
    "joint control": ([("r", "up", ISSUER, "joint_control", "")], True),
    "significant influence": ([("r", "up", ISSUER, "influence", "")], True),
    "a fifth of the shares": ([("r", "up", ISSUER, "holding", "20")], True),
    "less than a fifth": ([("r", "up", ISSUER, "holding", "19.99")], False),
    "through a chain of control": (
        [("r", "up", THIRD, "holding", "51"), ("i", "down", THIRD, "holding", "70")],
        True,
    ),
    "control, then influence at the bottom": (
        [("r", "up", THIRD, "holding", "30"), ("i", "down", THIRD, "control", "")],
        True,
    ),
    "influence in the middle passes nothing on": (
        [("r", "up", THIRD, "control", ""), ("i", "down", THIRD, "holding", "30")],
        False,
    ),
    "one party controls both": (
        [("r", "up", THIRD, "control", ""), ("i", "up", THIRD, "holding", "80")],
        True,
    ),
    "one party only influences both": (
        [("r", "up", THIRD, "holding", "30"), ("i", "up", THIRD, "holding", "30")],
        False,
    ),
    "exactly half is influence, not control": (
        [("r", "up", THIRD, "holding", "50"), ("i", "up", THIRD, "holding", "80")],
        False,
    ),
    "a circle": (
        [("r", "up", THIRD, "control", ""), ("r", "down", THIRD, "control", "")],
        False,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_between(answers: Answers, case: str) -> None:
    rows, expected = CASES[case]
    for who, direction, other, kind, share in rows:
        actor = answers.scene.issuer if who == "i" else answers.scene.responder
        declare(answers.world, actor, direction, other, kind, share)
    found = path(answers)
    assert bool(found) is expected, found
    assert bool(path(answers, answers.scene.issuer, answers.scene.responder)) is expected
    if expected:
        assert ISSUER in found and RESPONDER in found and "→" in found


def test_the_path_is_written_out(answers: Answers) -> None:
    world = answers.world
    declare(world, answers.scene.responder, "up", THIRD, "holding", "51")
    declare(world, answers.scene.issuer, "down", "北湖控股有限公司", "control")
    assert path(answers) == f"{ISSUER} —控制→ {THIRD} —持股 51%→ {RESPONDER}"


@pytest.mark.parametrize("rule", ["barred", "disclosed"])
@pytest.mark.parametrize("anonymous", [True, False])
def test_a_track_bars_or_discloses(tmp_path, rule: str, anonymous: bool) -> None:  # type: ignore[no-untyped-def]
    with world_on("sqlite", tmp_path) as world:
        answers = answers_in(world, disclosure="anonymous" if anonymous else "public")
        answers.rules(related=rule)
        who = answers.scene.responder
        declare(world, answers.scene.issuer, "down", RESPONDER, "holding", "60")
        draft = answers.draft(who)
        if rule == "barred":
            with pytest.raises(Conflict) as caught:
                answers.file(draft, who)
            assert ("持股 60%" in caught.value.message) is not anonymous
            assert (ISSUER in caught.value.message) is not anonymous
            assert answers.get(draft).state is ResponseState.DRAFT
            return
        answers.file(draft, who)
        assert "持股 60%" in world.browser(answers.scene.issuer).get(f"/responses/{draft}").text
        page = world.browser(who).get(f"/responses/{draft}").text
        assert "双方存在关联关系" in page
        assert (ISSUER in page) is not anonymous


def test_what_cannot_be_declared(answers: Answers) -> None:
    world, who = answers.world, answers.scene.responder
    for direction, other, kind, share, fields in (
        ("", "", "", "", {"direction", "name", "kind"}),
        ("up", RESPONDER, "control", "", {"name"}),
        ("up", "名" * 101, "control", "", {"name"}),
        ("up", THIRD, "holding", "", {"percent"}),
        ("up", THIRD, "holding", "0", {"percent"}),
        ("up", THIRD, "holding", "100.01", {"percent"}),
        ("up", THIRD, "holding", "33.333", {"percent"}),
        ("up", THIRD, "holding", "NaN", {"percent"}),
        ("up", THIRD, "holding", "一半", {"percent"}),
    ):
        with pytest.raises(Invalid) as caught:
            declare(world, who, direction, other, kind, share)
        assert set(caught.value.errors) == fields
    declare(world, who, "up", THIRD, "control")
    with pytest.raises(Invalid, match="已经申报过"):
        declare(world, who, "up", THIRD, "control")


def test_only_its_administrators_declare_and_remove(answers: Answers) -> None:
    world, who = answers.world, answers.scene.responder
    agent_id = world.user()
    assert who.organisation_id is not None
    world.member(who.organisation_id, agent_id, OrganisationRole.AGENT)
    agent = world.actor(agent_id)
    with pytest.raises(Forbidden):
        declare(world, agent, "up", THIRD, "control")
    declare(world, who, "up", THIRD, "control")
    with world.database.transaction() as session:
        found = session.scalars(select(queries.Relation.id)).one()
        with pytest.raises(NotFound):
            services.remove(session, answers.scene.stranger, found)
        with pytest.raises(Forbidden):
            services.remove(session, agent, found)
        services.remove(session, who, found)
    assert path(answers) == ""

"""代填: what a specialist writes counts when the organisation says so, and never before."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from jiebang.boards.models import Listing, ListingEvent
from jiebang.boards.responses.models import Response, ResponseEvent
from jiebang.boards.responses.services.filing import Reply
from jiebang.boards.responses.workflow import ResponseState
from jiebang.boards.workflow import ListingState
from jiebang.brokering.filling import queries, services
from jiebang.brokering.filling.models import Filling
from jiebang.brokering.filling.workflow import FILLING, FIRM, SPECIALIST, FillingState
from jiebang.core import clock
from jiebang.core.audit import AuditEntry
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import Actor, Line, OrganisationRole, Role
from jiebang.core.sides import Holder
from jiebang.orgs.notices.models import Notice
from tests.brokering.introductions_scene import Scene, scene_in
from tests.conftest import post
from tests.factories import World, complete

PRINCIPLE = "zqprinciple"


def write(scene: Scene, **values: Any) -> int:
    with scene.world.database.transaction() as session:
        assert scene.responder.organisation_id is not None
        return services.begin_listing(
            session, scene.specialist, scene.responder.organisation_id, Board.OUTCOME,
            complete(Board.OUTCOME, title="代填的成果", principle=PRINCIPLE, **values),
        ).id  # fmt: skip


def act(scene: Scene, number: int, who: Actor, name: str, *more: str) -> Any:
    with scene.world.database.transaction() as session:
        found = queries.filling(session, number, who, lock=True)
        return getattr(services, name)(session, who, found, *more)


def get(scene: Scene, number: int) -> Filling:
    with scene.world.database.reading() as session:
        return session.get_one(Filling, number)


def own_listings(scene: Scene) -> list[Listing]:
    with scene.world.database.reading() as session:
        return list(
            session.scalars(
                select(Listing)
                .where(Listing.organisation_id == scene.responder.organisation_id)
                .order_by(Listing.id)
            )
        )


def test_nothing_exists_before_the_organisation_confirms(any_world: World) -> None:
    scene = scene_in(any_world)
    before = len(own_listings(scene))
    number = write(scene)
    firm = any_world.browser(scene.responder)
    assert firm.get(f"/fillings/{number}").status_code == 404, "not before it is asked"
    assert len(own_listings(scene)) == before
    act(scene, number, scene.specialist, "propose")
    found = get(scene, number)
    assert (found.state, found.holder) == (FillingState.PROPOSED, Holder.RESPONDER)
    assert found.due is not None and found.due > clock.today()
    assert len(own_listings(scene)) == before
    todo = unescape(firm.get("/todo").text)
    assert "专员代填" in todo and f"/fillings/{number}" in todo
    with any_world.database.reading() as session:
        told = session.scalars(
            select(Notice).where(Notice.user_id == scene.responder.user_id).order_by(Notice.id)
        ).all()[-1]
    assert told.url == f"/fillings/{number}" and scene.specialist.label in told.text
    assert clock.day_text(found.due) in told.text
    page = unescape(firm.get(f"/fillings/{number}").text)
    assert f"服务专员 {scene.specialist.label}" in page and PRINCIPLE in page
    done = post(firm, f"/fillings/{number}/confirm")
    assert done.status_code == 303
    made = own_listings(scene)[-1]
    assert len(own_listings(scene)) == before + 1
    assert (made.title, made.state) == ("代填的成果", ListingState.DRAFT)
    assert made.created_by == scene.responder.user_id
    assert done.headers["Location"] == f"/listings/{made.code}/check"
    with any_world.database.reading() as session:
        steps = session.scalars(select(ListingEvent).where(ListingEvent.listing_id == made.id))
        assert any(scene.specialist.label in step.reason for step in steps)
        audited = session.scalars(
            select(AuditEntry.action).where(AuditEntry.target_type == "filling")
        ).all()
        kept = str(session.scalars(select(AuditEntry.detail)).all())
    assert audited == ["filling.begun", "filling.propose", "filling.confirm"]
    assert PRINCIPLE not in kept
    assert get(scene, number).decided_by == scene.responder.user_id


def test_a_refusal_goes_back_with_its_reason(any_world: World) -> None:
    scene = scene_in(any_world)
    number = write(scene)
    act(scene, number, scene.specialist, "propose")
    with pytest.raises(Invalid):
        act(scene, number, scene.responder, "refuse", "  ")
    act(scene, number, scene.responder, "refuse", "成熟度写高了。")
    found = get(scene, number)
    assert (found.state, found.holder) == (FillingState.REFUSED, Holder.SPECIALIST)
    assert found.reason == "成熟度写高了。" and found.due is not None
    mine = any_world.browser(scene.specialist)
    assert "成熟度写高了。" in mine.get(f"/fillings/{number}/edit").text
    assert f"/fillings/{number}/edit" in mine.get("/todo").text
    with any_world.database.reading() as session:
        told = session.scalars(
            select(Notice).where(Notice.user_id == scene.specialist.user_id).order_by(Notice.id)
        ).all()[-1]
    assert told.text == "成熟度写高了。" and told.url == f"/fillings/{number}"
    with any_world.database.transaction() as session:
        again = queries.filling(session, number, scene.specialist, lock=True)
        values = complete(Board.OUTCOME, title="代填的成果，改过", trl=5)
        services.save_listing(session, scene.specialist, again, values)
        services.propose(session, scene.specialist, again)
    act(scene, number, scene.responder, "confirm")
    assert own_listings(scene)[-1].trl == 5


def test_a_response_counts_after_the_word_and_is_filed_by_the_organisation(
    any_world: World,
) -> None:
    scene = scene_in(any_world)
    mine = any_world.browser(scene.specialist)
    fill = f"/brokering/organisations/{scene.responder.organisation_id}/respond/{scene.code}"
    assert fill in mine.get(f"/listings/{scene.code}").text
    begun = post(mine, fill)
    assert begun.status_code == 303
    assert post(mine, fill).status_code == 409, "one at a time"
    url = begun.headers["Location"]
    typed = {"approach": "激光焊。", "plan": "三个月。", "budget": "很多", "verdict-0": "met"}
    wrong = post(mine, url, {**typed, "propose": "1"})
    assert wrong.status_code == 422 and "激光焊。" in wrong.text
    asked = post(mine, url, {**typed, "budget": "80万元", "leader": "刘工", "propose": "1"})
    assert asked.status_code == 303
    with any_world.database.reading() as session:
        assert session.scalars(select(Response)).all() == []
        number = session.scalars(select(Filling.id)).one()
    firm = any_world.browser(scene.responder)
    assert "激光焊。" in firm.get(f"/fillings/{number}").text
    done = post(firm, f"/fillings/{number}/confirm")
    with any_world.database.reading() as session:
        made = session.scalars(select(Response)).one()
        steps = session.scalars(select(ResponseEvent.reason)).all()
        replies = [(each.verdict.value, each.how) for each in made.answers if each.verdict]
    assert done.headers["Location"] == f"/responses/{made.id}/edit"
    assert made.state is ResponseState.DRAFT and made.created_by == scene.responder.user_id
    assert (made.approach, made.budget, made.leader) == ("激光焊。", 80_000_000, "刘工")
    assert replies == [("met", "")]
    assert "由服务专员代填，经揭榜方确认。" in steps
    assert scene.specialist.label not in "".join(steps), "the issuer reads these lines"


def test_a_confirmation_overwrites_nothing(world: World) -> None:
    scene = scene_in(world)
    assert scene.responder.organisation_id is not None
    with world.database.transaction() as session:
        listing = world._load(session, scene.code)
        found = services.begin_response(
            session, scene.specialist, scene.responder.organisation_id, listing
        )
        services.save_response(
            session, scene.specialist, found, {"approach": "专员写的"}, 0, [Reply("met", "")]
        )
        services.propose(session, scene.specialist, found)
        number = found.id
    firm = world.browser(scene.responder)
    post(firm, f"/listings/{scene.code}/respond")
    refused = post(firm, f"/fillings/{number}/confirm")
    assert refused.status_code == 409 and "已有一份在写" in refused.text
    assert get(scene, number).state is FillingState.PROPOSED


def test_who_sees_and_does_what(world: World) -> None:
    scene = scene_in(world)
    number = write(scene)
    act(scene, number, scene.specialist, "propose")
    other = world.actor(world.user(Role.SPECIALIST))
    people = {
        "visitor": None, "stranger": scene.stranger, "issuer": scene.issuer, "other": other,
        "operator": scene.operator,
    }  # fmt: skip
    for name, who in people.items():
        browser = world.browser(who)
        status = browser.get(f"/fillings/{number}").status_code
        assert status == (303 if who is None else 404), name
        for act_ in ("confirm", "refuse", "withdraw"):
            assert post(browser, f"/fillings/{number}/{act_}").status_code == status, name
        assert browser.get(f"/fillings/{number}/edit").status_code in (303, 403, 404), name
    assert (
        PRINCIPLE
        not in world.browser(scene.operator)
        .get(f"/brokering/organisations/{scene.responder.organisation_id}")
        .text
    )
    with world.database.transaction() as session, pytest.raises(NotFound):
        assert scene.responder.organisation_id is not None
        services.begin_listing(
            session, other, scene.responder.organisation_id, Board.OUTCOME,
            complete(Board.OUTCOME),
        )  # fmt: skip


def test_an_agent_of_another_line_does_not_confirm(world: World) -> None:
    scene = scene_in(world)
    number = write(scene)
    act(scene, number, scene.specialist, "propose")
    person = world.user()
    assert scene.responder.organisation_id is not None
    world.member(
        scene.responder.organisation_id, person, OrganisationRole.AGENT, (Line.PROCUREMENT,)
    )
    refused = post(world.browser(person), f"/fillings/{number}/confirm")
    assert refused.status_code == 409 and "经办范围" in refused.text


def test_what_is_hidden_until_an_agreement_is_the_organisations_to_write(world: World) -> None:
    scene = scene_in(world, disclosure="agreement")
    mine = world.browser(scene.specialist)
    fill = f"/brokering/organisations/{scene.responder.organisation_id}/respond/{scene.code}"
    assert fill not in mine.get(f"/listings/{scene.code}").text
    assert post(mine, fill).status_code == 409


def test_it_goes_to_whoever_serves_the_organisation_next(world: World) -> None:
    scene = scene_in(world)
    number = write(scene)
    act(scene, number, scene.specialist, "propose")
    act(scene, number, scene.responder, "refuse", "不对。")
    next_one = world.actor(world.user(Role.SPECIALIST))
    scene.assign(scene.responder, next_one, "换人。")
    with pytest.raises(NotFound):
        act(scene, number, scene.specialist, "propose")
    found = get(scene, number)
    assert (found.specialist_id, found.author_id) == (
        next_one.user_id, scene.specialist.user_id,
    )  # fmt: skip
    scene.assign(scene.responder, None, "不再服务。")
    assert get(scene, number).holder is Holder.OPERATOR


def test_nothing_waits_for_ever(world: World) -> None:
    scene = scene_in(world)
    number = write(scene)
    act(scene, number, scene.specialist, "propose")
    told = []
    for days in (1, 20, 40, 60):
        with world.database.transaction() as session:
            session.execute(update(Filling).values(due=clock.today() - timedelta(days=days)))
            services.run_clock(session)
        with world.database.reading() as session:
            rows = session.execute(
                select(Notice.user_id).where(Notice.title.contains("逾期")).order_by(Notice.id)
            )
            told = list(dict.fromkeys(row[0] for row in rows))
    assert told[0] == scene.responder.user_id
    assert scene.operator.user_id in told
    text_ = world.browser(scene.operator).get("/operations/overdue").text
    assert "专员代填" in text_ and "代填的成果" not in text_


@pytest.mark.parametrize("name", list(FILLING.transitions))
@pytest.mark.parametrize("state", list(FillingState))
@pytest.mark.parametrize("part", ["specialist", "firm", "stranger", "operator", "former"])
def test_every_state_action_and_role(name: str, state: FillingState, part: str) -> None:
    """From the table alone: what is not declared is refused."""
    from dataclasses import replace

    from jiebang.core.permissions import Seat

    seat = Seat(1, "甲", OrganisationRole.ADMINISTRATOR, frozenset(Line), True, "enterprise")
    people = {
        "specialist": Actor(7, "专员", roles=frozenset({Role.SPECIALIST})),
        "firm": Actor(8, "甲方", seats=(seat,), seat=seat),
        "stranger": Actor(
            9, "乙方", seats=(replace(seat, organisation_id=2),),
            seat=replace(seat, organisation_id=2),
        ),
        "operator": Actor(10, "运营", roles=frozenset({Role.OPERATOR})),
        "former": Actor(11, "前专员", roles=frozenset({Role.SPECIALIST})),
    }  # fmt: skip
    subject = Filling(organisation_id=1, specialist_id=7, board=Board.NEED, state=state)
    transition = FILLING.transitions[name]
    allowed = state in transition.sources and (
        part == {SPECIALIST: "specialist", FIRM: "firm"}[next(iter(transition.sides))]
    )
    refusal = FILLING.refusal(name, subject, people[part])
    assert (refusal is None) is allowed
    if not allowed:
        assert isinstance(refusal, Conflict | Forbidden)
        with pytest.raises((Conflict, Forbidden)):
            FILLING.apply(name, subject, people[part])
        assert subject.state is state


def test_the_database_knows_what_a_state_requires(any_world: World) -> None:
    scene = scene_in(any_world)
    number = write(scene)
    for change in (
        "state = 'proposed'", "state = 'confirmed'", "state = 'refused'", "title = ''",
        "kind = 'response'", "due = '2030-01-01'",
    ):  # fmt: skip
        with pytest.raises(IntegrityError), any_world.database.transaction() as session:
            session.execute(text(f"UPDATE filling SET {change} WHERE id = {number}"))

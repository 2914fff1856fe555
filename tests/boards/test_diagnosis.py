"""需求诊断: questions and answers on a listing, each with a holder, a day, a letter and a trace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from jiebang.boards.diagnosis import Diagnosis, Ending, Turn
from jiebang.boards.models import Listing
from jiebang.boards.services import diagnosis as services
from jiebang.boards.workflow import ListingState
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.outbox import Job
from jiebang.core.permissions import Actor, OrganisationRole, Role
from jiebang.core.working_days import add_working_days
from tests.boards.looking import actions, found_by
from tests.conftest import post
from tests.factories import World

QUESTIONS = "1. 平面度现在是多少？\n2. 专利归谁？"


def advisor(world: World, role: Role = Role.EXPERT) -> Actor:
    return world.actor(world.user(role))


def send(world: World, code: str, operator: Actor, to: Actor | None) -> None:
    answer = post(
        world.browser(operator),
        f"/operations/review/{code}/diagnosis",
        {"advisor": str(to.user_id) if to else "", "questions": QUESTIONS},
    )
    assert answer.status_code == 303, answer.text


def say(client: FlaskClient, code: str, name: str, text: str) -> int:
    field = "reason" if name == "stand_aside" else "text"
    return post(client, f"/listings/{code}/diagnosis/{name}", {field: text}).status_code


def letters(world: World) -> list[tuple[str, str]]:
    with world.database.reading() as session:
        jobs = session.scalars(select(Job).where(Job.kind == "mail").order_by(Job.id))
        return [(job.payload["to"], job.payload["subject"] + job.payload["body"]) for job in jobs]


def current(world: World, code: str) -> Diagnosis:
    with world.database.reading() as session:
        found = session.scalars(
            select(Diagnosis).join(Listing, Listing.id == Diagnosis.listing_id)
            .where(Listing.code == code).order_by(Diagnosis.id.desc())
        ).first()  # fmt: skip
        assert found is not None
        return found


def test_a_vague_need_is_asked_answered_improved_and_handed_in_again(any_world: World) -> None:
    world = any_world
    owner, operator, expert = world.owner(), world.operator(), advisor(world)
    code = world.submitted(owner, indicators=[])
    page = world.browser(operator).get(f"/operations/review/{code}").text
    assert "送诊断" in page and "要达到哪几个数" in page, "gaps are the first questions"
    send(world, code, operator, expert)
    assert world.listing(code).state is ListingState.DIAGNOSIS
    found = current(world, code)
    assert (found.turn, found.due) == (Turn.ADVISOR, add_working_days(clock.today(), 5))

    asking, answering = world.browser(expert), world.browser(owner)
    assert "请诊断" in asking.get("/todo").text
    assert "等诊断人" in answering.get("/todo").text
    seen = asking.get(f"/listings/{code}/diagnosis").text
    assert "平面度现在是多少" in seen and "不能诊断" in seen
    assert asking.get(f"/listings/{code}").status_code == 404, "the thread, and nothing beyond it"
    assert say(asking, code, "ask", "渗透到母材了吗？") == 303
    assert current(world, code).turn is Turn.OWNER
    assert "去回答" in answering.get("/todo").text
    assert "渗透到母材了吗" in answering.get(f"/listings/{code}/diagnosis").text
    assert say(answering, code, "answer", "没有，只在焊缝。") == 303
    assert current(world, code).turn is Turn.ADVISOR
    row = {"indicators-0-name": "平面度", "indicators-0-comparator": "≤",
           "indicators-0-value": "1", "indicators-0-unit": "mm"}  # fmt: skip
    saved = post(answering, f"/listings/{code}/edit/terms", {**row, "trl": "6"})
    assert saved.status_code == 303, "the owner writes while it is being diagnosed"
    assert post(answering, f"/listings/{code}/submit").status_code == 303
    assert world.listing(code).state is ListingState.SUBMITTED
    assert current(world, code).ending is Ending.RESUBMITTED
    assert asking.get(f"/listings/{code}/diagnosis").status_code == 404, "it is theirs no longer"
    assert "只在焊缝" in world.browser(operator).get(f"/listings/{code}/diagnosis").text
    assert "只在焊缝" in answering.get(f"/listings/{code}/diagnosis").text
    assert actions(world, code)[-5:] == [
        "listing.diagnose", "diagnosis.ask", "diagnosis.answer", "listing.changed",
        "listing.submit",
    ]  # fmt: skip
    told = letters(world)
    with world.database.reading():
        addresses = [to for to, _ in told]
    assert len(addresses) == 3, "expert, owner, expert"
    assert all(code in text and "平面度" not in text and "焊" not in text for _, text in told)


def test_a_reviewer_may_ask_the_owner_at_once(world: World) -> None:
    owner, operator = world.owner(), world.operator()
    code = world.submitted(owner)
    send(world, code, operator, None)
    assert current(world, code).turn is Turn.OWNER
    assert say(world.browser(owner), code, "answer", "归我方。") == 303
    assert "请诊断" in world.browser(operator).get("/todo").text
    done = post(world.browser(operator), f"/operations/review/{code}/conclude")
    assert done.status_code == 303
    assert current(world, code).ending is Ending.CONCLUDED
    assert world.listing(code).state is ListingState.SUBMITTED


def test_who_must_stand_aside_gives_it_back_with_a_reason(world: World) -> None:
    owner, operator, expert = world.owner(), world.operator(), advisor(world)
    code = world.submitted(owner)
    send(world, code, operator, expert)
    client = world.browser(expert)
    assert say(client, code, "stand_aside", " ") == 422
    assert say(client, code, "stand_aside", "与发布方有合作，回避。") == 303
    assert current(world, code).ending is Ending.STOOD_ASIDE
    assert world.listing(code).state is ListingState.SUBMITTED
    other = advisor(world, Role.SPECIALIST)
    send(world, code, operator, other)
    assert current(world, code).advisor_id == other.user_id


def test_nobody_of_the_owners_house_is_asked(world: World) -> None:
    owner, operator = world.owner(), world.operator()
    assert owner.organisation_id is not None
    insider = world.user(Role.EXPERT, name="内部专家")
    world.member(owner.organisation_id, insider, OrganisationRole.AGENT)
    plain = world.user(name="普通用户")
    code = world.submitted(owner)
    client = world.browser(operator)
    assert "内部专家" not in client.get(f"/operations/review/{code}").text
    for chosen in (insider, plain, 999_999, "x", "9" * 30):
        answer = post(client, f"/operations/review/{code}/diagnosis",
                      {"advisor": str(chosen), "questions": QUESTIONS})  # fmt: skip
        assert answer.status_code == 422 and "平面度现在是多少" in answer.text
    assert world.listing(code).state is ListingState.SUBMITTED


def test_strangers_and_others_advisors_find_nothing(world: World) -> None:
    owner, operator, expert = world.owner(), world.operator(), advisor(world)
    code = world.submitted(owner)
    send(world, code, operator, expert)
    for who in (world.owner(), advisor(world), advisor(world, Role.SPECIALIST)):
        client = world.browser(who)
        assert client.get(f"/listings/{code}/diagnosis").status_code == 404
        for name in ("ask", "answer", "stand_aside"):
            assert say(client, code, name, "偷看") == 404
    client = world.browser(owner)
    assert say(client, code, "ask", "我问我") == 403, "the owner answers"
    assert say(world.browser(expert), code, "answer", "替他答") == 403
    assert found_by(world, "铝合金薄壁壳体焊接", Board.NEED) == [], "it is not published"


def test_questions_and_answers_have_limits_and_nothing_typed_is_lost(world: World) -> None:
    owner, operator, expert = world.owner(), world.operator(), advisor(world)
    code = world.submitted(owner)
    empty = post(world.browser(operator), f"/operations/review/{code}/diagnosis", {"advisor": ""})
    assert empty.status_code == 422 and "请写下要问清楚的问题" in empty.text
    send(world, code, operator, expert)
    long = "长" * (services.LIMIT + 1)
    answer = post(world.browser(expert), f"/listings/{code}/diagnosis/ask", {"text": long})
    assert answer.status_code == 422 and f"最多 {services.LIMIT} 字" in answer.text
    assert long in answer.text


@pytest.mark.parametrize("turn", list(Turn))
def test_what_is_overdue_is_reminded_once_and_shown(world: World, turn: Turn) -> None:
    owner, operator, expert = world.owner(), world.operator(), advisor(world)
    code = world.submitted(owner)
    send(world, code, operator, expert)
    if turn is Turn.OWNER:
        say(world.browser(expert), code, "ask", "多少？")
    before = len(letters(world))
    late = clock.today() + timedelta(days=30)
    for expected in (1, 0):
        with world.database.transaction() as session:
            assert services.remind(session, world.discovery, late) == expected
    assert len(letters(world)) == before + 2, "the holder and who sent it"
    with world.database.transaction() as session:
        yesterday = clock.today() - timedelta(days=1)
        session.execute(update(Diagnosis).values(due=yesterday))
    assert "逾期未答复" in world.browser(operator).get("/todo").text
    page = world.browser(owner).get(f"/listings/{code}/diagnosis").text
    assert "逾期未答复，已提醒" in page


def test_withdrawing_ends_it(world: World) -> None:
    owner, operator = world.owner(), world.operator()
    code = world.submitted(owner)
    send(world, code, operator, None)
    world.advance(code, "withdraw", owner, "不需要了")
    assert current(world, code).ending is Ending.WITHDRAWN
    assert say(world.browser(owner), code, "answer", "还在吗") == 409


def test_an_anonymous_owner_has_no_name_for_the_advisor(world: World) -> None:
    owner = world.owner(name="zq无名重工有限公司")
    operator, expert = world.operator(), advisor(world)
    code = world.submitted(owner, disclosure="anonymous", tried="zqtried")
    send(world, code, operator, expert)
    say(world.browser(expert), code, "ask", "多少？")
    say(world.browser(owner), code, "answer", "一毫米。")
    page = world.browser(expert).get(f"/listings/{code}/diagnosis").text
    assert "一毫米" in page and "匿名单位" in page
    assert "zq无名" not in page and owner.label not in page and "zqtried" not in page
    assert owner.label in world.browser(operator).get(f"/listings/{code}/diagnosis").text


def test_one_listing_has_one_open_diagnosis(any_world: World) -> None:
    owner, operator = any_world.owner(), any_world.operator()
    code = any_world.submitted(owner)
    send(any_world, code, operator, None)
    again = post(any_world.browser(operator), f"/operations/review/{code}/diagnosis",
                 {"advisor": "", "questions": QUESTIONS})  # fmt: skip
    assert again.status_code == 409
    first = current(any_world, code)
    with pytest.raises(IntegrityError), any_world.database.transaction() as session:
        session.add(Diagnosis(
            listing_id=first.listing_id, opened_by=operator.user_id, advisor_id=operator.user_id,
            opened_at=clock.now(), turn=Turn.OWNER, due=clock.today(),
        ))  # fmt: skip
        session.flush()
    with any_world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Diagnosis)) == 1

"""Threads: interest, answers, the end, anonymity, and what is overdue."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from jiebang import wiring
from jiebang.boards.threads import queries, services
from jiebang.boards.threads.models import (
    Thread,
    ThreadMessage,
)
from jiebang.boards.threads.workflow import ThreadState
from jiebang.boards.tracks.models import TrackVersion
from jiebang.core import audit, clock
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from jiebang.core.permissions import Line, OrganisationRole, Role
from jiebang.core.reasons import ReasonCode
from jiebang.core.sides import Holder
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices.models import Notice
from jiebang.worker import Worker
from tests.boards.threads_scene import SENTENCE, scene_in
from tests.factories import World

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def told(world: World, user_id: int | None) -> list[str]:
    with world.database.reading() as session:
        return list(
            session.scalars(
                select(Notice.title).where(Notice.user_id == user_id).order_by(Notice.id)
            )
        )


def test_one_sentence_opens_a_thread_that_waits_for_the_owner(any_world: World) -> None:
    scene = scene_in(any_world)
    found = scene.thread(scene.open())
    assert found.state is ThreadState.INTERESTED and found.holder is Holder.ISSUER
    assert found.due == add_working_days(clock.today(), 3)
    assert told(any_world, scene.issuer.user_id)[-1].startswith("有新的对接意向：")
    assert told(any_world, scene.responder.user_id) == []
    with any_world.database.reading() as session:
        assert list(audit.verify(session)) == []


@pytest.mark.parametrize(("sentence", "says"), [("短", "至少写 5"), ("长" * 201, "现在 201 字")])
def test_the_sentence_has_limits(world: World, sentence: str, says: str) -> None:
    scene = scene_in(world)
    with pytest.raises(Invalid, match=says):
        scene.open(sentence)


def test_one_live_thread_for_a_listing_and_an_organisation(any_world: World) -> None:
    scene = scene_in(any_world)
    first = scene.open()
    with pytest.raises(Conflict, match="已经对这条内容发过意向"):
        scene.open()
    with any_world.database.transaction() as session:
        found = queries.thread(session, first, scene.responder, lock=True)
        services.end(session, scene.responder, found, "withdraw", "")
    assert scene.open() != first, "a withdrawn interest may be expressed again"


def test_fifty_at_once_open_one_thread(any_world: World) -> None:
    scene = scene_in(any_world)
    opened: list[int] = []
    refused: list[str] = []
    other: list[BaseException] = []
    start = threading.Barrier(10)

    def work() -> None:
        start.wait()
        for _ in range(5):
            try:
                opened.append(scene.open(own=False))
            except Conflict as error:
                refused.append(error.message)
            except BaseException as error:
                other.append(error)

    threads = [threading.Thread(target=work) for _ in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (len(opened), len(refused), other) == (1, 49, [])
    with any_world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Thread)) == 1
        assert session.scalar(select(func.count()).select_from(ThreadMessage)) == 1


def test_who_may_not_begin(world: World) -> None:
    scene = scene_in(world)
    unverified = world.owner(verified=False)
    agent_id = world.user()
    assert scene.stranger.organisation_id is not None
    world.member(scene.stranger.organisation_id, agent_id, OrganisationRole.AGENT, (Line.TALENT,))
    cases = {
        "owner": (scene.issuer, Conflict),
        "unverified": (unverified, Conflict),
        "agent of another line": (world.actor(agent_id), Forbidden),
        "without organisation": (world.actor(world.user()), Forbidden),
        "operator": (world.operator(), Forbidden),
    }
    for who, (actor, refusal) in cases.items():
        with pytest.raises(refusal), world.database.transaction() as session:
            services.express_interest(session, actor, world._load(session, scene.code), SENTENCE)
        assert who


def test_nothing_begins_on_what_is_not_published(world: World) -> None:
    scene = scene_in(world)
    world.advance(scene.code, "withdraw", scene.issuer, "计划调整")
    with pytest.raises(NotFound):
        scene.open()


def test_the_first_answer_accepts_and_a_question_hands_over_the_ball(any_world: World) -> None:
    scene = scene_in(any_world)
    found = scene.open()
    scene.say(found, scene.responder, "另外我们有样件。")
    assert scene.thread(found).holder is Holder.ISSUER, "adding does not move the owner's date"
    scene.say(found, scene.issuer, "请说说节拍。", asks=True)
    thread = scene.thread(found)
    assert thread.state is ThreadState.TALKING and thread.holder is Holder.RESPONDER
    assert thread.due == add_working_days(clock.today(), 3)
    scene.say(found, scene.responder, "一分半。", asks=True)
    assert scene.thread(found).holder is Holder.ISSUER
    scene.say(found, scene.issuer, "谢谢，够了。")
    thread = scene.thread(found)
    assert thread.holder is Holder.RESPONDER and thread.due == add_working_days(clock.today(), 10)


def test_declining_needs_a_code_and_a_sentence_and_reaches_the_other(any_world: World) -> None:
    scene = scene_in(any_world)
    found = scene.open()
    for code, reason, fields in (
        ("", "", {"code", "reason"}),
        ("price", "价高", {"code"}),
        ("too_early", " ", {"reason"}),
        ("too_early", "长" * 501, {"reason"}),
    ):
        with pytest.raises(Invalid) as caught, any_world.database.transaction() as session:
            thread = queries.thread(session, found, scene.issuer, lock=True)
            services.end(session, scene.issuer, thread, "decline", reason, code)
        assert set(caught.value.errors) == fields
    with any_world.database.transaction() as session:
        thread = queries.thread(session, found, scene.issuer, lock=True)
        services.end(session, scene.issuer, thread, "decline", "还在实验室阶段", "too_early")
    thread = scene.thread(found)
    assert thread.state is ThreadState.DECLINED and thread.reason_code is ReasonCode.TOO_EARLY
    assert thread.holder is None and thread.due is None
    assert told(any_world, scene.responder.user_id)[-1].startswith("对方婉拒了对接")
    page = any_world.browser(scene.responder).get(f"/threads/{found}").text
    assert "阶段过早" in page and "还在实验室阶段" in page


def test_the_database_refuses_a_wait_without_a_date(any_world: World) -> None:
    scene = scene_in(any_world)
    found = scene.open()
    for values in (
        {"due": None},
        {"holder": None},
        {"state": ThreadState.DECLINED, "holder": None, "due": None},
        {"state": ThreadState.ENDED, "holder": None, "due": None},
    ):
        with pytest.raises(IntegrityError), any_world.database.transaction() as session:
            session.execute(update(Thread).where(Thread.id == found).values(values))


def test_others_do_not_learn_that_a_thread_exists(world: World) -> None:
    scene = scene_in(world)
    found = scene.talking()
    for who in (scene.stranger, world.operator(), world.actor(world.user(Role.SPECIALIST))):
        with world.database.reading() as session, pytest.raises(NotFound):
            queries.thread(session, found, who)
    assert world.browser(scene.stranger).get(f"/threads/{found}").status_code == 404


def test_an_anonymous_owner_is_named_after_the_exchange_alone(world: World) -> None:
    scene = scene_in(world, disclosure="anonymous")
    found = scene.talking()
    browser = world.browser(scene.responder)
    secrets = ("历下机电", scene.issuer.label)
    addresses = (f"/threads/{found}", "/threads/", "/todo", "/notices", f"/listings/{scene.code}")

    def said() -> set[str]:
        pages = [browser.get(address).text for address in addresses]
        pages.append(browser.get(f"/threads/{found}/confidentiality").text)
        return {secret for secret in secrets if any(secret in page for page in pages)}

    assert said() == set()
    Worker(world.database, wiring.jobs(world.settings, world.database, world.discovery)).drain()
    letters = "".join(path.read_text() for path in world.settings.mailbox.glob("*.eml"))
    assert letters and not any(secret in letters for secret in secrets)
    with world.database.transaction() as session:
        for who, person in ((scene.issuer, "陈工"), (scene.responder, "刘老师")):
            thread = queries.thread(session, found, who, lock=True)
            services.give_contact(session, who, thread, person, "13800000001")
    assert said() == {"历下机电"}


def test_a_withdrawn_listing_ends_what_nobody_answered(any_world: World) -> None:
    scene = scene_in(any_world)
    waiting = scene.open()
    with any_world.database.transaction() as session:
        talking = services.express_interest(
            session, scene.stranger, any_world._load(session, scene.code), SENTENCE
        ).id
    scene.say(talking, scene.issuer, "可以谈。")
    any_world.advance(scene.code, "withdraw", scene.issuer, "计划调整")
    assert scene.thread(waiting).state is ThreadState.ENDED
    assert scene.thread(talking).state is ThreadState.TALKING
    assert told(any_world, scene.responder.user_id)[-1].startswith("您意向的内容已撤下")


def test_what_is_overdue_climbs_to_the_operator(any_world: World) -> None:
    scene, operator = scene_in(any_world), any_world.operator()
    found = scene.open()

    def run() -> int:
        with any_world.database.transaction() as session:
            return services.run_clock(session)

    assert run() == 0, "not due yet"
    with any_world.database.transaction() as session:
        session.execute(update(Thread).values(due=clock.today() - timedelta(days=1)))
    assert run() == 1 and run() == 0, "each step once"
    assert told(any_world, scene.issuer.user_id)[-1].startswith("对接逾期未答复")
    assert told(any_world, operator.user_id) == []
    with any_world.database.transaction() as session:
        session.execute(update(Thread).values(due=clock.today() - timedelta(days=20)))
    assert run() == 1 and run() == 0
    assert told(any_world, operator.user_id)[-1].startswith("对接逾期未答复")
    for who in (scene.issuer, scene.responder):
        assert "逾期未答复" in any_world.browser(who).get(f"/threads/{found}").text
        assert "逾期未答复" in any_world.browser(who).get("/todo").text


def test_a_thread_keeps_the_version_of_its_track(any_world: World) -> None:
    scene = scene_in(any_world)
    with any_world.database.transaction() as session:
        old = session.scalars(select(TrackVersion).where(TrackVersion.track == "market")).one()
        values = {
            column.name: getattr(old, column.name)
            for column in TrackVersion.__table__.columns
            if column.name != "id"
        }
        session.add(TrackVersion(**{**values, "number": 2, "interest_days": 7, "answer_days": 1}))
        session.flush()
    before = scene.thread(scene.open())
    assert before.due == add_working_days(clock.today(), 7)
    with any_world.database.transaction() as session:
        session.add(TrackVersion(**{**values, "number": 3, "answer_days": 9}))
    scene.say(before.id, scene.issuer, "请说说节拍。", asks=True)
    assert scene.thread(before.id).due == add_working_days(clock.today(), 1)


def test_no_thread_on_a_purchase(world: World) -> None:
    """No price may reach a buyer before sealed quotes exist."""
    scene = scene_in(world, Board.DEMAND)
    browser = world.browser(scene.responder)
    assert browser.get(f"/listings/{scene.code}/interest").status_code == 404
    assert 'id="interest"' not in browser.get(f"/listings/{scene.code}").text


def test_a_refused_line_loses_nothing(world: World) -> None:
    from tests.conftest import post

    scene = scene_in(world)
    browser = world.browser(scene.responder)
    answer = post(browser, f"/listings/{scene.code}/interest", {"sentence": "短"})
    assert answer.status_code == 422 and ">短</textarea>" in answer.text
    found = scene.talking()
    bad = post(browser, f"/threads/{found}/meetings", {"starts_at": "", "place": "创新大厦"})
    assert bad.status_code == 422 and 'value="创新大厦"' in bad.text
    long = post(browser, f"/threads/{found}/say", {"text": "字" * 2001})
    assert long.status_code == 422 and "现在 2001 字" in long.text and "字" * 2001 in long.text


def test_every_refusal_speaks_chinese(world: World) -> None:
    scene = scene_in(world)
    found = scene.talking()
    with world.database.transaction() as session:
        thread = queries.thread(session, found, scene.responder, lock=True)
        for call in (
            lambda: services.answer_meeting(session, scene.responder, thread, 1, "confirm"),
            lambda: services.end(session, scene.responder, thread, "decline", "不合适", "other"),
        ):
            with pytest.raises(DomainError) as caught:
                call()
            assert caught.value.message.endswith("。")

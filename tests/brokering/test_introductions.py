"""An introduction from the request to its result, its clock, and what the ranking learns."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from jiebang.boards.threads.models import Thread, ThreadMessage
from jiebang.boards.threads.workflow import ThreadState
from jiebang.brokering import queries, services
from jiebang.brokering.models import LedgerEntry
from jiebang.brokering.workflow import IntroductionState, Result
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import Actor, Role
from jiebang.core.sides import Holder, Side
from jiebang.core.working_days import add_working_days
from jiebang.discovery.models import Feedback, Verdict
from jiebang.orgs.notices.models import Notice
from tests.boards.threads_scene import Scene as ThreadScene
from tests.brokering.introductions_scene import WORDS, Scene, scene_in
from tests.conftest import post
from tests.factories import World

S = IntroductionState


def told(scene: Scene, who: Actor) -> list[str]:
    with scene.world.database.reading() as session:
        return list(
            session.scalars(
                select(Notice.title).where(Notice.user_id == who.user_id).order_by(Notice.id)
            )
        )


def test_from_the_request_to_the_result(any_world: World) -> None:
    scene = scene_in(any_world)
    found = scene.request("先问能不能小批量。")
    asked = scene.introduction(found)
    assert (asked.state, asked.holder, asked.specialist_id) == (
        S.REQUESTED, Holder.SPECIALIST, scene.specialist.user_id,
    )  # fmt: skip
    assert asked.due == add_working_days(clock.today(), 3)
    assert asked.responder_agreed_at is not None and asked.issuer_agreed_at is None
    assert told(scene, scene.specialist)[-1].startswith("请专员对接")
    assert told(scene, scene.issuer) == [], "the other side hears of it from the specialist"
    scene.accept(found)
    assert scene.introduction(found).holder is Holder.ISSUER
    assert told(scene, scene.issuer)[-1].startswith("服务专员引荐对接")
    assert scene.agree(found, scene.issuer)
    agreed = scene.introduction(found)
    assert agreed.state is S.BOTH_AGREED and agreed.holder is Holder.SPECIALIST
    with any_world.database.reading() as session:
        thread = session.get_one(Thread, agreed.thread_id)
        assert thread.state is ThreadState.TALKING and thread.due is not None
        assert thread.own_listing_id == scene.listing(scene.own).id
        lines = session.scalars(select(ThreadMessage.text)).all()
        assert lines == ["服务专员引荐，双方同意对接。"]
        word = session.scalars(select(Feedback)).one()
        assert word.verdict is Verdict.FITS and word.parts
        assert (word.listing_id, word.other_id) == (
            scene.listing(scene.own).id, scene.listing(scene.code).id,
        )  # fmt: skip
    with any_world.database.transaction() as session:
        one = queries.introduction(session, found, scene.specialist, lock=True)
        services.meet(session, scene.specialist, one, "在对方车间看了样件。")
    scene.end(found, scene.specialist, "close", result="cooperation", reason="下月试制。")
    done = scene.introduction(found)
    assert done.state is S.CLOSED and done.result is Result.COOPERATION
    assert done.holder is None and done.due is None
    with any_world.database.reading() as session:
        rows = session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)).all()
    assert [row.what for row in rows] == [
        "请专员对接", "引荐双方", "双方同意对接", "双方会面", "达成合作意向",
    ]  # fmt: skip
    assert {row.organisation_id for row in rows} == {scene.responder.organisation_id}


def test_without_a_specialist_it_is_the_operators(world: World) -> None:
    scene = scene_in(world, served=False)
    found = scene.request()
    assert scene.introduction(found).holder is Holder.OPERATOR
    assert told(scene, scene.operator)[-1].startswith("请专员对接")
    with pytest.raises(NotFound):
        scene.accept(found, scene.specialist)
    with world.database.transaction() as session:
        one = queries.introduction(session, found, scene.operator, lock=True)
        assert scene.specialist.user_id is not None
        services.give_to(session, scene.operator, one, scene.specialist.user_id)
    assert scene.introduction(found).holder is Holder.SPECIALIST
    scene.accept(found)


def test_it_falls_on_the_other_sides_specialist_when_ones_own_has_none(world: World) -> None:
    scene = scene_in(world, served=False)
    scene.assign(scene.issuer, scene.specialist)
    found = scene.introduction(scene.request())
    assert found.specialist_id == scene.specialist.user_id
    assert found.served_id == scene.issuer.organisation_id


def test_an_insider_introduces_nobody(world: World) -> None:
    scene = scene_in(world)
    assert scene.issuer.organisation_id is not None and scene.specialist.user_id is not None
    world.member(scene.issuer.organisation_id, scene.specialist.user_id)
    assert scene.introduction(scene.request()).holder is Holder.OPERATOR


def test_a_refusal_has_a_code_and_a_sentence_and_reaches_the_asker(world: World) -> None:
    scene = scene_in(world)
    found = scene.request()
    with pytest.raises(Invalid) as caught:
        scene.end(found, scene.specialist, "refuse")
    assert set(caught.value.errors) == {"code", "reason"}
    scene.end(found, scene.specialist, "refuse", code="too_early", reason="对方要成熟工艺。")
    assert scene.introduction(found).state is S.DECLINED
    assert told(scene, scene.responder)[-1].startswith("专员未能引荐")
    assert told(scene, scene.issuer) == []
    scene.request()  # later, or with something better, one may ask again


def test_a_side_declines_with_a_reason(world: World) -> None:
    scene = scene_in(world)
    found = scene.request()
    scene.accept(found)
    with pytest.raises(Forbidden):
        scene.end(found, scene.specialist, "decline", code="solved", reason="不。")
    scene.end(found, scene.issuer, "decline", code="solved", reason="已有供应方。")
    ended = scene.introduction(found)
    assert ended.state is S.DECLINED and ended.ended_by is Side.ISSUER
    assert told(scene, scene.responder)[-1].startswith("对方暂不对接")
    assert told(scene, scene.specialist)[-1].startswith("一方不对接")
    with world.database.reading() as session:
        assert session.scalars(select(Thread)).all() == []
        assert session.scalars(select(Feedback)).all() == []


def test_a_result_fits_what_happened(world: World) -> None:
    scene = scene_in(world)
    found = scene.request()
    scene.accept(found)
    for form in ({"result": "contract", "reason": "签了。"}, {"result": "no", "reason": "x"}):
        with pytest.raises(Invalid) as caught:
            scene.end(found, scene.specialist, "close", **form)
        assert set(caught.value.errors) == {"result"}
    scene.end(found, scene.specialist, "close", result="unanswered", reason="三次电话无人接。")
    assert scene.introduction(found).result is Result.UNANSWERED


def test_the_asker_withdraws_and_a_withdrawn_listing_ends_it(world: World) -> None:
    scene = scene_in(world)
    found = scene.request()
    scene.end(found, scene.responder, "withdraw")
    assert scene.introduction(found).result is Result.WITHDRAWN
    found = scene.request()
    world.advance(scene.code, "withdraw", scene.issuer, "计划调整")
    ended = scene.introduction(found)
    assert ended.result is Result.LISTING_ENDED and ended.holder is None
    assert told(scene, scene.responder)[-1].startswith("引荐的内容已撤下")


def test_a_running_thread_goes_on_and_is_not_doubled(world: World) -> None:
    scene = scene_in(world)
    talk = ThreadScene(world, scene.issuer, scene.responder, scene.stranger, scene.code, scene.own)
    thread_id = talk.open()
    found = scene.agreed()
    assert scene.introduction(found).thread_id == thread_id
    assert talk.thread(thread_id).state is ThreadState.TALKING


def test_one_runs_at_a_time_for_a_pair(world: World) -> None:
    scene = scene_in(world)
    scene.request()
    with pytest.raises(Conflict):
        scene.request()


def test_a_purchase_is_answered_by_its_buyer(world: World) -> None:
    """No thread hangs on a purchase: a price could reach it before sealed quotes exist."""
    scene = scene_in(world, Board.DEMAND)
    with pytest.raises(Conflict):
        scene.request(own=False)
    found = scene.introduction(scene.request())
    assert found.listing.code == scene.own and found.own_listing is not None
    assert found.own_listing.code == scene.code
    assert found.requested_by is Side.ISSUER
    assert found.organisation_id == scene.issuer.organisation_id


@pytest.mark.parametrize("disclosure", ["anonymous", "invited"])
def test_what_may_not_be_named_is_not_attached(world: World, disclosure: str) -> None:
    scene = scene_in(world)
    scene.own = world.published(scene.responder, Board.OUTCOME, disclosure=disclosure)
    with pytest.raises(Conflict):
        scene.request()


def test_the_clock_reminds_then_tells_the_specialist_then_the_operator(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, real = scene_in(any_world), clock.now
    found = scene.request()
    scene.accept(found)
    due = scene.introduction(found).due
    assert due is not None
    heard: list[tuple[int, int, int]] = []
    people = (scene.issuer, scene.specialist, scene.operator)
    before = [len(told(scene, who)) for who in people]
    for step in range(3):
        day = due + timedelta(days=1) if step == 0 else add_working_days(due, step)
        moment = clock.start_of_day(day + timedelta(days=1 if step else 0)) + timedelta(hours=9)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        for _ in range(2):  # a second look on the same day says nothing more
            with any_world.database.transaction() as session:
                services.run_clock(session)
        counts = [len(told(scene, who)) for who in people]
        heard.append(tuple(now - was for now, was in zip(counts, before, strict=True)))  # type: ignore[arg-type]
    monkeypatch.setattr(clock, "now", real)
    assert heard == [(1, 0, 0), (1, 1, 0), (1, 1, 1)]
    assert told(scene, scene.responder)[-1].startswith("服务专员引荐对接"), "it has agreed"


def test_a_specialist_introduces_a_served_firm_in_two_steps(world: World) -> None:
    scene = scene_in(world)
    browser = world.browser(scene.specialist)
    url = f"/brokering/listings/{scene.own}/introduce/{scene.code}"
    page = browser.get(url)
    assert page.status_code == 200 and "为什么匹配" in page.text
    answer = post(browser, url, {"words": WORDS})
    assert answer.status_code == 303
    found = int(answer.headers["Location"].rpartition("/")[2])
    made = scene.introduction(found)
    assert made.state is S.ACCEPTED and made.requested_by is None
    assert not scene.agree(found, scene.issuer)
    assert scene.agree(found, scene.responder)
    other = world.browser(world.user(Role.SPECIALIST))
    assert other.get(url).status_code == 404
    assert other.get(f"/introductions/{found}").status_code == 404


def test_an_interest_with_ones_own_listing_teaches_the_ranking(world: World) -> None:
    scene = scene_in(world)
    browser = world.browser(scene.responder)
    form = {"sentence": "我们做过同类壳体，想了解。", "own": scene.own}
    assert post(browser, f"/listings/{scene.code}/interest", form).status_code == 303
    with world.database.reading() as session:
        word = session.scalars(select(Feedback)).one()
    assert word.verdict is Verdict.FITS and word.parts

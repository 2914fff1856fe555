"""揭榜 on both sides: filing, checks, shortlist, selection, declines, switches of the track."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from jiebang.boards.responses import queries, services
from jiebang.boards.responses.models import Response
from jiebang.boards.responses.services.filing import Reply
from jiebang.boards.responses.workflow import ResponseState
from jiebang.core import audit, clock
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import Role
from jiebang.core.reasons import ReasonCode
from jiebang.core.sides import Holder
from jiebang.core.working_days import add_working_days
from tests.boards.responses_scene import TEXTS, answers_in
from tests.boards.test_threads import told
from tests.conftest import post
from tests.factories import World

S = ResponseState


@pytest.mark.parametrize("board", [Board.NEED, Board.OUTCOME])
def test_both_boards_are_answered_alike(any_world: World, board: Board) -> None:
    answers = answers_in(any_world, board=board)
    who = answers.scene.responder
    found = answers.filed(who)
    response = answers.get(found)
    assert response.state is S.QUALIFIED and response.holder is Holder.ISSUER
    assert response.due == add_working_days(clock.today(), 10)
    assert told(any_world, answers.scene.issuer.user_id)[-1].startswith("收到揭榜")
    answers.select(found)
    response = answers.get(found)
    assert response.state is S.SELECTED and response.slot == 1 and response.due is None
    assert told(any_world, who.user_id)[-1].startswith("揭榜已被选定")
    with any_world.database.reading() as session:
        assert list(audit.verify(session)) == []


def test_what_is_missing_is_named(world: World) -> None:
    answers = answers_in(world)
    who = answers.scene.responder
    with world.database.transaction() as session:
        draft = services.begin(session, who, world._load(session, answers.scene.code)).id
    with pytest.raises(Invalid) as caught:
        answers.file(draft, who)
    assert set(caught.value.errors) == {"leader", "approach", "plan", "budget", "verdict-0"}
    with world.database.transaction() as session:
        found = queries.response(session, draft, who, lock=True)
        services.save(session, who, found, TEXTS, 0, [Reply("partly", "")])
    with pytest.raises(Invalid) as caught:
        answers.file(draft, who)
    assert set(caught.value.errors) == {"how-0"}
    with pytest.raises(Invalid) as caught, world.database.transaction() as session:
        found = queries.response(session, draft, who, lock=True)
        long = {"leader": "名" * 41, "approach": "字" * 3001}
        services.save(session, who, found, long, 10**15, [Reply("maybe", "字" * 301)])
    assert set(caught.value.errors) == {"leader", "approach", "budget", "how-0", "verdict-0"}


def test_the_page_keeps_what_was_typed(world: World) -> None:
    answers = answers_in(world)
    browser = world.browser(answers.scene.responder)
    begun = post(browser, f"/listings/{answers.scene.code}/respond")
    page = begun.headers["Location"]
    typed = {"leader": "刘工", "approach": "复合焊", "budget": "很多钱"}
    bad = post(browser, page, {**typed, "file": "1"})
    assert bad.status_code == 422 and ">复合焊</textarea>" in bad.text and "很多钱" in bad.text
    saved = post(browser, page, {**typed, "budget": "80万元", "verdict-0": "partly", "save": "1"})
    assert saved.status_code == 303
    again = browser.get(page).text
    assert 'value="80万元"' in again and 'value="partly" checked' in again
    answers.deadline(clock.today() - timedelta(days=1))
    late = post(
        browser, page, {**typed, "approach": "新写的", "budget": "80万元", "plan": "三个月",
                        "verdict-0": "met", "file": "1"}, follow_redirects=True,
    )  # fmt: skip
    assert "24:00 截止" in late.text and "以服务器为准" in late.text
    assert ">新写的</textarea>" in late.text, "late is refused, and what was typed is kept"
    assert answers.all()[0].state is S.DRAFT


def test_one_live_response_for_organisation_and_lead(any_world: World) -> None:
    answers = answers_in(any_world)
    who = answers.scene.responder
    first = answers.filed(who)
    second = answers.draft(who, leader="周工")
    with (
        pytest.raises(Invalid, match="换一位负责人"),
        any_world.database.transaction() as session,
    ):
        found = queries.response(session, second, who, lock=True)
        services.save(session, who, found, TEXTS, 0, [])
    answers.file(second, who)
    assert {each.state for each in answers.all()} == {S.QUALIFIED} and first != second


@pytest.mark.parametrize("one_each", [True, False])
def test_a_track_may_allow_one_for_each_organisation(world: World, one_each: bool) -> None:
    answers = answers_in(world)
    answers.rules(one_each=one_each)
    answers.filed(answers.scene.responder)
    if one_each:
        with pytest.raises(Conflict, match="只能提交一份"):
            answers.draft(answers.scene.responder, leader="周工")
    else:
        assert answers.draft(answers.scene.responder, leader="周工")


@pytest.mark.parametrize("formality", [True, False])
def test_a_track_may_have_the_platform_check_first(any_world: World, formality: bool) -> None:
    answers, operator = answers_in(any_world), any_world.operator()
    answers.rules(formality=formality)
    found = answers.filed(answers.scene.responder)
    issuer = any_world.browser(answers.scene.issuer)
    if not formality:
        assert issuer.get(f"/responses/{found}").status_code == 200
        assert any_world.browser(operator).get(f"/responses/{found}").status_code == 404
        return
    response = answers.get(found)
    assert response.state is S.FILED and response.holder is Holder.OPERATOR
    assert issuer.get(f"/responses/{found}").status_code == 404, "not the issuer's to read yet"
    with pytest.raises(Invalid):
        answers.check(found, operator, "return")
    answers.check(found, operator, "return", "请写明检测依据")
    response = answers.get(found)
    assert response.holder is Holder.RESPONDER
    assert response.due == add_working_days(clock.today(), 5)
    answers.file(found, answers.scene.responder)
    answers.check(found, operator, "qualify")
    assert answers.get(found).state is S.QUALIFIED
    assert issuer.get(f"/responses/{found}").status_code == 200
    other = answers.filed(answers.scene.stranger)
    with pytest.raises(Invalid) as caught:
        answers.check(other, operator, "disqualify")
    assert set(caught.value.errors) == {"reason", "code"}
    answers.check(other, operator, "disqualify", "缺少资质证明", "conditions")
    assert answers.get(other).reason_code is ReasonCode.CONDITIONS
    assert (
        "缺少资质证明" in any_world.browser(answers.scene.stranger).get(f"/responses/{other}").text
    )


@pytest.mark.parametrize("shortlist", [True, False])
def test_a_track_may_ask_for_a_shortlist(any_world: World, shortlist: bool) -> None:
    answers = answers_in(any_world)
    answers.rules(shortlist=shortlist)
    found = answers.filed(answers.scene.responder)
    if shortlist:
        with pytest.raises(Conflict, match="先列入候选"):
            answers.select(found)
        due = answers.get(found).due
        answers.decide(found, "shortlist")
        assert answers.get(found).due == due
    answers.select(found)
    assert answers.get(found).state is S.SELECTED


@pytest.mark.parametrize("several", [True, False])
def test_a_track_may_allow_several_winners(any_world: World, several: bool) -> None:
    answers = answers_in(any_world, 1)
    answers.rules(several=several)
    people = [answers.scene.responder, answers.scene.stranger, answers.more[0]]
    first, second, third = (answers.filed(who) for who in people)

    def winners(number: int) -> None:
        with any_world.database.transaction() as session:
            listing = any_world._load(session, answers.scene.code)
            services.set_winners(session, answers.scene.issuer, listing, number)

    if not several:
        with pytest.raises(Conflict, match="只选定一家"):
            winners(2)
        return
    with pytest.raises(Invalid):
        winners(0)
    winners(2)
    answers.select(first)
    with pytest.raises(Conflict, match="已选定 1 家"):
        winners(1)
    with pytest.raises(Invalid, match="1 份揭榜等待答复"):
        answers.select(second)
    answers.select(second, "感谢参与，已选定两家。")
    assert [each.slot for each in answers.all()] == [1, 2, None]
    lost = answers.get(third)
    assert lost.state is S.DECLINED and lost.reason_code is ReasonCode.ANOTHER_CHOSEN
    assert lost.reason == "感谢参与，已选定两家。"
    with pytest.raises(Conflict, match="已经选定"):
        answers.draft(any_world.owner())


@pytest.mark.parametrize("start", ["filing", "closing"])
def test_the_decision_s_clock_starts_as_the_track_says(any_world: World, start: str) -> None:
    answers = answers_in(any_world)
    answers.rules(decision_from=start)
    found = answers.filed(answers.scene.responder)
    deadline = answers.scene.listing().deadline
    day = clock.today() if start == "filing" else deadline
    assert answers.get(found).due == add_working_days(day, 10)


def test_a_decline_has_a_code_and_a_sentence_and_may_be_improved(any_world: World) -> None:
    answers = answers_in(any_world)
    who = answers.scene.responder
    found = answers.filed(who)
    for code, reason in (("", ""), ("too_early", ""), ("price", "贵"), ("another_chosen", "他人")):
        with pytest.raises(Invalid):
            answers.decide(found, "decline", reason, code)
    answers.decide(found, "decline", "平面度还差 0.2 mm", "below_indicators")
    assert told(any_world, who.user_id)[-1].startswith("揭榜未被选定")
    page = any_world.browser(who).get(f"/responses/{found}").text
    assert "指标不达标" in page and "平面度还差 0.2 mm" in page and "改进后再提交" in page
    again = answers.draft(who, leader="刘工", approach="改进后的方案")
    assert again != found
    answers.file(again, who)
    assert answers.get(again).state is S.QUALIFIED


def test_what_is_being_improved_is_not_the_issuer_s_to_read(any_world: World) -> None:
    answers = answers_in(any_world)
    who = answers.scene.responder
    found = answers.filed(who)
    answers.decide(found, "send_back", "请补充节拍数据")
    with any_world.database.transaction() as session:
        draft = queries.response(session, found, who, lock=True)
        texts = {**TEXTS, "approach": "改了一半的方案"}
        services.save(session, who, draft, texts, 1, [Reply("met", "半句")])
    page = any_world.browser(answers.scene.issuer).get(f"/responses/{found}").text
    assert "改了一半" not in page and "半句" not in page and "正在按意见补充" in page
    answers.file(found, who)
    page = any_world.browser(answers.scene.issuer).get(f"/responses/{found}").text
    assert "改了一半的方案" in page


def test_drafts_and_others_responses_are_nobody_s_business(any_world: World) -> None:
    answers, operator = answers_in(any_world), any_world.operator()
    draft = answers.draft(answers.scene.responder)
    specialist = any_world.actor(any_world.user(Role.SPECIALIST))
    for who in (answers.scene.issuer, answers.scene.stranger, operator, specialist):
        with any_world.database.reading() as session, pytest.raises(NotFound):
            queries.response(session, draft, who)
    answers.file(draft, answers.scene.responder)
    for who in (answers.scene.stranger, operator, specialist):
        with any_world.database.reading() as session, pytest.raises(NotFound):
            queries.response(session, draft, who)


def test_a_listing_cannot_go_from_under_a_winner(any_world: World) -> None:
    answers = answers_in(any_world)
    waiting = answers.filed(answers.scene.responder)
    chosen = answers.filed(answers.scene.stranger)
    answers.rules(several=True)
    with any_world.database.transaction() as session:
        listing = any_world._load(session, answers.scene.code)
        services.set_winners(session, answers.scene.issuer, listing, 2)
    answers.select(chosen)
    with pytest.raises(Conflict, match="不能撤榜"):
        any_world.advance(answers.scene.code, "withdraw", answers.scene.issuer, "不做了")
    assert answers.get(waiting).state is S.QUALIFIED


def test_a_withdrawn_listing_answers_everybody(any_world: World) -> None:
    answers = answers_in(any_world)
    found = answers.filed(answers.scene.responder)
    draft = answers.draft(answers.scene.stranger)
    any_world.advance(answers.scene.code, "withdraw", answers.scene.issuer, "不做了")
    for each in (found, draft):
        assert answers.get(each).state is S.DECLINED
        assert answers.get(each).reason_code is ReasonCode.LISTING_ENDED


def test_nothing_is_selected_on_a_suspended_listing(any_world: World) -> None:
    answers = answers_in(any_world)
    found = answers.filed(answers.scene.responder)
    any_world.advance(answers.scene.code, "suspend", any_world.operator(), "有人投诉")
    with pytest.raises(Conflict, match="榜单不在榜"):
        answers.select(found)


def test_who_may_not_answer(world: World) -> None:
    answers = answers_in(world)
    with pytest.raises(Conflict, match="不能自己揭榜"):
        answers.draft(answers.scene.issuer)
    with pytest.raises(Forbidden):
        answers.draft(world.operator())
    unverified = world.owner(verified=False)
    draft = answers.draft(unverified)
    with pytest.raises(Conflict, match="核验"):
        answers.file(draft, unverified)


def test_an_agreement_stands_before_an_agreement_only_listing(world: World) -> None:
    answers = answers_in(world, disclosure="agreement")
    who = answers.scene.responder
    with pytest.raises(Conflict, match="保密协议"):
        answers.draft(who)
    thread_id = answers.scene.talking()
    from jiebang.boards.threads import queries as threads
    from jiebang.boards.threads import services as thread_services

    with world.database.transaction() as session:
        thread = threads.thread(session, thread_id, who, lock=True)
        thread_services.agree(session, who, thread, "2026-1")
    assert answers.draft(who)


def test_overdue_decisions_climb(any_world: World) -> None:
    answers, operator = answers_in(any_world), any_world.operator()
    answers.filed(answers.scene.responder)

    def run() -> int:
        with any_world.database.transaction() as session:
            return services.run_clock(session)

    assert run() == 0
    answers.overdue(clock.today() - timedelta(days=1))
    assert run() == 1 and run() == 0
    assert told(any_world, answers.scene.issuer.user_id)[-1].startswith("揭榜逾期未答复")
    answers.overdue(clock.today() - timedelta(days=20))
    assert run() == 1 and run() == 0
    assert told(any_world, operator.user_id)[-1].startswith("揭榜逾期未答复")
    assert "逾期未答复" in any_world.browser(answers.scene.responder).get("/todo").text
    assert (
        answers.scene.listing().title in any_world.browser(operator).get("/operations/overdue").text
    )


def test_the_database_holds_the_rules_too(any_world: World) -> None:
    answers = answers_in(any_world)
    found = answers.filed(answers.scene.responder)
    other = answers.filed(answers.scene.stranger)
    answers.select(found, "已选定。")
    for response_id, values in (
        (other, {"state": S.DECLINED, "reason": "", "reason_code": None}),
        (other, {"state": S.SELECTED}),
        (other, {"state": S.SELECTED, "slot": 1}),
        (found, {"slot": None}),
        (other, {"state": S.QUALIFIED, "holder": None, "due": None}),
    ):
        with pytest.raises(IntegrityError), any_world.database.transaction() as session:
            session.execute(update(Response).where(Response.id == response_id).values(values))

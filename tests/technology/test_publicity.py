"""Publicity: begun by the track or on request, objections decided, nothing confirmed before."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from jiebang.boards.agreements.workflow import AgreementState
from jiebang.boards.models import Listing
from jiebang.boards.responses.workflow import ResponseState
from jiebang.core import audit, clock
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.uploads import Received
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices.models import Notice
from jiebang.technology.publicity import services
from jiebang.technology.publicity.models import Objection
from jiebang.technology.publicity.workflow import ObjectionState, PublicityState
from tests.conftest import post
from tests.factories import World
from tests.technology.agreements_scene import TEXT, signing_in
from tests.technology.test_agreements import titles
from tests.web.routes import PDF

P, O = PublicityState, ObjectionState  # noqa: E741


def test_the_switch_both_ways(world: World) -> None:
    signing = signing_in(world, publicity=True, publicity_days=3, objection_days=4)
    found = signing.publicity()
    assert found.state is P.RUNNING and found.ends == add_working_days(clock.today(), 3)
    assert found.objection_days == 4
    assert any("公示" in title for title in titles(world, signing.responder.user_id))


def test_the_light_track_has_none(world: World) -> None:
    signing = signing_in(world)
    browser = world.browser(None)
    assert "现在没有公示" in browser.get("/publicity/").text
    assert signing.agreed().state is AgreementState.AGREED


def test_nothing_is_confirmed_before_it_is_over(any_world: World) -> None:
    signing = signing_in(any_world, publicity=True)
    signing.fill()
    signing.propose()
    with pytest.raises(Conflict, match="公示结束且异议处理完才能确认"):
        signing.confirm(signing.responder)
    objection = signing.object(signing.answers.scene.stranger)
    signing.days_over()
    with pytest.raises(Conflict, match="还有 1 件异议在处理"):
        signing.confirm(signing.responder)
    signing.tick()
    assert signing.publicity().state is P.RUNNING
    with pytest.raises(Conflict, match="不再接受异议"):
        signing.object(signing.answers.scene.stranger)
    operator = any_world.operator()
    with pytest.raises(Invalid):
        signing.decide(objection, operator, "reject", "")
    signing.decide(objection, operator, "reject", "持股已于上年转让，有登记为证。")
    assert signing.objection(objection).state is O.REJECTED
    with pytest.raises(Conflict, match="正在办结"):
        signing.confirm(signing.responder)
    signing.tick()
    assert signing.publicity().state is P.ENDED
    signing.confirm(signing.responder)
    signing.confirm(signing.issuer)
    assert signing.get().state is AgreementState.AGREED
    told = titles(any_world, signing.answers.scene.stranger.user_id)
    assert any("异议已答复（异议不成立）" in title for title in told)
    with any_world.database.reading() as session:
        assert list(audit.verify(session)) == []


def test_an_upheld_objection_undoes_the_selection(any_world: World) -> None:
    signing = signing_in(any_world, 1, publicity=True)
    objection = signing.object(signing.answers.scene.stranger)
    second = signing.object(any_world.owner())
    operator = any_world.operator()
    with pytest.raises(Invalid, match="请选择原因"):
        signing.decide(objection, operator, "uphold", "确有关联。")
    signing.decide(objection, operator, "uphold", "确有关联。", "conditions")
    assert signing.publicity().state is P.OVERTURNED
    assert signing.objection(second).state is O.LAPSED
    response = signing.answers.get(signing.response_id)
    assert response.state is ResponseState.DISQUALIFIED and response.slot is None
    assert "确有关联" in response.reason and response.reason_code is not None
    assert signing.get().state is AgreementState.ENDED
    other = next(each for each in signing.answers.all() if each.id != signing.response_id)
    assert other.state is ResponseState.QUALIFIED and other.due is not None
    for who in (signing.issuer, signing.responder):
        with any_world.database.reading() as session:
            rows = session.scalars(select(Notice).where(Notice.user_id == who.user_id)).all()
            assert any("确有关联" in row.text for row in rows)
    signing.answers.select(other.id)
    assert signing.answers.get(other.id).state is ResponseState.SELECTED


def test_who_decides_and_who_reads(world: World) -> None:
    signing = signing_in(world, publicity=True)
    stranger, operator = signing.answers.scene.stranger, world.operator()
    objection = signing.object(stranger)
    url = f"/objections/{objection}"
    for who, status in ((stranger, 200), (operator, 200), (signing.issuer, 404),
                        (signing.responder, 404), (world.owner(), 404)):  # fmt: skip
        assert world.browser(who).get(url).status_code == status
    for name in ("uphold", "reject"):
        with pytest.raises((Forbidden, NotFound)):
            signing.decide(objection, signing.issuer, name)
        with pytest.raises(Forbidden):
            signing.decide(objection, stranger, name)
    public = world.browser(None).get(f"/publicity/{signing.publicity().id}").text
    assert "泉城工业大学" in public and TEXT not in public and "旁观者" not in public
    for each in (signing.issuer, signing.responder):
        with world.database.reading() as session:
            rows = session.scalars(select(Notice).where(Notice.user_id == each.user_id)).all()
            assert not any("旁观者" in row.title + row.text for row in rows)


@pytest.mark.parametrize("level", ["anonymous", "registered", "invited"])
def test_what_a_listing_hides_stays_hidden(world: World, level: str) -> None:
    signing = signing_in_level(world, level)
    number, title = signing.publicity().id, signing.answers.scene.listing().title
    visitor = world.browser(None)
    stranger = world.browser(world.owner())
    for address in ("/publicity/", f"/publicity/{number}"):
        for name, browser in (("visitor", visitor), ("stranger", stranger)):
            text = browser.get(address).text
            hides_name = level in ("anonymous", "invited")
            assert ("历下机电" in text) is not hides_name, (address, name)
            open_title = level == "anonymous" or (level == "registered" and name == "stranger")
            assert (title in text) is open_title, (address, name)
    own = world.browser(signing.responder).get(f"/publicity/{number}").text
    assert title in own


def signing_in_level(world: World, level: str) -> Any:
    signing = signing_in(world, publicity=True)
    with world.database.transaction() as session:
        session.execute(
            update(Listing)
            .where(Listing.code == signing.answers.scene.code)
            .values(disclosure=level)
        )
    return signing


def test_a_university_asks_for_it_by_its_own_rule(any_world: World) -> None:
    signing = signing_in(any_world)
    university = signing.responder
    address = f"/agreements/{signing.agreement_id}/publicity"
    asking = any_world.browser(university).get(address).text
    assert "公示 5 个工作日" in asking and "协议定价公示" in asking
    with pytest.raises(Invalid, match="写明依据"):
        signing.act(university, lambda s, found: services.request(s, university, found, " "))
    signing.act(university, lambda s, found: services.request(s, university, found, "协议定价公示"))
    with pytest.raises(Conflict, match="已经公示"):
        signing.act(university, lambda s, found: services.request(s, university, found, "再来"))
    page = any_world.browser(None).get(f"/publicity/{signing.publicity().id}").text
    assert "泉城工业大学：协议定价公示" in page
    signing.fill()
    signing.propose()
    with pytest.raises(Conflict, match="公示结束"):
        signing.confirm(signing.issuer)
    signing.end(signing.issuer)
    assert signing.publicity().state is P.LAPSED


def test_evidence_and_mistakes_in_the_form(world: World) -> None:
    signing = signing_in(world, publicity=True)
    browser = world.browser(signing.answers.scene.stranger)
    url = f"/publicity/{signing.publicity().id}/objection"
    short = post(browser, url, {"text": "不同意"})
    assert short.status_code == 422 and "至少 10 个字" in short.text and "不同意" in short.text
    bad = post(browser, url, {"text": TEXT, "file": (io.BytesIO(b"MZ..."), "证明.pdf")})
    assert bad.status_code == 422 and "证明材料" in bad.text and TEXT in bad.text
    good = post(browser, url, {"text": TEXT, "file": (io.BytesIO(PDF), "证明.pdf")})
    assert good.status_code == 303
    file = f"{good.headers['Location']}/file"
    assert browser.get(file, buffered=True).data == PDF
    assert world.browser(world.operator()).get(file, buffered=True).data == PDF
    assert world.browser(signing.responder).get(file).status_code == 404
    assert world.browser(None).get(url).status_code == 303


def test_late_objections_are_said_to_the_operators_once(world: World) -> None:
    signing = signing_in(world, publicity=True)
    objection, operator = signing.object(signing.answers.scene.stranger), world.operator()
    with world.database.transaction() as session:
        session.get_one(Objection, objection).due = clock.today() - timedelta(days=1)
    signing.tick()
    signing.tick()
    assert sum("异议逾期" in title for title in titles(world, operator.user_id)) == 1


def test_a_file_is_kept_only_with_its_objection(world: World) -> None:
    signing = signing_in(world, publicity=True)
    received = Received(io.BytesIO(PDF), "证明.pdf")
    folder = world.settings.uploads
    before = set(folder.iterdir())
    with pytest.raises(Invalid):
        signing.object(
            signing.answers.scene.stranger, "短", received=received, folder=folder, limit=10_000
        )
    assert set(folder.iterdir()) == before

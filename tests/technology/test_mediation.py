"""A termination that the other side refuses: who mediates, until when, and what comes of it."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select, update

from jiebang.core import clock
from jiebang.core.audit import AuditEntry
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import Actor, Role
from jiebang.core.working_days import add_working_days
from jiebang.operations.waits import overdue
from jiebang.orgs.notices.models import Notice
from jiebang.technology.projects import services
from jiebang.technology.projects.models import Milestone, Request
from jiebang.technology.projects.workflow import (
    MilestoneState,
    ProjectState,
    RequestState,
    Turn,
)
from tests.conftest import post
from tests.factories import World
from tests.technology.projects_scene import Running, running_in


def disputed_in(world: World, asker: str = "client") -> Running:
    running = running_in(world)
    first, second = (running.client, running.solver)
    if asker == "solver":
        first, second = second, first
    running.ask(first, "termination", "车型取消，不再需要。", code="market")
    running.reply(second, "refuse", "样件已经开模，不同意。")
    return running


def told(world: World, who: Actor) -> list[Notice]:
    with world.database.reading() as session:
        query = select(Notice).where(Notice.user_id == who.user_id).order_by(Notice.id)
        return list(session.scalars(query))


def test_it_has_a_holder_and_a_date(any_world: World) -> None:
    running = disputed_in(any_world)
    found = running.rows(Request)[0]
    assert (found.state, found.holder) == (RequestState.MEDIATING, Turn.OPERATOR)
    days = running.project().rules.objection_days
    assert found.until == add_working_days(clock.today(), days)
    assert found.answer == "样件已经开模，不同意。"
    assert running.project().state is ProjectState.RUNNING
    notice = told(any_world, running.operator)[-1]
    assert "请协调" in notice.title and notice.url == f"/projects/{running.id}"
    assert "对方不同意终止，交平台协调" in told(any_world, running.client)[-1].title
    with pytest.raises(Conflict):
        running.ask(running.solver, "termination")
    todo = any_world.browser(running.operator).get("/todo").text
    assert "终止请求 · 待平台协调" in todo
    for who in (running.client, running.solver):
        page = any_world.browser(who).get(f"/projects/{running.id}").text
        assert "待平台协调" in any_world.browser(who).get("/todo").text
        assert "样件已经开模" in page and "平台运营" in page and "协调结论" not in page


@pytest.mark.parametrize("asker", ["client", "solver"])
def test_the_operator_ends_it_with_a_reason_that_both_read(any_world: World, asker: str) -> None:
    running = disputed_in(any_world, asker)
    with pytest.raises(Invalid):
        running.mediate("end", "")
    running.mediate("end", "双方确认需求方产线已停，继续没有意义。")
    project, found = running.project(), running.rows(Request)[0]
    assert project.state is ProjectState.TERMINATED and project.reason_code is not None
    assert found.state is RequestState.AGREED and found.ruling.startswith("双方确认")
    assert found.holder is None
    assert {each.state for each in running.rows(Milestone)} == {MilestoneState.LAPSED}
    for who in (running.client, running.solver):
        said = [each for each in told(any_world, who) if "协调结论：终止项目" in each.title]
        assert len(said) == 1 and "产线已停" in said[0].text
    with any_world.database.reading() as session:
        actions = session.scalars(select(AuditEntry.action)).all()
    assert "request.object" in actions and "request.end" in actions
    data = (
        any_world.browser(running.client).get(f"/projects/{running.id}/archive", buffered=True).data
    )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        page = archive.read("06-延期与终止.html").decode()
    assert "样件已经开模" in page and "产线已停" in page


def test_or_goes_on_and_it_may_be_asked_again(any_world: World) -> None:
    running = disputed_in(any_world)
    running.mediate("go_on", "已投入的开模费用由双方另行商定，按协议继续。")
    found = running.rows(Request)[0]
    assert found.state is RequestState.REFUSED and found.answer and found.ruling
    assert running.project().state is ProjectState.RUNNING
    for who in (running.client, running.solver):
        assert "协调结论：继续履行" in told(any_world, who)[-1].title
        assert "开模费用" in told(any_world, who)[-1].text
        page = any_world.browser(who).get(f"/projects/{running.id}").text
        assert "开模费用" in page, "it stands in the record"
    running.ask(running.client, "termination")
    assert len(running.rows(Request)) == 2


def test_meanwhile_the_sides_may_still_settle_it(world: World) -> None:
    running = disputed_in(world)
    with pytest.raises(Conflict):
        running.reply(running.client, "agree")
    running.reply(running.client, "withdraw")
    assert running.rows(Request)[0].state is RequestState.WITHDRAWN
    running.ask(running.client, "termination")
    running.reply(running.solver, "refuse", "先付已完成部分。")
    running.reply(running.solver, "agree")
    found = running.rows(Request)[-1]
    assert found.state is RequestState.AGREED and found.answer == "先付已完成部分。"
    assert running.project().state is ProjectState.TERMINATED


def test_only_an_operator_of_no_party_decides_and_only_then(world: World) -> None:
    running = disputed_in(world)
    for who in (running.client, running.solver):
        with pytest.raises(Forbidden):
            running.mediate("end", who=who)
    with pytest.raises(NotFound):
        running.mediate("end", who=running.stranger)
    inside = world.user(Role.OPERATOR)
    assert running.client.organisation_id is not None
    world.member(running.client.organisation_id, inside)
    with pytest.raises(Forbidden):
        running.mediate("end", who=world.actor(inside))
    with pytest.raises(NotFound):
        running.mediate("agree")
    running.mediate("go_on")
    with pytest.raises(NotFound):
        running.mediate("end")  # nothing waits for the platform any more


def test_an_extension_refused_is_refused(world: World) -> None:
    running = running_in(world)
    running.ask(running.solver, "extension")
    running.reply(running.client, "refuse", "车型等不了。")
    assert running.rows(Request)[0].state is RequestState.REFUSED
    assert not any("协调" in each.title for each in told(world, running.operator))


def test_overdue_the_operators_and_both_sides_hear_of_it(any_world: World) -> None:
    running = disputed_in(any_world)
    heard = {who: len(told(any_world, who)) for who in (running.client, running.solver,
                                                        running.operator)}  # fmt: skip
    with any_world.database.transaction() as session:
        session.execute(update(Request).values(until=clock.today() - timedelta(days=1)))
    for _ in range(2):
        with any_world.database.transaction() as session:
            services.run_clock(session)
    for who, number in heard.items():
        assert len(told(any_world, who)) == number + 1, "once"
    assert "协议继续" in told(any_world, running.client)[-1].text
    with any_world.database.reading() as session:
        waits = [each for each in overdue(session) if "待平台协调" in each.what]
    assert [each.holder for each in waits] == ["平台运营"]


def test_the_operator_decides_on_the_page(world: World) -> None:
    running = disputed_in(world)
    browser = world.browser(running.operator)
    page = unescape(browser.get(f"/projects/{running.id}").text)
    for words in (
        "车型取消",
        "样件已经开模",
        "协调结论：终止项目",
        "协调结论：继续履行",
        "不影响双方依法",
    ):
        assert words in page
    base = f"/projects/requests/{running.rows(Request)[0].id}"
    empty = post(browser, f"{base}/end", {"reason": ""})
    assert empty.status_code == 422 and "请写一句话" in empty.text
    long = post(browser, f"{base}/go_on", {"reason": "长" * 501})
    assert long.status_code == 422 and "长" * 501 in long.text
    assert post(world.browser(running.client), f"{base}/end", {"reason": "我方"}).status_code == 403
    assert post(browser, f"{base}/go_on", {"reason": "按协议继续。"}).status_code == 303
    assert browser.get(f"/projects/{running.id}").status_code == 404

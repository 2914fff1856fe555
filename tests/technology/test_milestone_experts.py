"""Experts who confirm milestones: asked, declared, heard; and tracks that have none."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from jiebang.core import clock
from jiebang.core.audit import AuditEntry
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import Actor, Role
from jiebang.operations.waits import overdue
from jiebang.orgs.notices.models import Notice
from jiebang.orgs.relations import services as relations
from jiebang.technology.projects import services
from jiebang.technology.projects.models import (
    Milestone,
    MilestoneCheck,
    ProjectEvent,
    ProjectInstalment,
)
from jiebang.technology.projects.workflow import InstalmentState, MilestoneState, Turn
from tests.boards.test_joint import name
from tests.conftest import post
from tests.factories import World
from tests.technology.projects_scene import PDF, Running, running_in

checking = services.checking


def expert_in(world: World) -> Actor:
    return world.actor(world.user(Role.EXPERT, name="钱专家"))


def waiting_in(world: World) -> tuple[Running, Actor]:
    """A project whose first milestone waits for an expert to be asked, and an expert."""
    running = running_in(world, check=True, expert=True)
    running.evidence(0, "样件三件，已送检。", file=True)
    running.judge(0, "recommend")
    return running, expert_in(world)


def told(world: World, who: Actor) -> list[Notice]:
    with world.database.reading() as session:
        query = select(Notice).where(Notice.user_id == who.user_id).order_by(Notice.id)
        return list(session.scalars(query))


def test_an_expert_declares_and_confirms(any_world: World) -> None:
    running, expert = waiting_in(any_world)
    found = running.rows(Milestone)[0]
    assert (found.state, found.holder) == (MilestoneState.CHECKING, Turn.OPERATOR)
    assert "请分派专家" in told(any_world, running.operator)[-1].title
    for action in ("confirm", "send_back"):
        with pytest.raises(Conflict, match="专家确认"):
            running.judge(0, action, "理由", running.operator)
    running.ask_expert(0, expert)
    found = running.rows(Milestone)[0]
    assert found.holder is Turn.EXPERT and found.until is not None
    notice = told(any_world, expert)[-1]
    assert notice.url == f"/projects/checks/{running.check(0).id}"
    assert clock.day_text(found.until) in notice.text
    assert running.project().listing.title not in notice.title, "nothing before the declaration"
    with pytest.raises(Conflict):
        running.expert(0, expert, checking.decide, "confirm")
    running.expert(0, expert, checking.accept)
    running.expert(0, expert, checking.decide, "confirm")
    found, check = running.rows(Milestone)[0], running.check(0)
    assert found.state is MilestoneState.PASSED and found.holder is None
    assert check.passed and check.declared_at and check.declaration and check.decided_at
    assert running.rows(ProjectInstalment)[0].state is InstalmentState.PAYABLE
    for who in (running.client, running.solver):
        assert "专家确认里程碑通过" in told(any_world, who)[-1].title
    with any_world.database.reading() as session:
        events = session.scalars(select(ProjectEvent).order_by(ProjectEvent.id)).all()
        actions = session.scalars(select(AuditEntry.action)).all()
    said = [each for each in events if each.who == "专家"]
    assert ["声明" in each.label for each in said] == [True, False]
    assert not any("钱专家" in each.label + each.reason for each in events)
    for action in ("confirmation.assign", "confirmation.accept", "milestone.endorse"):
        assert action in actions
    data = (
        any_world.browser(running.client).get(f"/projects/{running.id}/archive", buffered=True).data
    )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        page = archive.read("04-里程碑与验收.html").decode()
        trail = archive.read("07-审计摘录.html").decode()
    assert "专家确认与回避声明" in page and "确认通过" in page and "钱专家" not in page
    assert "confirmation.accept" in trail


def test_sent_back_the_client_judges_anew_and_the_same_expert_may_be_asked(world: World) -> None:
    running, expert = waiting_in(world)
    running.ask_expert(0, expert)
    running.expert(0, expert, checking.accept)
    with pytest.raises(Invalid):
        running.expert(0, expert, checking.decide, "send_back", " ")
    running.expert(0, expert, checking.decide, "send_back", "报告没有第三方签章。")
    found = running.rows(Milestone)[0]
    assert (found.state, found.holder) == (MilestoneState.FILED, Turn.CLIENT)
    assert found.reason == "报告没有第三方签章。"
    assert "第三方签章" in told(world, running.client)[-1].text
    running.judge(0, "recommend")
    running.ask_expert(0, expert)
    assert [each.passed for each in running.rows(Milestone)[0].checks] == [False, None]


def test_who_is_related_recused_or_no_expert_is_not_asked(any_world: World) -> None:
    running, expert = waiting_in(any_world)
    member = expert_in(any_world)
    assert running.solver.organisation_id is not None and member.user_id is not None
    any_world.member(running.solver.organisation_id, member.user_id)
    house = any_world.owner(name="关联单位有限公司")
    related = expert_in(any_world)
    assert house.organisation_id is not None and related.user_id is not None
    any_world.member(house.organisation_id, related.user_id)
    with any_world.database.transaction() as session:
        client = name(running.answers, running.client)
        relations.declare(session, house, "up", client, "control", "")
    for who, said in ((member, "是当事单位成员"), (related, "有关联"), (running.operator, "列表")):
        with pytest.raises(Invalid) as refused:
            running.ask_expert(0, who)
        assert said in refused.value.errors["expert"]
    with pytest.raises(Invalid, match="请选择一位专家"):
        running.ask_expert(0, None)
    running.ask_expert(0, expert)
    with pytest.raises(Invalid):
        running.expert(0, expert, checking.recuse, "")
    running.expert(0, expert, checking.recuse, "去年与实施方合作过。")
    found = running.rows(Milestone)[0]
    assert found.holder is Turn.OPERATOR and found.until is not None
    assert "专家回避" in told(any_world, running.operator)[-1].title
    with pytest.raises(Invalid, match="已声明回避"):
        running.ask_expert(0, expert)
    pages = [
        unescape(any_world.browser(who).get(f"/projects/{running.id}").text)
        for who in (running.client, running.solver)
    ]
    assert not any("去年与实施方" in page or "钱专家" in page for page in pages)
    assert "去年与实施方" in any_world.browser(running.operator).get(f"/projects/{running.id}").text


def test_what_becomes_known_later_bars_an_expert_too(world: World) -> None:
    running, expert = waiting_in(world)
    running.ask_expert(0, expert)
    running.expert(0, expert, checking.accept)
    assert running.client.organisation_id is not None and expert.user_id is not None
    world.member(running.client.organisation_id, expert.user_id)
    joined = world.actor(expert.user_id)
    with pytest.raises((Conflict, Forbidden)):
        running.expert(0, joined, checking.decide, "confirm")
    running.expert(0, joined, checking.recuse, "已到委托方任职。")


def test_an_expert_is_replaced_with_a_reason(world: World) -> None:
    running, expert = waiting_in(world)
    other = expert_in(world)
    running.ask_expert(0, expert)
    with pytest.raises(Invalid) as refused:
        running.ask_expert(0, other)
    assert "撤换" in refused.value.errors["reason"]
    with pytest.raises(Invalid, match="正在确认"):
        running.ask_expert(0, expert, "再请一次")
    running.ask_expert(0, other, "联系不上。")
    assert "不必再确认" in told(world, expert)[-1].title
    assert running.check(0).expert_id == other.user_id
    with pytest.raises(Conflict), world.database.transaction() as session:
        from jiebang.technology.projects import queries

        first = running.rows(Milestone)[0].checks[0]
        found = queries.check(session, first.id, expert, lock=True)
        checking.accept(session, expert, found)
    running.ask_expert(0, None, "先放一放。")
    assert running.rows(Milestone)[0].holder is Turn.OPERATOR


def test_a_track_without_the_switch_leaves_it_to_the_operator(world: World) -> None:
    running = running_in(world, check=True, expert=False)
    running.evidence(0)
    running.judge(0, "recommend")
    with pytest.raises(Conflict, match="平台确认"):
        running.ask_expert(0, expert_in(world))
    assert "请专家确认" not in world.browser(running.operator).get(f"/projects/{running.id}").text
    running.judge(0, "confirm", who=running.operator)
    assert running.rows(Milestone)[0].state is MilestoneState.PASSED


def test_where_the_platform_confirms_nothing_no_expert_does(world: World) -> None:
    running = running_in(world, check=False, expert=True)
    running.evidence(0)
    running.judge(0, "pass")
    assert running.rows(Milestone)[0].state is MilestoneState.PASSED


def test_overdue_it_climbs_from_the_expert_to_the_operators(any_world: World) -> None:
    running, expert = waiting_in(any_world)
    running.ask_expert(0, expert)
    first, operators = len(told(any_world, expert)), len(told(any_world, running.operator))
    for days, heard in ((1, (1, 0)), (40, (1, 1)), (40, (1, 1))):
        with any_world.database.transaction() as session:
            session.execute(
                update(Milestone)
                .where(Milestone.state == MilestoneState.CHECKING)
                .values(until=clock.today() - timedelta(days=days))
            )
        with any_world.database.transaction() as session:
            services.run_clock(session)
        assert len(told(any_world, expert)) - first == heard[0]
        assert len(told(any_world, running.operator)) - operators == heard[1]
    assert "撤换" in told(any_world, running.operator)[-1].text
    with any_world.database.reading() as session:
        waits = [each for each in overdue(session) if "待专家确认" in each.what]
    assert [each.holder for each in waits] == ["评审专家"]


def test_a_terminated_project_needs_no_expert(world: World) -> None:
    running, expert = waiting_in(world)
    running.ask_expert(0, expert)
    running.ask(running.client, "termination")
    running.reply(running.solver, "agree")
    assert running.check(0).state.value == "lapsed"
    assert "不必再确认" in told(world, expert)[-1].title


def test_the_pages_of_operator_and_expert(world: World) -> None:
    running, expert = waiting_in(world)
    operator, desk = world.browser(running.operator), world.browser(expert)
    todo = operator.get("/todo").text
    assert "待分派专家" in todo
    url = f"/projects/milestones/{running.rows(Milestone)[0].id}/expert"
    page = operator.get(f"/projects/{running.id}").text
    assert "请专家确认" in page and "钱专家" in page
    empty = post(operator, url, {"expert": ""})
    assert empty.status_code == 422 and "请选择一位专家" in empty.text
    assert post(operator, url, {"expert": str(expert.user_id)}).status_code == 303
    assert "钱专家" not in world.browser(running.client).get(f"/projects/{running.id}").text
    assert post(world.browser(running.client), url, {"expert": "1"}).status_code == 403
    own = f"/projects/checks/{running.check(0).id}"
    assert "确认里程碑" in desk.get("/todo").text and own in desk.get("/reviews/").text
    before = unescape(desk.get(own).text)
    assert (
        "先声明" in before
        and "样件三件" not in before
        and name(running.answers, running.client) in before
    )
    evidence = running.rows(Milestone)[0].evidence
    with_file = next(each for each in evidence if each.upload_id)
    file = f"{own}/files/{with_file.id}"
    assert desk.get(file).status_code == 404, "nothing before the declaration"
    for who in (running.client, running.stranger, running.operator, expert_in(world)):
        assert world.browser(who).get(own).status_code == 404
        assert world.browser(who).get(file).status_code == 404
    refused = post(desk, f"{own}/recuse", {"reason": ""})
    assert refused.status_code == 422 and 'id="recuse-reason-error"' in refused.text
    assert post(desk, f"{own}/accept").status_code == 303
    after = unescape(desk.get(own).text)
    assert "样件三件" in after and "样件送检合格" in after and "报告.pdf" in after
    assert desk.get(file, buffered=True).data == PDF
    refused = post(desk, f"{own}/send_back", {"reason": "长" * 501})
    assert refused.status_code == 422 and "长" * 501 in refused.text
    assert post(desk, f"{own}/confirm").status_code == 303
    closed = desk.get(own).text
    assert "确认通过" in closed and "样件三件" not in closed
    assert desk.get(file).status_code == 404
    assert post(desk, f"{own}/confirm").status_code == 409
    with world.database.reading() as session:
        looks = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "protected.read")
        ).all()
    assert len(looks) == 2 and {each.actor_id for each in looks} == {expert.user_id}
    assert re.search("已通过", world.browser(running.solver).get(f"/projects/{running.id}").text)


def test_the_database_keeps_one_expert_at_a_time_and_reasons(any_world: World) -> None:
    running, expert = waiting_in(any_world)
    running.ask_expert(0, expert)
    for change in (
        "state = 'reviewing'",
        "state = 'recused', declared_at = CURRENT_TIMESTAMP, declaration = '1'",
        "passed = 1 = 1",
        "state = 'replaced'",
    ):
        with pytest.raises(IntegrityError), any_world.database.transaction() as session:
            session.execute(text(f"UPDATE milestone_check SET {change}"))
    with pytest.raises(IntegrityError), any_world.database.transaction() as session:
        row = running.check(0)
        session.add(
            MilestoneCheck(
                milestone_id=row.milestone_id, expert_id=row.expert_id, state=row.state,
                assigned_by=row.assigned_by, assigned_at=clock.now(),
            )
        )  # fmt: skip
    with pytest.raises(NotFound):
        running.expert(0, running.client, checking.accept)

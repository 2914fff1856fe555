"""A project's way by its services: deliver, judge, pay, accept, end early, grant, give back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from jiebang.core import audit, clock
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import Role
from jiebang.core.working_days import add_working_days
from jiebang.technology.projects import queries, services
from jiebang.technology.projects.models import (
    Acceptance,
    Milestone,
    Project,
    ProjectInstalment,
    Recovery,
    Request,
)
from jiebang.technology.projects.services.accepting import Answer
from jiebang.technology.projects.services.requests import add_months
from jiebang.technology.projects.workflow import (
    AcceptanceState,
    InstalmentState,
    MilestoneState,
    ProjectState,
    RecoveryState,
    RequestState,
    Turn,
)
from tests.factories import World
from tests.technology.projects_scene import Running, running_in


def states(running: Running, kind: type[Any]) -> list[Any]:
    return [each.state for each in running.rows(kind)]


def test_the_whole_way_of_a_project(any_world: World) -> None:
    """Three milestones, one rectified, the last passed with the acceptance; all paid; closed."""
    running = running_in(any_world)
    project = running.project()
    assert (project.state, project.holder, project.total) == (
        ProjectState.RUNNING, Turn.SOLVER, 100_000_000,
    )  # fmt: skip
    running.evidence(0, file=True)
    first = running.rows(Milestone)[0]
    assert (first.holder, first.until) == (Turn.CLIENT, add_working_days(clock.today(), 5))
    running.judge(0, "rectify", "缺盐雾试验。")
    assert running.rows(Milestone)[0].holder is Turn.SOLVER
    running.evidence(0, "补做盐雾试验，合格")
    running.judge(0, "pass")
    assert states(running, ProjectInstalment)[0] is InstalmentState.PAYABLE
    running.paid(0)
    running.passed(1)
    running.accept_filed()
    assert running.project().state is ProjectState.ACCEPTING
    running.decide("pass")
    assert running.project().state is ProjectState.SETTLING
    assert states(running, Milestone) == [MilestoneState.PASSED] * 3
    running.paid(1)
    running.paid(2)
    project = running.project()
    assert project.state is ProjectState.CLOSED and project.holder is None
    assert states(running, ProjectInstalment) == [InstalmentState.PAID] * 3
    with any_world.database.reading() as session:
        assert list(audit.verify(session)) == []
        labels = [each.label for each in queries.events(session, running.id)]
    assert labels[0] == "协议签订，项目开始" and labels[-1] == "结题：验收通过，款项结清"
    assert "整改后再次提交：样件" in labels


def test_whoever_answers_an_outcome_pays(world: World) -> None:
    running = running_in(world, board=Board.OUTCOME)
    project = running.project()
    assert project.client_id == running.answers.scene.responder.organisation_id
    assert project.solver_id == running.answers.scene.issuer.organisation_id


def test_it_starts_once(world: World) -> None:
    running = running_in(world)
    with world.database.transaction() as session:
        from jiebang.boards.agreements.models import Agreement

        agreement = session.get_one(Agreement, running.project().agreement_id)
        assert services.start(session, running.client, agreement).id == running.id
        assert session.scalar(select(func.count()).select_from(Project)) == 1


def test_a_milestone_is_rectified_once_and_no_fail_without_a_chance(world: World) -> None:
    running = running_in(world)
    running.evidence(0)
    with pytest.raises(Conflict, match="先给一次整改"):
        running.judge(0, "fail", "不行。")
    with pytest.raises(Invalid):
        running.judge(0, "rectify", "  ")
    running.judge(0, "rectify", "缺报告。")
    running.evidence(0)
    with pytest.raises(Conflict, match="已经整改过一次"):
        running.judge(0, "rectify", "还缺。")
    with pytest.raises(Invalid):
        running.judge(0, "fail", "")
    running.judge(0, "fail", "仍未达到。")
    assert states(running, Milestone)[0] is MilestoneState.FAILED
    assert states(running, ProjectInstalment)[0] is InstalmentState.VOID


def test_the_platform_confirms_where_the_track_asks(world: World) -> None:
    running = running_in(world, check=True)
    with pytest.raises(NotFound):
        running.judge(0, "confirm", who=running.operator)
    running.evidence(0)
    with pytest.raises(Conflict, match="须经平台确认"):
        running.judge(0, "pass")
    running.judge(0, "recommend")
    assert running.rows(Milestone)[0].holder is Turn.OPERATOR
    with pytest.raises(Forbidden):
        running.judge(0, "confirm")
    with pytest.raises(Invalid):
        running.judge(0, "send_back", "", who=running.operator)
    running.judge(0, "send_back", "检测机构无资质。", who=running.operator)
    assert running.rows(Milestone)[0].holder is Turn.CLIENT
    running.judge(0, "recommend")
    running.judge(0, "confirm", who=running.operator)
    assert states(running, ProjectInstalment)[0] is InstalmentState.PAYABLE
    with pytest.raises(NotFound):  # nothing waits for the platform any more
        running.judge(0, "confirm", who=running.operator)
    running.judge(1, "waive_check", "首付款，无需材料。")
    running.judge(1, "confirm", who=running.operator)
    running.accept_filed()
    running.decide("recommend")
    running.decide("confirm", who=running.operator)
    assert running.project().state is ProjectState.SETTLING


def test_without_the_switch_nothing_goes_to_the_platform(world: World) -> None:
    running = running_in(world)
    running.judge(0, "waive", "首付款，无需材料。")
    assert states(running, Milestone)[0] is MilestoneState.PASSED
    running.evidence(1)
    with pytest.raises(Conflict, match="不需要平台确认"):
        running.judge(1, "recommend")
    with pytest.raises(Conflict, match="随项目验收"):
        running.evidence(2)


def test_payments_come_in_parts_and_never_above_what_is_agreed(any_world: World) -> None:
    running = running_in(any_world)
    with pytest.raises(Conflict):
        running.report(0, 100)
    running.passed(0)
    for amount in (None, 0, -5, 30_000_001):
        with pytest.raises(Invalid) as caught:
            running.report(0, amount)
        assert "amount" in caught.value.errors
    tomorrow = clock.today() + timedelta(days=1)
    for day in (tomorrow, clock.today() - timedelta(days=1)):
        with pytest.raises(Invalid) as caught:
            running.report(0, 100, day)
        assert "paid_on" in caught.value.errors
    running.report(0, 10_000_000)
    with pytest.raises(Conflict):
        running.report(0, 20_000_000)
    with pytest.raises(Invalid):
        running.answer(0, "dispute", "")
    running.answer(0, "dispute", "账上没有这一笔。")
    row = running.rows(ProjectInstalment)[0]
    assert (row.state, row.paid, row.claimed, row.left) == (
        InstalmentState.PAYABLE, 0, 0, 30_000_000,
    )  # fmt: skip
    running.report(0, 10_000_000)
    running.answer(0, "confirm")
    row = running.rows(ProjectInstalment)[0]
    assert (row.state, row.paid, row.holder) == (InstalmentState.PAYABLE, 10_000_000, Turn.CLIENT)
    with pytest.raises(Invalid):
        running.report(0, 20_000_001)
    running.report(0, 20_000_000)
    running.answer(0, "confirm")
    assert running.rows(ProjectInstalment)[0].state is InstalmentState.PAID
    with pytest.raises(Conflict):
        running.report(0, 1)


def test_the_database_itself_refuses_more_than_agreed(any_world: World) -> None:
    from sqlalchemy.exc import IntegrityError

    running = running_in(any_world)
    running.passed(0)
    with pytest.raises(IntegrityError), any_world.database.transaction() as session:
        session.execute(
            update(ProjectInstalment)
            .where(ProjectInstalment.project_id == running.id, ProjectInstalment.position == 1)
            .values(paid=30_000_001)
        )


def test_acceptance_answers_every_indicator(world: World) -> None:
    running = running_in(world)
    with pytest.raises(Conflict, match="还有 2 个里程碑"):
        running.accept_filed()
    running.passed(0)
    running.passed(1)
    with pytest.raises(Forbidden):
        running.on_project(running.client, services.accepting.file, "完成", [], [],
                           world.settings.uploads, 1000)  # fmt: skip
    with pytest.raises(Invalid) as caught:
        running.on_project(running.solver, services.accepting.file, " ", [Answer("", "", "")], [],
                           world.settings.uploads, 1000)  # fmt: skip
    assert set(caught.value.errors) == {"summary", "measured-0", "verdict-0"}
    with pytest.raises(Invalid) as caught:
        running.accept_filed("partly", "")
    assert set(caught.value.errors) == {"how-0"}
    running.accept_filed()
    [row] = running.rows(Acceptance)
    assert (row.answers[0].name, row.answers[0].target) == ("平面度", "≤ 1 mm")
    with pytest.raises(Conflict):
        running.accept_filed()


def test_conditions_have_a_list_and_a_date(world: World) -> None:
    running = running_in(world)
    running.passed(0)
    running.passed(1)
    running.accept_filed()
    day = clock.today() + timedelta(days=20)
    for reason, by in (("", day), ("补操作手册", None), ("补操作手册", clock.today())):
        with pytest.raises(Invalid):
            running.decide("condition", reason, by)
    running.decide("condition", "补操作手册\n补培训记录", day)
    [row] = running.rows(Acceptance)
    assert (row.state, row.holder, row.until) == (AcceptanceState.CONDITIONAL, Turn.SOLVER, day)
    assert (running.project().holder, running.project().until) == (Turn.SOLVER, day)
    with pytest.raises(Invalid):
        running.on(Acceptance, 0, running.solver, services.accepting.supplement, "")
    running.on(Acceptance, 0, running.solver, services.accepting.supplement, "都补了。")
    with pytest.raises(Conflict):
        running.decide("condition", "再补", day)
    running.decide("pass")
    assert running.project().accepted_at is not None


def test_a_failed_acceptance_goes_back_to_work(world: World) -> None:
    running = running_in(world)
    running.passed(0)
    running.passed(1)
    running.accept_filed()
    with pytest.raises(Invalid):
        running.decide("fail", "")
    running.decide("fail", "平面度没有达到。")
    assert running.project().state is ProjectState.RUNNING
    running.accept_filed()
    running.decide("pass")
    assert states(running, Acceptance) == [AcceptanceState.FAILED, AcceptanceState.PASSED]


def test_one_extension_of_at_most_a_year_and_both_agree(world: World) -> None:
    running = running_in(world)
    before = running.project().planned_end
    planned = [each.planned for each in running.rows(Milestone)]
    for months in (None, 0, 13, -1):
        with pytest.raises(Invalid):
            running.ask(running.solver, "extension", months=months)
    with pytest.raises(Invalid):
        running.ask(running.solver, "extension", " ")
    running.ask(running.solver, "extension", months=12)
    with pytest.raises(Conflict, match="等待答复"):
        running.ask(running.client, "extension", months=1)
    with pytest.raises(Conflict, match="由对方答复"):
        running.reply(running.solver, "agree")
    with pytest.raises(Invalid):
        running.reply(running.client, "refuse", "")
    running.reply(running.client, "refuse", "下半年要投产。")
    running.ask(running.solver, "extension", months=3)
    with pytest.raises(Conflict, match="只有提出"):
        running.reply(running.client, "withdraw")
    running.reply(running.client, "agree")
    project = running.project()
    assert project.planned_end == add_months(before, 3) and project.extended_months == 3
    assert [each.planned for each in running.rows(Milestone)] == [
        add_months(day, 3) for day in planned
    ]
    with pytest.raises(Conflict, match="已经延期过一次"):
        running.ask(running.client, "extension", months=1)


def test_termination_ends_what_waits_and_money_goes_back(any_world: World) -> None:
    running = running_in(any_world)
    running.passed(0)
    running.paid(0)
    running.evidence(1)
    with pytest.raises(Invalid) as caught:
        running.ask(running.client, "termination", "", code="")
    assert set(caught.value.errors) == {"code", "reason"}
    with pytest.raises(Conflict, match="终止以后"):
        running.on_project(running.client, services.recovering.claim, 100, "样件未用")
    running.ask(running.client, "termination", "车型取消", code="market")
    running.ask(running.solver, "extension", months=2)
    running.reply(running.solver, "agree", number=0)
    project = running.project()
    assert project.state is ProjectState.TERMINATED
    assert (project.reason, project.holder) == ("车型取消", None)
    assert states(running, Milestone) == [
        MilestoneState.PASSED, MilestoneState.LAPSED, MilestoneState.LAPSED,
    ]  # fmt: skip
    assert states(running, ProjectInstalment) == [
        InstalmentState.PAID, InstalmentState.VOID, InstalmentState.VOID,
    ]  # fmt: skip
    assert states(running, Request) == [RequestState.AGREED, RequestState.LAPSED]
    with pytest.raises(Forbidden):
        running.on_project(running.solver, services.recovering.claim, 100, "样件未用")
    with pytest.raises(Invalid) as caught:
        running.on_project(running.client, services.recovering.claim, 30_000_001, "")
    assert set(caught.value.errors) == {"amount", "basis"}
    running.on_project(running.client, services.recovering.claim, 10_000_000, "样件未用")
    answer, report = services.recovering.answer, services.recovering.report
    with pytest.raises(Forbidden):
        running.on(Recovery, 0, running.client, answer, "agree")
    running.on(Recovery, 0, running.solver, answer, "agree")
    running.on(Recovery, 0, running.solver, report, clock.today(), "银行-9")
    with pytest.raises(Invalid):
        running.on(Recovery, 0, running.client, answer, "dispute", "")
    running.on(Recovery, 0, running.client, answer, "dispute", "没有收到。")
    running.on(Recovery, 0, running.solver, report, clock.today(), "银行-9")
    running.on(Recovery, 0, running.client, answer, "confirm")
    assert states(running, Recovery) == [RecoveryState.SETTLED]
    with pytest.raises(Invalid):  # twenty of thirty are left
        running.on_project(running.client, services.recovering.claim, 20_000_001, "全部")
    running.on_project(running.client, services.recovering.claim, 20_000_000, "全部")
    running.on(Recovery, 1, running.solver, answer, "refuse", "样件已交付。")
    assert states(running, Recovery)[1] is RecoveryState.DROPPED


def test_strangers_and_other_lines_find_nothing(world: World) -> None:
    running = running_in(world)
    for who in (running.stranger, running.operator, world.actor(world.user(Role.AUDITOR)),
                world.actor(world.user(Role.SPECIALIST)), world.actor(world.user())):  # fmt: skip
        with pytest.raises(NotFound), world.database.reading() as session:
            queries.project(session, running.id, who)
        with pytest.raises(NotFound):
            running.judge(0, "pass", who=who)

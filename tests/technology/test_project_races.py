"""Money and time when two act at once: on both databases, both orders end right."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jiebang.core.errors import Conflict, DomainError, Invalid
from jiebang.technology.projects import services
from jiebang.technology.projects.models import Milestone, ProjectInstalment, Recovery, Request
from jiebang.technology.projects.workflow import (
    InstalmentState,
    MilestoneState,
    ProjectState,
    RequestState,
)
from tests.boards.test_response_races import at_once
from tests.factories import World
from tests.technology.projects_scene import running_in


def quiet(work: Callable[[], None]) -> Callable[[], None]:
    """A refusal of any kind counts as one."""

    def run() -> None:
        try:
            work()
        except Conflict:
            raise
        except DomainError as error:
            raise Conflict(error.message) from error

    return run


def test_twenty_payments_at_once_pay_once(any_world: World) -> None:
    running = running_in(any_world)
    running.passed(0)
    refused, unexpected = at_once([quiet(lambda: running.report(0, 30_000_000))] * 20)
    assert unexpected == [] and len(refused) == 19
    refused, unexpected = at_once([quiet(lambda: running.answer(0, "confirm"))] * 20)
    assert unexpected == [] and len(refused) == 19
    [row, *_] = running.rows(ProjectInstalment)
    assert (row.state, row.paid, len(row.payments)) == (InstalmentState.PAID, 30_000_000, 1)


def test_parts_at_once_never_add_up_to_more(any_world: World) -> None:
    running = running_in(any_world)
    running.passed(0)

    def both() -> None:
        running.report(0, 20_000_000)
        running.answer(0, "confirm")

    _, unexpected = at_once([quiet(both)] * 6)
    assert [each for each in unexpected if not isinstance(each, Invalid)] == []
    [row, *_] = running.rows(ProjectInstalment)
    assert row.paid + row.claimed <= row.amount
    assert row.paid == sum(each.amount for each in row.payments if each.confirmed_at)


def test_passing_and_rectifying_at_once_is_one_of_them(any_world: World) -> None:
    running = running_in(any_world)
    running.evidence(0)
    works = [quiet(lambda: running.judge(0, "pass"))] * 5
    works += [quiet(lambda: running.judge(0, "rectify", "缺报告。"))] * 5
    refused, unexpected = at_once(works)
    assert unexpected == [] and len(refused) == 9
    state = running.rows(Milestone)[0].state
    payable = running.rows(ProjectInstalment)[0].state is InstalmentState.PAYABLE
    assert payable is (state is MilestoneState.PASSED)


def test_an_extension_and_a_termination_at_once(any_world: World) -> None:
    running = running_in(any_world)
    running.ask(running.client, "termination", "车型取消", code="market")
    running.ask(running.solver, "extension", months=3)
    works = [quiet(lambda: running.reply(running.solver, "agree", number=0))] * 4
    works += [quiet(lambda: running.reply(running.client, "agree", number=1))] * 4
    _, unexpected = at_once(works)
    assert unexpected == []
    project, requests = running.project(), running.rows(Request)
    assert project.state is ProjectState.TERMINATED
    assert requests[0].state is RequestState.AGREED
    extended = requests[1].state is RequestState.AGREED
    assert requests[1].state in (RequestState.AGREED, RequestState.LAPSED)
    assert project.extended_months == (3 if extended else 0)
    assert all(each.state is MilestoneState.LAPSED for each in running.rows(Milestone))


def test_one_claim_for_money_back_at_once(any_world: World) -> None:
    running = running_in(any_world)
    running.passed(0)
    running.paid(0)
    running.ask(running.client, "termination")
    running.reply(running.solver, "agree")
    claim = services.recovering.claim
    works = [quiet(lambda: running.on_project(running.client, claim, 30_000_000, "未用"))] * 8
    refused, unexpected = at_once(works)
    assert unexpected == [] and len(refused) == 7
    assert len(running.rows(Recovery)) == 1


@pytest.mark.parametrize("kind", ["extension", "termination"])
def test_one_request_of_a_kind_at_once(any_world: World, kind: str) -> None:
    running = running_in(any_world)
    works = [quiet(lambda: running.ask(running.client, kind))] * 4
    works += [quiet(lambda: running.ask(running.solver, kind))] * 4
    refused, unexpected = at_once(works)
    assert unexpected == [] and len(refused) == 7

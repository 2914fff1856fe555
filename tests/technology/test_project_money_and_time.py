"""Grants that follow a rule, and waits that climb."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from jiebang.core import clock
from jiebang.core.errors import Conflict, Forbidden, Invalid
from jiebang.orgs.notices.models import Notice
from jiebang.technology.grants import queries as tables
from jiebang.technology.grants import services as grants
from jiebang.technology.grants.models import GrantTable
from jiebang.technology.grants.rules import Input
from jiebang.technology.grants.services import Values
from jiebang.technology.projects import queries, services
from jiebang.technology.projects.models import (
    GrantPayment,
    Milestone,
)
from jiebang.technology.projects.workflow import (
    GrantState,
    ProjectState,
)
from tests.factories import World
from tests.technology.projects_scene import Running, running_in


def states(running: Running, kind: type[Any]) -> list[Any]:
    return [each.state for each in running.rows(kind)]


NANCHANG = {"rounding": "down", "guards": [
    {"kind": "at_most", "left": "months", "value": 36},
], "instalments": [
    {"name": "启动资助", "when": "start", "kind": "fixed", "amount": 1_000_000},
    {"name": "验收后资助", "when": "accepted", "kind": "percent", "of": "agreement",
     "percent": "20"},
], "caps": [{"kind": "total", "amount": 15_000_000}]}  # fmt: skip


def switched_on(world: World, key: str = "nanchang") -> int:
    who = world.operator()
    with world.database.transaction() as session:
        table_id = session.scalars(select(GrantTable.id).where(GrantTable.key == key)).one()
        table = tables.table(session, table_id, lock=True)
        values = Values("原文", clock.today(), None, True, NANCHANG)
        grants.add_version(session, who, table, values)
        grants.switch(session, who, table, on=True, reason="已核对")
        return table_id


def test_grants_follow_a_rule_that_is_switched_on(world: World) -> None:
    running = running_in(world)
    months = {Input.MONTHS: 12}
    propose, decide, pay = (
        services.granting.propose, services.granting.decide, services.granting.pay,
    )  # fmt: skip
    with pytest.raises(Conflict, match="未启用"):
        running.on_project(running.client, propose, 1, "启动资助", months)
    table = switched_on(world)
    with pytest.raises(Invalid) as caught:
        running.on_project(running.client, propose, table, "启动资助", {})
    assert set(caught.value.errors) == {"months"}
    with pytest.raises(Invalid, match="不符合条件"):
        running.on_project(running.client, propose, table, "启动资助", {Input.MONTHS: 37})
    with pytest.raises(Conflict):  # not accepted yet
        running.on_project(running.client, propose, table, "验收后资助", months)
    running.on_project(running.client, propose, table, "启动资助", months)
    with pytest.raises(Conflict):
        running.on_project(running.client, propose, table, "启动资助", months)
    with pytest.raises(Forbidden):
        running.on(GrantPayment, 0, running.client, decide, "approve")
    running.on(GrantPayment, 0, running.operator, decide, "approve")
    with pytest.raises(Invalid):
        running.on(GrantPayment, 0, running.operator, pay, None)
    running.on(GrantPayment, 0, running.operator, pay, clock.today(), "国库-1")
    running.passed(0)
    running.passed(1)
    running.accept_filed()
    running.decide("pass")
    running.on_project(running.solver, propose, table, "验收后资助", months)
    second = running.rows(GrantPayment)[1]
    # 20 % of a million yuan is 200,000; with the 10,000 at the start 150,000 are the most
    assert second.amount == 14_000_000 and any("合计不超过" in step for step in second.steps)
    for number in range(3):
        running.paid(number)
    assert running.project().state is ProjectState.SETTLING, "the grant is still on its way"
    with pytest.raises(Invalid):
        running.on(GrantPayment, 1, running.operator, decide, "refuse", "")
    running.on(GrantPayment, 1, running.operator, decide, "refuse", "资料不全。")
    assert running.project().state is ProjectState.CLOSED
    assert states(running, GrantPayment) == [GrantState.PAID, GrantState.REFUSED]


def test_overdue_waits_climb_to_holder_and_operator(world: World) -> None:
    running = running_in(world)
    running.evidence(0)
    with world.database.transaction() as session:
        session.execute(
            update(Milestone)
            .where(Milestone.project_id == running.id, Milestone.position == 1)
            .values(until=clock.today() - timedelta(days=1))
        )
    before = _told(world, running.client.user_id)
    with world.database.transaction() as session:
        assert services.run_clock(session) == 1
    assert _told(world, running.client.user_id) == before + 1
    with world.database.transaction() as session:
        assert services.run_clock(session) == 0, "once a step"
        session.execute(update(Milestone).values(until=clock.today() - timedelta(days=30)))
    with world.database.transaction() as session:
        assert services.run_clock(session) == 3
        session.execute(update(Milestone).values(escalated=0))
    assert _told(world, running.operator.user_id) > 0
    with world.database.reading() as session:
        late = queries.overdue(session, clock.today(), 10)
        assert len(late) == 3
    text = world.browser(running.operator).get("/operations/overdue").text
    assert text.count("项目 · 里程碑“") == 3
    assert "项目 · 里程碑“样件” · 待评定" in text


def _told(world: World, user_id: int | None) -> int:
    with world.database.reading() as session:
        query = select(func.count()).select_from(Notice).where(Notice.user_id == user_id)
        return session.scalar(query) or 0

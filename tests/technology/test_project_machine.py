"""Two sides and an operator do what they like with a project; after every step it is sound.

A few hundred steps by default; JIEBANG_STEPS=5000 for the long run.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from jiebang.core import audit, clock
from jiebang.core.errors import DomainError
from jiebang.core.permissions import Role
from jiebang.technology.grants.rules import Input
from jiebang.technology.projects import queries, services
from jiebang.technology.projects.models import (
    Acceptance,
    GrantPayment,
    Milestone,
    Project,
    ProjectInstalment,
    Recovery,
    Request,
)
from jiebang.technology.projects.workflow import (
    ACTIVE,
    AcceptanceState,
    GrantState,
    InstalmentState,
    MilestoneState,
    ProjectState,
    RecoveryState,
    Turn,
)
from tests.factories import world_on
from tests.technology.projects_scene import Running, running_in
from tests.technology.test_project_money_and_time import switched_on

STEPS_A_RUN = 60
STEPS = int(os.environ.get("JIEBANG_STEPS", "420"))
NUMBER = st.integers(0, 2)
SIDE = st.booleans()
WORDS = st.sampled_from(["", "差一点", "长" * 501])
FEN = st.sampled_from([None, -1, 0, 1, 10_000_000, 30_000_000, 30_000_001, 40_000_000])
JUDGED = ["pass", "pass", "recommend", "waive", "waive_check", "rectify", "fail"]


class Machine(RuleBasedStateMachine):
    """One project, started anew in each run."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.world = self.stack.enter_context(world_on("sqlite", Path(folder)))
        self.running: Running | None = None
        self.table = switched_on(self.world)
        self.done = 0

    def teardown(self) -> None:
        with self.world.database.reading() as session:
            assert list(audit.verify(session)) == []
        self.stack.close()

    @initialize(check=st.booleans(), expert=st.booleans())
    def begin(self, check: bool, expert: bool = False) -> None:
        self.running = running_in(self.world, check=check, expert=expert)
        self.experts = [self.world.actor(self.world.user(Role.EXPERT)) for _ in range(2)]

    def attempt(self, act: Any, *arguments: Any, **more: Any) -> None:
        """Refusals are answers, too; anything else is a mistake."""
        try:
            act(*arguments, **more)
            self.done += 1
        except DomainError as error:
            assert error.message, "no refusal without a reason"

    def who(self, side: bool) -> Any:
        assert self.running is not None
        return self.running.client if side else self.running.solver

    @rule(number=NUMBER, words=st.sampled_from(["样件合格", "样件合格", ""]))
    def file(self, number: int, words: str) -> None:
        self.attempt(self.running.evidence, number, words)  # type: ignore[union-attr]

    @rule(number=NUMBER, name=st.sampled_from(JUDGED), words=WORDS, side=SIDE)
    def judge(self, number: int, name: str, words: str, side: bool) -> None:
        self.attempt(self.running.judge, number, name, words, self.who(side))  # type: ignore[union-attr]

    @rule(number=NUMBER, name=st.sampled_from(["confirm", "send_back"]), words=WORDS)
    def check(self, number: int, name: str, words: str) -> None:
        found = self.running
        assert found is not None
        self.attempt(found.judge, number, name, words, found.operator)

    @rule(number=NUMBER, expert=st.sampled_from([0, 1, None]), words=WORDS)
    def assign(self, number: int, expert: int | None, words: str) -> None:
        chosen = None if expert is None else self.experts[expert]
        self.attempt(self.running.ask_expert, number, chosen, words)  # type: ignore[union-attr]

    @rule(number=NUMBER, expert=st.integers(0, 1), words=WORDS,
          name=st.sampled_from(["accept", "accept", "recuse", "confirm", "send_back"]))  # fmt: skip
    def heard(self, number: int, expert: int, name: str, words: str) -> None:
        found, who, do = self.running, self.experts[expert], services.checking
        assert found is not None
        if name == "accept":
            self.attempt(found.expert, number, who, do.accept)
        elif name == "recuse":
            self.attempt(found.expert, number, who, do.recuse, words)
        else:
            self.attempt(found.expert, number, who, do.decide, name, words)

    @rule(name=st.sampled_from(["end", "go_on", "go_on"]), words=WORDS)
    def mediate(self, name: str, words: str) -> None:
        self.attempt(self.running.mediate, name, words)  # type: ignore[union-attr]

    @rule(number=NUMBER, amount=FEN)
    def pay(self, number: int, amount: int | None) -> None:
        self.attempt(self.running.report, number, amount)  # type: ignore[union-attr]

    @rule(number=NUMBER, name=st.sampled_from(["confirm", "dispute"]), words=WORDS)
    def received(self, number: int, name: str, words: str) -> None:
        self.attempt(self.running.answer, number, name, words)  # type: ignore[union-attr]

    @rule(verdict=st.sampled_from(["met", "partly", ""]), how=st.sampled_from(["", "送检"]))
    def hand_in(self, verdict: str, how: str) -> None:
        self.attempt(self.running.accept_filed, verdict, how)  # type: ignore[union-attr]

    @rule(name=st.sampled_from(["pass", "recommend", "condition", "fail"]), words=WORDS,
          days=st.integers(-1, 9))  # fmt: skip
    def decide(self, name: str, words: str, days: int) -> None:
        by = clock.today() + timedelta(days=days)
        self.attempt(self.running.decide, name, words, by)  # type: ignore[union-attr]

    @rule(name=st.sampled_from(["confirm", "send_back"]), words=WORDS)
    def confirm(self, name: str, words: str) -> None:
        found = self.running
        assert found is not None
        self.attempt(found.decide, name, words, None, found.operator)

    @rule(words=WORDS)
    def supplement(self, words: str) -> None:
        found = self.running
        assert found is not None
        self.attempt(found.on, Acceptance, -1, found.solver, services.accepting.supplement, words)

    @rule(side=SIDE, kind=st.sampled_from(["extension", "extension", "termination"]), words=WORDS,
          months=st.integers(0, 13))  # fmt: skip
    def ask(self, side: bool, kind: str, words: str, months: int) -> None:
        self.attempt(self.running.ask, self.who(side), kind, words, months=months)  # type: ignore[union-attr]

    @rule(side=SIDE, name=st.sampled_from(["agree", "refuse", "refuse", "withdraw"]), words=WORDS)
    def reply(self, side: bool, name: str, words: str) -> None:
        self.attempt(self.running.reply, self.who(side), name, words)  # type: ignore[union-attr]

    @rule(amount=FEN, words=WORDS)
    def claim(self, amount: int | None, words: str) -> None:
        found = self.running
        assert found is not None
        self.attempt(found.on_project, found.client, services.recovering.claim, amount, words)

    @rule(side=SIDE, words=WORDS,
          name=st.sampled_from(["agree", "refuse", "drop", "confirm", "dispute"]))  # fmt: skip
    def recover(self, side: bool, name: str, words: str) -> None:
        self.attempt(self.running.on, Recovery, -1, self.who(side),  # type: ignore[union-attr]
                     services.recovering.answer, name, words)  # fmt: skip

    @rule()
    def returned(self) -> None:
        self.attempt(self.running.on, Recovery, -1, self.who(False),  # type: ignore[union-attr]
                     services.recovering.report, clock.today())  # fmt: skip

    @rule(name=st.sampled_from(["启动资助", "验收后资助"]), months=st.sampled_from([12, 37]))
    def propose(self, name: str, months: int) -> None:
        act, given = services.granting.propose, {Input.MONTHS: months}
        self.attempt(self.running.on_project, self.who(True), act, self.table, name, given)  # type: ignore[union-attr]

    @rule(name=st.sampled_from(["approve", "refuse", "pay"]), words=WORDS)
    def grant(self, name: str, words: str) -> None:
        found = self.running
        assert found is not None
        if name == "pay":
            act: Any = services.granting.pay
            self.attempt(found.on, GrantPayment, -1, found.operator, act, clock.today())
        else:
            act = services.granting.decide
            self.attempt(found.on, GrantPayment, -1, found.operator, act, name, words)

    @invariant()
    def nothing_is_broken(self) -> None:
        if self.running is None:
            return
        project = self.running.project()
        milestones = self.running.rows(Milestone)
        instalments = self.running.rows(ProjectInstalment)
        assert sum(each.paid + each.claimed for each in instalments) <= project.total
        for each in instalments:
            assert 0 <= each.paid + each.claimed <= each.amount, "paid is at most what is agreed"
            confirmed = sum(row.amount for row in each.payments if row.confirmed_at)
            assert each.paid == confirmed, "what is paid is what was confirmed"
            passed = milestones[each.position - 1].state is MilestoneState.PASSED
            if each.state not in (InstalmentState.PLANNED, InstalmentState.VOID):
                assert passed, "nothing is payable before its milestone passed"
        with self.world.database.reading() as session:
            waiting = queries.waiting(session, [project.id])
            for part in waiting:
                assert part.until is not None and part.holder is not None, "no wait without a date"
        assert (project.state in ACTIVE) == (project.until is not None)
        if project.state in (ProjectState.CLOSED, ProjectState.TERMINATED):
            open_ = {type(each) for each in waiting}
            allowed = (
                set() if project.state is ProjectState.CLOSED else {ProjectInstalment, Recovery}
            )
            assert open_ <= allowed, "nobody waits in what has ended"
        self._reasons(project)

    def _reasons(self, project: Project) -> None:
        assert self.running is not None
        for each in self.running.rows(Milestone):
            by_expert = each.state is MilestoneState.CHECKING and each.holder is Turn.EXPERT
            assert by_expert == (each.asked is not None), "an expert who is asked holds it"
            if each.state in (MilestoneState.RECTIFY, MilestoneState.FAILED):
                assert each.reason and each.rectified
        for each in self.running.rows(Acceptance):
            assert each.state is not AcceptanceState.FAILED or each.reason
        for each in self.running.rows(Request):
            assert each.reason and (each.state.value != "refused" or each.answer)
        recoveries = self.running.rows(Recovery)
        for each in recoveries:
            assert each.state is not RecoveryState.DROPPED or each.reason
        back = sum(each.amount for each in recoveries if each.state is RecoveryState.SETTLED)
        assert back <= sum(each.paid for each in self.running.rows(ProjectInstalment))
        grants = [each for each in self.running.rows(GrantPayment)
                  if each.state not in (GrantState.REFUSED, GrantState.LAPSED)]  # fmt: skip
        assert sum(each.amount for each in grants) <= 15_000_000, "the cap over both instalments"
        assert len({each.name for each in grants}) == len(grants)
        agreed = [each for each in self.running.rows(Request)
                  if each.kind.value == "extension" and each.state.value == "agreed"]  # fmt: skip
        assert len(agreed) <= 1 and project.extended_months == sum(e.months for e in agreed)


Machine.TestCase.settings = settings(
    max_examples=max(1, STEPS // STEPS_A_RUN),
    stateful_step_count=STEPS_A_RUN,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize="JIEBANG_STEPS" not in os.environ,
)


class TestMachine(Machine.TestCase):  # type: ignore[name-defined, misc]
    """Runs it."""


def test_the_machine_gets_somewhere() -> None:
    """Walked by hand, the rules do what the machine relies on."""
    machine = Machine()
    try:
        machine.begin(check=True)
        for number in (0, 1):
            machine.file(number, "样件合格")
            machine.judge(number, "recommend", "", True)
            machine.check(number, "confirm", "")
        machine.hand_in("met", "送检")
        machine.decide("recommend", "", 0)
        machine.confirm("confirm", "")
        for number, amount in ((0, 30_000_000), (1, 40_000_000), (2, 30_000_000)):
            machine.pay(number, amount)
            machine.received(number, "confirm", "")
            machine.nothing_is_broken()
        assert machine.running is not None
        assert machine.running.project().state is ProjectState.CLOSED
        assert machine.done == 15
    finally:
        machine.teardown()

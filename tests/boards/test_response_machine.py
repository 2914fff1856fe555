"""A machine that acts on one listing at random; after every step the invariants hold.

A few hundred steps by default; JIEBANG_STEPS=5000 for the long run.
"""

from __future__ import annotations

import os
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from sqlalchemy import select

from jiebang.boards.agreements.models import Agreement
from jiebang.boards.agreements.workflow import AgreementState
from jiebang.boards.models import Listing
from jiebang.boards.responses import queries, services
from jiebang.boards.responses.models import Response, Round
from jiebang.boards.responses.workflow import PENDING, REFUSED, ResponseState
from jiebang.boards.threads import queries as threads
from jiebang.boards.threads import services as thread_services
from jiebang.boards.threads.models import Thread
from jiebang.boards.threads.workflow import LIVE, ThreadState
from jiebang.boards.workflow import ListingState
from jiebang.core import clock
from tests.boards.joint_rules import JointRules
from tests.boards.machine_scene import CODES, WHO, WORDS
from tests.boards.public_rules import PublicRules
from tests.boards.threads_scene import SENTENCE

STEPS_A_RUN = 50
STEPS = int(os.environ.get("JIEBANG_STEPS", "400"))
S = ResponseState


class Machine(JointRules, PublicRules):
    """Four organisations, an issuer and an operator do what they like, in any order."""

    @rule(who=WHO, leader=st.sampled_from(["刘工", "周工"]))
    def begin(self, who: int, leader: str) -> None:
        self.attempt(self.answers.draft, self.people[who], leader=leader)

    @rule(who=WHO, number=st.integers(0, 9))
    def file(self, who: int, number: int) -> None:
        found = self.pick(number)
        if found is None:
            return
        before, late = self.get(found).filed_at, not self.is_open()
        self.attempt(self.answers.file, found, self.people[who])
        if late:
            assert self.get(found).filed_at == before, "nothing is filed outside the window"

    @rule(number=st.integers(0, 9), name=st.sampled_from(["qualify", "return", "disqualify"]),
          words=WORDS, code=CODES)  # fmt: skip
    def check(self, number: int, name: str, words: str, code: str) -> None:
        found = self.pick(number)
        if found is not None:
            self.attempt(self.answers.check, found, self.operator, name, words, code)

    @rule(number=st.integers(0, 9), name=st.sampled_from(["shortlist", "send_back", "decline"]),
          words=WORDS, code=CODES)  # fmt: skip
    def decide(self, number: int, name: str, words: str, code: str) -> None:
        found = self.pick(number)
        if found is not None:
            self.attempt(self.answers.decide, found, name, words, code)

    @rule(number=st.integers(0, 9), words=WORDS)
    def select(self, number: int, words: str) -> None:
        found = self.pick(number)
        if found is not None:
            self.attempt(self.answers.select, found, words)

    @rule(who=WHO, number=st.integers(0, 9))
    def withdraw(self, who: int, number: int) -> None:
        found = self.pick(number)

        def act() -> None:
            with self.world.database.transaction() as session:
                row = queries.response(session, found or 0, self.people[who], lock=True)
                services.withdraw(session, self.people[who], row)

        self.attempt(act)

    @rule(number=st.integers(0, 4))
    def winners(self, number: int) -> None:
        def act() -> None:
            with self.world.database.transaction() as session:
                listing = self.world._load(session, self.answers.scene.code)
                services.set_winners(session, self.issuer, listing, number)

        self.attempt(act)

    @rule(name=st.sampled_from(["withdraw", "suspend", "resume", "close", "reopen", "submit",
                                "approve"]))  # fmt: skip
    def listing(self, name: str) -> None:
        who = {"suspend": self.operator, "resume": self.operator, "approve": self.operator}.get(
            name, self.issuer
        )
        self.attempt(self.world.advance, self.answers.scene.code, name, who, "说明原因")

    @rule()
    def days_pass(self) -> None:
        """Every wait is over its day, and the worker's clocks run."""
        self.answers.overdue(clock.today() - timedelta(days=30))
        with self.world.database.transaction() as session:
            services.run_clock(session)
            services.remind_members(session)
            thread_services.run_clock(session)

    @rule(who=WHO)
    def interest(self, who: int) -> None:
        def act() -> None:
            with self.world.database.transaction() as session:
                listing = self.world._load(session, self.answers.scene.code)
                thread_services.express_interest(session, self.people[who], listing, SENTENCE)

        self.attempt(act)

    @rule(who=st.integers(0, 4), number=st.integers(0, 5), asks=st.booleans(),
          name=st.sampled_from(["say", "decline", "withdraw", "end"]), words=WORDS,
          code=CODES)  # fmt: skip
    def talk(self, who: int, number: int, asks: bool, name: str, words: str, code: str) -> None:
        actor = [*self.people, self.issuer][who]

        def act() -> None:
            with self.world.database.transaction() as session:
                ids = session.scalars(select(Thread.id).order_by(Thread.id)).all()
                found = threads.thread(
                    session, ids[number % len(ids)] if ids else 0, actor, lock=True
                )
                if name == "say":
                    thread_services.say(session, actor, found, words, asks=asks)
                else:
                    thread_services.end(session, actor, found, name, words, code)

        self.attempt(act)

    @invariant()
    def nothing_is_broken(self) -> None:
        with self.world.database.reading() as session:
            listing = session.scalars(
                select(Listing).where(Listing.code == self.answers.scene.code)
            ).one()
            rows = session.scalars(select(Response)).all()
            round_ = session.scalars(select(Round)).first()
            talks = session.scalars(select(Thread)).all()
        chosen = [row for row in rows if row.state is S.SELECTED]
        if chosen:
            assert listing.state in (
                ListingState.PUBLISHED, ListingState.CLOSED, ListingState.SUSPENDED,
            ), "no selected response without a published listing"  # fmt: skip
            assert round_ is not None and len(chosen) <= round_.winners, "no more than it says"
            assert len({row.slot for row in chosen}) == len(chosen)
            assert (round_.awarded_at is not None) == (len(chosen) == round_.winners)
        for row in rows:
            assert (row.state in PENDING) == (row.due is not None and row.holder is not None)
            if row.state in REFUSED:
                assert row.reason and row.reason_code, "no decline without a reason"
            if round_ is not None and round_.awarded_at is not None:
                assert row.state not in PENDING | {S.DRAFT}, "nobody waits for what is decided"
        for talk in talks:
            assert (talk.state in LIVE) == (talk.due is not None and talk.holder is not None)
            if talk.state is ThreadState.DECLINED:
                assert talk.reason and talk.reason_code


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
        machine.track(formality=True, shortlist=True, one_each=False, public=False, window="none")
        machine.begin(0, "刘工")
        machine.file(0, 0)
        machine.check(0, "qualify", "", "")
        machine.decide(0, "shortlist", "", "")
        machine.select(0, "")
        machine.nothing_is_broken()
        assert [row.state for row in machine.answers.all()] == [S.SELECTED]
        assert machine.done == 5
    finally:
        machine.teardown()


def all_hold(machine: Machine) -> None:
    """Every invariant, as the machine asks after each step."""
    machine.nothing_is_broken()
    machine.what_is_filed_was_signed_by_all()
    machine.nothing_is_agreed_before_its_publicity_is_over()


def test_the_machine_gets_through_a_joint_bid_in_a_batch() -> None:
    """Late, unsigned and changed bids are refused on the way; an objection undoes the selection,
    and the next one is agreed."""
    machine = Machine()
    try:
        machine.track(formality=False, shortlist=False, one_each=True, public=True, window="before")
        machine.begin(0, "刘工")
        machine.split(0, 0, [1, 2], 60, 80_000_000)
        machine.answer(1, 0, False, None)
        machine.file(0, 0)
        assert machine.get(1).state is S.DRAFT, "the window is not open"
        machine.time_passes(1)
        machine.extend(24, 1)
        machine.file(0, 0)
        assert machine.get(1).state is S.DRAFT, "one has not signed"
        machine.answer(2, 0, False, None)
        machine.rewrite(0, 0, 70_000_000, "")
        machine.file(0, 0)
        assert machine.get(1).state is S.DRAFT, "the amount has changed"
        machine.rewrite(0, 0, 80_000_000, "")
        machine.begin(3, "周工")
        machine.file(3, 1)
        done = machine.done
        machine.file(0, 0)
        all_hold(machine)
        assert machine.get(1).state is S.QUALIFIED and machine.done == done + 1
        machine.select(0, "已选定别的方案。")
        all_hold(machine)
        machine.object(1, 0, "拟合作方与发榜方有未披露的持股关系。")
        machine.judge(5, 1, "确有关联。", "other", "uphold")
        assert machine.get(1).state is S.DISQUALIFIED and machine.get(2).state is S.QUALIFIED
        all_hold(machine)
        machine.time_passes(0)
        machine.file(0, 0)
        machine.select(1, "")
        machine.sign(1, True, "", "", "fill")
        machine.sign(1, True, "", "", "propose")
        machine.sign(1, False, "", "", "confirm")
        machine.publicity_days(over=True)
        for issuer in (True, False):
            machine.sign(1, issuer, "", "", "confirm")
        all_hold(machine)
        with machine.world.database.reading() as session:
            papers = session.scalars(select(Agreement).order_by(Agreement.id)).all()
        assert [each.state for each in papers] == [AgreementState.ENDED, AgreementState.AGREED]
        assert not machine.is_open()
    finally:
        machine.teardown()

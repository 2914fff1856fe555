"""What the machine of responses stands on, and its rules for batches: a window by the clock."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from jiebang.boards.batches import queries as batches
from jiebang.boards.batches import services as calls
from jiebang.boards.batches.models import Batch
from jiebang.boards.responses.models import Response
from jiebang.core import audit, clock
from jiebang.core.errors import DomainError
from jiebang.core.permissions import Actor
from tests.boards.responses_scene import Answers, answers_in
from tests.boards.test_batches import HOUR, opened, put_in
from tests.factories import world_on

WHO = st.integers(0, 3)
NUMBER = st.integers(0, 9)
WORDS = st.sampled_from(["", "差一点", "长" * 501])
CODES = st.sampled_from(["", "too_early", "price", "other"])


class Started(RuleBasedStateMachine):
    """Four organisations, an issuer and an operator, on a track as it was drawn."""

    answers: Answers
    people: list[Actor]
    issuer: Actor

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.world = self.stack.enter_context(world_on("sqlite", Path(folder)))
        self.operator = self.world.operator()
        self.batch: int | None = None
        self.public = False
        self.done = 0

    @initialize(
        formality=st.booleans(),
        shortlist=st.booleans(),
        one_each=st.booleans(),
        public=st.booleans(),
        window=st.sampled_from(["none", "before", "open"]),
    )
    def track(
        self, formality: bool, shortlist: bool, one_each: bool, public: bool, window: str
    ) -> None:
        """A need is published, in a batch where the track asks for one."""
        track = "market" if window == "none" else "competition"
        self.answers = answers_in(self.world, 2, track=track)
        self.public = public
        self.answers.rules(
            formality=formality, shortlist=shortlist, one_each=one_each, publicity=public,
            several=True, joint=True, need_review=False, response_review=False,
            batched=window != "none",
        )  # fmt: skip
        scene = self.answers.scene
        self.people, self.issuer = (
            [scene.responder, scene.stranger, *self.answers.more],
            scene.issuer,
        )
        if window != "none":
            opens = -HOUR if window == "open" else HOUR
            self.batch, operator = opened(self.world, opens, timedelta(days=2))
            put_in(self.world, scene.code, self.batch, operator)

    def teardown(self) -> None:
        with self.world.database.reading() as session:
            assert list(audit.verify(session)) == []
        self.stack.close()

    def attempt(self, act: object, *arguments: object, **more: object) -> bool:
        """Refusals are answers, too; anything else is a mistake. Whether it was done."""
        try:
            act(*arguments, **more)  # type: ignore[operator]
        except DomainError as error:
            assert error.message, "no refusal without a reason"
            return False
        self.done += 1
        return True

    def pick(self, number: int) -> int | None:
        rows = self.answers.all()
        return rows[number % len(rows)].id if rows else None

    def get(self, number: int) -> Response:
        return self.answers.get(number)

    # The window of a batch

    def window(self, session: Session) -> Batch:
        return batches.batch(session, self.batch or 0)

    def is_open(self) -> bool:
        """Whether something may be filed now, as the batch says."""
        if self.batch is None:
            return True
        with self.world.database.reading() as session:
            found = self.window(session)
        return found.opens_at <= clock.now() < found.closes_at

    @rule(over=st.integers(0, 7))
    @precondition(lambda self: self.batch is not None)
    def time_passes(self, over: int) -> None:
        """The window opens, and at last it closes."""
        with self.world.database.transaction() as session:
            found, now = self.window(session), clock.now()
            if found.closes_at <= now:
                return
            moments = {"opens_at": min(found.opens_at, now - HOUR)}
            if over == 0:
                moments["closes_at"] = now
            session.execute(update(Batch).where(Batch.id == found.id).values(**moments))

    @rule(hours=st.sampled_from([-1, 0, 1, 24, 24]), renamed=st.integers(0, 5))
    @precondition(lambda self: self.batch is not None)
    def extend(self, hours: int, renamed: int) -> None:
        """An operator moves the end, back or (refused, once it is open) forward."""
        with self.world.database.reading() as session:
            before = self.window(session)
        typed = {
            "name": before.name if renamed else "另一批",
            "list_type": before.list_type.value,
            "note": before.note,
            "opens_at": clock.to_beijing(before.opens_at).isoformat(),
            "closes_at": clock.to_beijing(before.closes_at + timedelta(hours=hours)).isoformat(),
        }

        def act() -> None:
            with self.world.database.transaction() as session:
                found = batches.batch(session, before.id, lock=True)
                calls.change_batch(session, self.operator, found, typed)

        opened_before, closed_before = before.opened, before.closed
        done = self.attempt(act)
        with self.world.database.reading() as session:
            after = self.window(session)
        assert not (closed_before and done), "what is over does not begin again"
        if opened_before:
            assert after.closes_at >= before.closes_at, "nobody is cut short"
            assert (after.name, after.opens_at) == (before.name, before.opens_at)

    def rows(self) -> list[Response]:
        with self.world.database.reading() as session:
            return list(session.scalars(select(Response).order_by(Response.id)))

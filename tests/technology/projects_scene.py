"""Projects in a scene: from a selected response to a project, by the services that people use."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from jiebang.boards.agreements import queries as agreements
from jiebang.boards.agreements.content import Content
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.permissions import Actor
from jiebang.core.uploads import Received
from jiebang.technology.projects import queries, services
from jiebang.technology.projects.models import (
    Acceptance,
    GrantPayment,
    Milestone,
    MilestoneCheck,
    Project,
    ProjectInstalment,
    Recovery,
    Request,
    RequestKind,
)
from jiebang.technology.projects.services.accepting import Answer
from tests.boards.responses_scene import Answers, answers_in
from tests.factories import World
from tests.technology.agreements_scene import Signing, complete

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
ROWS = (
    ("样件", "样件送检合格", 30_000_000),
    ("中试", "连续运行三十天", 40_000_000),
    ("验收", "指标全部达到", 30_000_000),
)
"""A million yuan in three parts; the last comes with the acceptance."""


@dataclass
class Running:
    """A project with its two sides, an operator, and somebody who should see nothing."""

    answers: Answers
    id: int
    client: Actor
    solver: Actor
    operator: Actor

    @property
    def world(self) -> World:
        return self.answers.world

    @property
    def stranger(self) -> Actor:
        return self.answers.scene.stranger

    def project(self) -> Project:
        with self.world.database.reading() as session:
            found = session.get_one(Project, self.id)
            assert found.parties and found.rules and found.listing
            return found

    def rows(self, kind: type[Any]) -> list[Any]:
        """Everything of a kind, the oldest first."""
        load: Any = {
            Milestone: queries.milestones,
            ProjectInstalment: queries.instalments,
            Acceptance: queries.acceptances,
            Request: queries.requests,
            Recovery: queries.recoveries,
            GrantPayment: queries.grants,
        }[kind]
        with self.world.database.reading() as session:
            return sorted(load(session, self.id), key=lambda each: each.id)

    def on(
        self, kind: type[Any], number: int, who: Actor, act: Any, *more: Any, **named: Any
    ) -> None:
        """One act on the `number`-th of a kind."""
        rows = self.rows(kind)
        identity = rows[number].id if -len(rows) <= number < len(rows) else 0
        with self.world.database.transaction() as session:
            found = queries.part(session, kind, identity, who)
            act(session, who, found, *more, **named)

    def on_project(self, who: Actor, act: Any, *more: Any, **named: Any) -> None:
        with self.world.database.transaction() as session:
            found = queries.project(session, self.id, who, lock=True)
            act(session, who, found, *more, **named)

    def evidence(self, number: int, text: str = "样件检测报告", *, file: bool = False) -> None:
        received = [Received(io.BytesIO(PDF), "报告.pdf")] if file else []
        self.on(Milestone, number, self.solver, services.milestones.file, text, received,
                self.world.settings.uploads, 100_000)  # fmt: skip

    def judge(self, number: int, name: str, reason: str = "", who: Actor | None = None) -> None:
        self.on(Milestone, number, who or self.client, services.milestones.judge, name, reason)

    def passed(self, number: int) -> None:
        self.evidence(number)
        self.judge(number, "pass")

    def report(self, number: int, amount: int | None, day: date | None = None) -> None:
        self.on(ProjectInstalment, number, self.client, services.paying.report, amount,
                day or clock.today(), "银行-1")  # fmt: skip

    def answer(self, number: int, name: str, reason: str = "") -> None:
        self.on(ProjectInstalment, number, self.solver, services.paying.answer, name, reason)

    def paid(self, number: int) -> None:
        self.report(number, self.rows(ProjectInstalment)[number].left)
        self.answer(number, "confirm")

    def accept_filed(self, verdict: str = "met", how: str = "第三方检测") -> None:
        self.on_project(self.solver, services.accepting.file, "全部完成。",
                        [Answer("0.8 mm", verdict, how)], [], self.world.settings.uploads,
                        100_000)  # fmt: skip

    def decide(self, name: str, reason: str = "", by: date | None = None,
               who: Actor | None = None) -> None:  # fmt: skip
        self.on(Acceptance, -1, who or self.client, services.accepting.decide, name, reason, by)

    def ask(self, who: Actor, kind: str, reason: str = "原料交期推迟", *, months: int | None = 3,
            code: str = "mutual") -> None:  # fmt: skip
        self.on_project(who, services.requests.ask, RequestKind(kind), reason, months=months,
                        code=code)  # fmt: skip

    def ask_expert(self, number: int, expert: Actor | None, reason: str = "") -> None:
        """The operator asks somebody, or only takes off who was asked."""
        self.on(Milestone, number, self.operator, services.checking.ask,
                expert.user_id if expert else None, reason)  # fmt: skip

    def check(self, number: int) -> MilestoneCheck:
        """The part of the expert who was asked last."""
        checks: list[MilestoneCheck] = self.rows(Milestone)[number].checks
        return checks[-1]

    def expert(self, number: int, who: Actor, act: Any, *more: Any) -> None:
        """An expert's act on the part that was asked last."""
        checks = self.rows(Milestone)[number].checks
        with self.world.database.transaction() as session:
            found = queries.check(session, checks[-1].id if checks else 0, who, lock=True)
            act(session, who, found, *more)

    def mediate(self, name: str, reason: str = "已听取双方。", who: Actor | None = None,
                number: int = -1) -> None:  # fmt: skip
        self.on(Request, number, who or self.operator, services.requests.mediate, name, reason)

    def reply(self, who: Actor, name: str, reason: str = "", number: int = -1) -> None:
        self.on(Request, number, who, services.requests.answer, name, reason)


def agreed(answers: Answers, response_id: int, rows: tuple[tuple[str, str, int], ...]) -> int:
    """The project of an agreement that both sides wrote and confirmed."""
    with answers.world.database.reading() as session:
        agreement = agreements.live_of(session, response_id)
        assert agreement is not None
        signing = Signing(answers, response_id, agreement.id)
    total = sum(amount for _, _, amount in rows)

    def written(content: Content) -> Content:
        made = complete(content)
        made["total"] = total
        made["split"] = [{**row, "amount": total} for row in content["split"]]
        made["instalments"] = [
            {"label": label, "condition": condition, "amount": amount,
             "due": (clock.today() + timedelta(days=30 * number)).isoformat()}
            for number, (label, condition, amount) in enumerate(rows, 1)
        ]  # fmt: skip
        return made

    signing.save(signing.issuer, written)
    signing.propose()
    signing.confirm(signing.issuer)
    signing.confirm(signing.responder)
    with answers.world.database.reading() as session:
        found = queries.of_agreement(session, signing.agreement_id)
        assert found is not None, "the last confirmation starts the project"
        return found.id


def running_in(
    world: World,
    *,
    board: Board = Board.NEED,
    check: bool = False,
    expert: bool = False,
    rows: tuple[tuple[str, str, int], ...] = ROWS,
    **values: Any,
) -> Running:
    """A project that has just begun; `check`: the platform confirms what passes; `expert`: where
    it does, an expert confirms milestones."""
    answers = answers_in(world, 0, board=board, **values)
    answers.rules(milestone_check=check, milestone_expert=expert)
    scene = answers.scene
    response_id = answers.filed(scene.responder)
    answers.select(response_id)
    project_id = agreed(answers, response_id, rows)
    need = board is Board.NEED
    client, solver = (scene.issuer, scene.responder) if need else (scene.responder, scene.issuer)
    return Running(answers, project_id, client, solver, world.operator())

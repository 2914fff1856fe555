"""Reviews in a scene: experts asked, heard and concluded, by the services that people use."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from jiebang.boards.responses.models import Response
from jiebang.boards.reviews import queries, services
from jiebang.boards.reviews.models import Panel, ReviewAssignment, Stage
from jiebang.boards.reviews.services import Entry
from jiebang.core.permissions import Actor, Role
from tests.boards.responses_scene import Answers, answers_in
from tests.factories import World

KEYS = {
    Stage.NEED: ("necessity", "novelty", "feasibility", "benefit"),
    Stage.RESPONSES: ("indicators", "approach", "basis", "plan"),
}


def entry(stage: Stage, *points: int, advice: str = "support") -> Entry:
    """A complete entry; the points in the order of the form, the last one for all that follow."""
    keys = KEYS[stage]
    given = [points[min(n, len(points) - 1)] for n in range(len(keys))]
    return Entry(
        advice,
        "总体可行。",
        {key: str(point) for key, point in zip(keys, given, strict=True)},
        {key: f"{key}：有数据支撑。" for key in keys},
    )


@dataclass
class Reviewed:
    """A world with an operator and experts."""

    world: World
    operator: Actor
    experts: list[Actor]

    def ids(self, *numbers: int) -> list[int]:
        return [self.experts[n].user_id or 0 for n in numbers or range(len(self.experts))]

    def open(self, code: str, stage: Stage, *numbers: int) -> int:
        with self.world.database.transaction() as session:
            listing = queries.for_operator(session, code, self.operator, lock=True)
            found = services.open_panel(session, self.operator, listing, stage, self.ids(*numbers))
            return found.id

    def part(self, panel_id: int, number: int) -> int:
        with self.world.database.reading() as session:
            found = session.scalars(
                select(ReviewAssignment.id).where(
                    ReviewAssignment.panel_id == panel_id,
                    ReviewAssignment.expert_id == self.experts[number].user_id,
                )
            ).one()
            return int(found)

    def do(self, panel_id: int, number: int, name: str, *more: object) -> None:
        """One expert's act: accept, recuse, save or submit."""
        who, identity = self.experts[number], self.part(panel_id, number)
        with self.world.database.transaction() as session:
            found = queries.part(session, identity, who, lock=True)
            getattr(services, name)(session, who, found, *more)

    def score(self, panel_id: int, number: int, *points: int, advice: str = "support") -> None:
        """From the declaration to the submission, the same points for every subject."""
        self.do(panel_id, number, "accept")
        with self.world.database.reading() as session:
            panel = session.get_one(Panel, panel_id)
            stage = panel.stage
            keys = [each.id if each else 0 for each in queries.subjects(panel)]
        self.do(
            panel_id, number, "save", {key: entry(stage, *points, advice=advice) for key in keys}
        )
        self.do(panel_id, number, "submit")

    def replace(self, panel_id: int, number: int, other: int | None, reason: str = "太忙") -> None:
        identity = self.part(panel_id, number)
        with self.world.database.transaction() as session:
            found = queries.asked(session, identity, self.operator)
            chosen = self.experts[other].user_id if other is not None else None
            services.replace(session, self.operator, found, reason, chosen)

    def conclude(self, panel_id: int) -> None:
        with self.world.database.transaction() as session:
            services.conclude(session, self.operator, queries.locked(session, panel_id))

    def panel(self, panel_id: int) -> Panel:
        with self.world.database.reading() as session:
            found = session.get_one(Panel, panel_id)
            assert found.listing and found.rules and found.candidates is not None
            _ = [each.reviews for each in found.assignments]
            return found


def reviewed_in(world: World, experts: int = 4) -> Reviewed:
    """An operator and experts of no house."""
    people = [world.actor(world.user(Role.EXPERT, name=f"专家{n}")) for n in range(experts)]
    return Reviewed(world, world.operator(), people)


def filed_in(world: World, number: int = 1) -> tuple[Answers, list[int]]:
    """A published competition need with responses that passed the formality check."""
    answers = answers_in(world, number - 1, track="competition")
    operator = world.operator()
    found = []
    for who in [answers.scene.responder, *answers.more]:
        identity = answers.filed(who)
        answers.check(identity, operator, "qualify")
        found.append(identity)
    return answers, found


def response(world: World, identity: int) -> Response:
    with world.database.reading() as session:
        return session.get_one(Response, identity)

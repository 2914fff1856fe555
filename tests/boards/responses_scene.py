"""Responses in a scene: written, filed, selected, by the services that people use."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select, update

from jiebang.boards.models import Listing
from jiebang.boards.responses import queries, services
from jiebang.boards.responses.models import Response
from jiebang.boards.responses.services.filing import Reply
from jiebang.boards.threads.models import Thread
from jiebang.boards.tracks.models import TrackVersion
from jiebang.core.permissions import Actor
from tests.boards.threads_scene import Scene, scene_in
from tests.factories import World

TEXTS = {"leader": "刘工", "approach": "激光电弧复合焊。", "plan": "三个月完成样件。"}
__all__ = ["Answers", "Listing", "Scene", "answers_in"]


@dataclass
class Answers:
    """A scene with more organisations that may answer."""

    scene: Scene
    more: list[Actor] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.scene.world

    def draft(self, who: Actor, **texts: str) -> int:
        with self.world.database.transaction() as session:
            found = services.begin(session, who, self.world._load(session, self.scene.code))
            self._fill(session, who, found, texts)
            return found.id

    def _fill(self, session: object, who: Actor, found: Response, texts: dict[str, str]) -> None:
        replies = [Reply("met", "已测。") for _ in found.answers]
        services.save(session, who, found, {**TEXTS, **texts}, 80_000_000, replies)  # type: ignore[arg-type]

    def filed(self, who: Actor, **texts: str) -> int:
        found = self.draft(who, **texts)
        self.file(found, who)
        return found

    def file(self, response_id: int, who: Actor) -> None:
        with self.world.database.transaction() as session:
            found = queries.response(session, response_id, who, lock=True)
            services.file(session, who, found)

    def check(
        self, response_id: int, who: Actor, name: str, reason: str = "", code: str = ""
    ) -> None:
        with self.world.database.transaction() as session:
            found = queries.response(session, response_id, who, lock=True)
            services.check(session, who, found, name, reason, code)

    def decide(self, response_id: int, name: str, reason: str = "", code: str = "") -> None:
        with self.world.database.transaction() as session:
            found = queries.response(session, response_id, self.scene.issuer, lock=True)
            services.decide(session, self.scene.issuer, found, name, reason, code)

    def select(self, response_id: int, to_others: str = "") -> None:
        with self.world.database.transaction() as session:
            found = queries.response(session, response_id, self.scene.issuer, lock=True)
            services.select(session, self.scene.issuer, found, to_others)

    def get(self, response_id: int) -> Response:
        with self.world.database.reading() as session:
            return session.get_one(Response, response_id)

    def all(self) -> list[Response]:
        with self.world.database.reading() as session:
            return list(session.scalars(select(Response).order_by(Response.id)))

    def rules(self, **values: object) -> None:
        """Changes the track before anything has begun: the switches as an operator may set them."""
        with self.world.database.transaction() as session:
            track = self.scene.listing().track
            session.execute(
                update(TrackVersion).where(TrackVersion.track == track).values(**values)
            )

    def deadline(self, day: date) -> None:
        with self.world.database.transaction() as session:
            session.execute(
                update(Listing).where(Listing.code == self.scene.code).values(deadline=day)
            )

    def overdue(self, day: date) -> None:
        """Puts every wait's date to a day."""
        with self.world.database.transaction() as session:
            session.execute(update(Response).where(Response.due.is_not(None)).values(due=day))
            session.execute(update(Thread).where(Thread.due.is_not(None)).values(due=day))


def answers_in(world: World, number: int = 0, **values: object) -> Answers:
    """A scene and `number` more organisations."""
    scene = scene_in(world, **values)  # type: ignore[arg-type]
    return Answers(scene, [world.owner() for _ in range(number)])

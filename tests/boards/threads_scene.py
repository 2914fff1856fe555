"""A scene for threads and responses: who issues, who answers, and who should see nothing."""

from __future__ import annotations

from dataclasses import dataclass

from jiebang.boards.models import Listing
from jiebang.boards.threads import queries, services
from jiebang.boards.threads.models import Thread
from jiebang.core.boards import Board
from jiebang.core.permissions import Actor
from jiebang.orgs.models import Category
from tests.factories import World

SENTENCE = "我们做过同类壳体的激光焊接，想了解批量和预算。"


@dataclass
class Scene:
    """Two organisations with a listing each, and a third."""

    world: World
    issuer: Actor
    responder: Actor
    stranger: Actor
    code: str
    own: str

    def open(self, sentence: str = SENTENCE, *, own: bool = True) -> int:
        """The responder's interest; returns the thread's id."""
        with self.world.database.transaction() as session:
            listing = self.world._load(session, self.code)
            mine = self.world._load(session, self.own) if own else None
            return services.express_interest(session, self.responder, listing, sentence, mine).id

    def say(self, thread_id: int, who: Actor, text: str, *, asks: bool = False) -> None:
        with self.world.database.transaction() as session:
            found = queries.thread(session, thread_id, who, lock=True)
            services.say(session, who, found, text, asks=asks)

    def talking(self) -> int:
        """A thread that the issuer has accepted."""
        found = self.open()
        self.say(found, self.issuer, "可以，先说说节拍。", asks=True)
        return found

    def thread(self, thread_id: int) -> Thread:
        with self.world.database.reading() as session:
            return session.get_one(Thread, thread_id)

    def listing(self) -> Listing:
        return self.world.listing(self.code)


def scene_in(world: World, board: Board = Board.NEED, **values: object) -> Scene:
    """A published listing of one side and one of the other."""
    issuer = world.owner(name="历下机电有限公司")
    responder = world.owner(name="泉城工业大学", category=Category.UNIVERSITY)
    stranger = world.owner(name="旁观者有限公司")
    code = world.published(issuer, board, **values)
    own = world.published(responder, board.opposite)
    return Scene(world, issuer, responder, stranger, code, own)

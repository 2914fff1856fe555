"""A scene for introductions: two sides with a pair, their specialist, and an operator."""

from __future__ import annotations

from dataclasses import dataclass

from jiebang.boards.models import Listing
from jiebang.brokering import queries, services
from jiebang.brokering.models import Introduction
from jiebang.core.boards import Board
from jiebang.core.permissions import Actor, Role
from jiebang.orgs.models import Category
from tests.factories import World

WORDS = "双方工艺相近，建议先谈批量和节拍。"


@dataclass
class Scene:
    """A need and an outcome that match, who owns them, and who brings them together."""

    world: World
    issuer: Actor
    responder: Actor
    stranger: Actor
    specialist: Actor
    operator: Actor
    code: str
    own: str

    def assign(self, who: Actor, to: Actor | None, reason: str = "") -> None:
        """The operator gives an organisation its specialist."""
        assert who.organisation_id is not None
        with self.world.database.transaction() as session:
            services.assign(
                session, self.operator, who.organisation_id, to.user_id if to else None, reason
            )

    def request(self, wish: str = "", *, own: bool = True) -> int:
        """The responder asks for a specialist; returns the introduction's id."""
        with self.world.database.transaction() as session:
            listing = self.world._load(session, self.code)
            mine = self.world._load(session, self.own) if own else None
            return services.request(session, self.responder, listing, wish, mine).id

    def accept(self, found: int, who: Actor | None = None, words: str = WORDS) -> None:
        who = who or self.specialist
        with self.world.database.transaction() as session:
            one = queries.introduction(session, found, who, lock=True)
            services.accept(session, who, one, words)

    def agree(self, found: int, who: Actor) -> bool:
        with self.world.database.transaction() as session:
            one = queries.introduction(session, found, who, lock=True)
            return services.agree(session, who, self.world.discovery, one)

    def end(self, found: int, who: Actor, name: str, **form: str) -> None:
        with self.world.database.transaction() as session:
            one = queries.introduction(session, found, who, lock=True)
            services.end(session, who, one, name, **form)

    def agreed(self) -> int:
        """An introduction that both sides agreed to."""
        found = self.request()
        self.accept(found)
        assert self.agree(found, self.issuer)
        return found

    def introduction(self, found: int) -> Introduction:
        """The row as it is now."""
        with self.world.database.reading() as session:
            return session.get_one(Introduction, found)

    def listing(self, code: str) -> Listing:
        return self.world.listing(code)


def scene_in(
    world: World, board: Board = Board.NEED, *, served: bool = True, **values: object
) -> Scene:
    """A published listing of one side and one of the other; the responder is served."""
    issuer = world.owner(name="历下机电有限公司")
    responder = world.owner(name="泉城工业大学", category=Category.UNIVERSITY)
    stranger = world.owner(name="旁观者有限公司")
    specialist = world.actor(world.user(Role.SPECIALIST, name="专员小齐"))
    code = world.published(issuer, board, **values)
    own = world.published(responder, board.opposite)
    scene = Scene(world, issuer, responder, stranger, specialist, world.operator(), code, own)
    if served:
        scene.assign(responder, specialist)
    return scene

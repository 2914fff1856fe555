"""Who is who in the two dealings, and what anybody writes in them, each with a word of its own."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from jiebang.boards.responses import queries as response_queries
from jiebang.boards.responses import services as responses
from jiebang.boards.responses.services.filing import Reply
from jiebang.boards.responses.services.joint import Part, digest
from jiebang.boards.services import attachments
from jiebang.boards.threads import confidentiality
from jiebang.boards.threads import queries as threads
from jiebang.boards.threads import services as talk
from jiebang.boards.threads.models import FileLevel, ThreadMeeting
from jiebang.core import clock
from jiebang.core.permissions import Actor, Role
from jiebang.core.uploads import Received
from jiebang.orgs.models import Category, Organisation
from tests.factories import World
from tests.hidden.reading import sheet_with


@dataclass
class Told:
    """The world, who is who, and each planted word with those who may know it."""

    world: World
    logged: io.StringIO
    people: dict[str, Actor | None] = field(default_factory=dict)
    knows: dict[str, frozenset[str]] = field(default_factory=dict)
    """Word -> names of people."""
    holds: dict[str, str] = field(default_factory=dict)
    """Word -> the number of the listing in whose hidden part it stands."""
    codes: dict[str, str] = field(default_factory=dict)
    walked: set[str] = field(default_factory=set)
    """Routes that somebody could open."""

    def word(self, name: str, *who: str, code: str = "") -> str:
        """A new word, and who may know it."""
        found = f"zq{name}qz"
        self.knows[found] = frozenset(who)
        if code:
            self.holds[found] = code
        return found

    def may(self, who: str) -> set[str]:
        return {word for word, names in self.knows.items() if who in names}

    def actor(self, who: str) -> Actor:
        found = self.people[who]
        assert found is not None
        return found

    def browser(self, who: str) -> Any:
        return self.world.browser(self.people[who])

    def do(self, act: Callable[[Any], Any]) -> Any:
        with self.world.database.transaction() as session:
            return act(session)


def people(told: Told) -> None:
    """Everybody who takes part, and everybody who should see nothing of it."""
    world = told.world
    names = {
        "issuer": "甲方重工有限公司", "leader": "乙方大学", "member": "丙方检测有限公司",
        "loser": "丁方研究院有限公司", "stranger": "旁观者有限公司", "buyer": "己方机电有限公司",
    }  # fmt: skip
    told.people = {"visitor": None, "without organisation": world.actor(world.user())}
    for who, name in names.items():
        category = Category.UNIVERSITY if who == "leader" else Category.ENTERPRISE
        told.people[who] = world.owner(name=name, category=category)
    nameless = told.word("nameless", "seller", "buyer", "operator")
    told.people["seller"] = world.owner(name=f"{nameless}大学", category=Category.UNIVERSITY)
    for role in Role:
        told.people[role.value] = world.actor(world.user(role))
    told.people["another specialist"] = world.actor(world.user(Role.SPECIALIST))
    told.people["another expert"] = world.actor(world.user(Role.EXPERT))
    told.people["third expert"] = world.actor(world.user(Role.EXPERT))


def file(name: str, inside: str) -> Received:
    """An Excel file whose name and content say a word each."""
    return Received(io.BytesIO(sheet_with(inside)), f"{name}.xlsx")


def attach(told: Told, code: str, who: str, name: str, inside: str, *, protected: bool) -> int:
    """Adds a file to a listing; returns its key."""
    world = told.world
    return int(
        told.do(
            lambda session: attachments.attach(
                session, told.actor(who), world._load(session, code), file(name, inside),
                folder=world.settings.uploads, limit=100_000, protected=protected,
            ).id
        )
    )  # fmt: skip


def thread_between(told: Told, code: str, issuer: str, other: str, prefix: str) -> int:
    """A talk in which everything is handed over that can be."""
    world, both = told.world, (issuer, other)
    one, two = told.actor(issuer), told.actor(other)

    def word(name: str, *who: str) -> str:
        return told.word(prefix + name, *(who or both))

    with world.database.transaction() as session:
        thread = talk.express_interest(
            session, two, world._load(session, code), f"我们做过{word('interest')}这一类工艺。"
        )
        session.flush()
        number = thread.id
        talk.say(session, one, thread, f"先说说{word('line')}。", asks=True)
        for level, name in ((FileLevel.BOTH, "openfile"), (FileLevel.AGREEMENT, "sealedfile")):
            talk.say(
                session, two, thread, "", received=file(word(name), word(f"{name}inside")),
                level=level, folder=world.settings.uploads, limit=100_000,
            )  # fmt: skip
        talk.agree(session, two, thread, confidentiality.VERSION)
        talk.agree(session, one, thread, confidentiality.VERSION)
        talk.give_contact(session, one, thread, word("person"), word("reach"))
        talk.give_contact(session, two, thread, word("personback"), word("reachback"))
        meeting = talk.propose_meeting(
            session, one, thread, clock.now() + timedelta(days=1), word("place")
        )
        session.flush()
        talk.answer_meeting(session, two, thread, meeting.id, "confirm")
        session.execute(update(ThreadMeeting).values(starts_at=clock.now() - timedelta(hours=1)))
        session.expire_all()
        thread = threads.thread(session, number, two, lock=True)
        talk.write_minutes(session, two, thread, meeting.id, f"约定{word('minutes')}。")
    return number


def response(
    told: Told, code: str, who: str, prefix: str, *readers: str, joint: bool = False
) -> int:
    """Files a response in which every text has a word that `readers` may know, too."""
    world, actor = told.world, told.actor(who)

    def word(name: str) -> str:
        return told.word(prefix + name, who, *readers)

    with world.database.transaction() as session:
        found = responses.begin(session, actor, world._load(session, code))
        texts = {
            "leader": told.word(f"{prefix}leader", who, *(r for r in readers if r != "member")),
            "approach": f"用{word('approach')}的办法。",
            "plan": f"三个月{word('plan')}。", "basis": word("basis"), "team": word("team"),
        }  # fmt: skip
        replies = [Reply("partly", f"差在{word('how')}") for _ in found.answers]
        responses.save(session, actor, found, texts, 80_000_000, replies)
        session.flush()
        number = found.id
        if joint:
            other = session.get_one(Organisation, told.actor("member").organisation_id).name
            split = [
                Part("", word("work"), 50_000_000, 60, word("rights")),
                Part(other, word("workback"), 30_000_000, 40, word("rightsback")),
            ]
            responses.propose_split(session, actor, found, split)
    if joint:
        with world.database.transaction() as session:
            member = told.actor("member")
            found = response_queries.partnered(session, number, member, lock=True)
            responses.answer_split(session, member, found, digest(found))
    with world.database.transaction() as session:
        found = response_queries.response(session, number, actor, lock=True)
        responses.file(session, actor, found)
    return number

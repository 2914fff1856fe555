"""Two dealings from the first sentence to the project, with one word of its own in everything
that anybody wrote for somebody: who may know a word stands beside it."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import update

from jiebang import wiring
from jiebang.boards.agreements import queries as agreements
from jiebang.boards.agreements import services as signing
from jiebang.boards.batches import services as batches
from jiebang.boards.models import Listing
from jiebang.boards.responses import services as responses
from jiebang.boards.responses.services.filing import Reply
from jiebang.boards.reviews.models import Stage
from jiebang.brokering import queries as introductions
from jiebang.brokering import services as brokering
from jiebang.brokering.filling import services as filling
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.worker import Worker
from tests.boards.responses_scene import Answers, Scene
from tests.boards.reviews_scene import Reviewed
from tests.factories import World, complete
from tests.hidden.dealings import need_dealing, outcome_dealing, scored
from tests.hidden.told import Told, people, response
from tests.technology.agreements_scene import complete as written

__all__ = ["Told", "planted_in"]


def planted_in(world: World) -> Told:
    """Plants everything; nothing in it waits for the worker any more."""
    told = Told(world, io.StringIO())
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(told.logged))
    people(told)
    need_dealing(told)
    outcome_dealing(told)
    _reviewing(told)
    _unfinished(told)
    _others(told)
    for _ in range(2):
        jobs = wiring.jobs(world.settings, world.database, world.discovery)
        Worker(world.database, jobs).drain()
    return told


def _reviewing(told: Told) -> None:
    """Another need whose experts are still at work: one has scored, one has only declared."""
    world, stranger, operator = told.world, told.actor("stranger"), told.actor("operator")
    code = world.published(stranger, track="competition", title="壳体疲劳寿命评价")
    told.codes["reviewing"] = code
    judges = ("stranger", "expert", "third expert")  # the first is its issuer
    number = response(told, code, "loser", "third", *judges)
    answers = Answers(Scene(world, stranger, told.actor("loser"), stranger, code, code))
    answers.check(number, operator, "qualify")
    review = Reviewed(world, operator, [told.actor("expert"), told.actor("third expert")])
    with world.database.transaction() as session:
        session.execute(
            update(Listing).where(Listing.code == code).values(
                deadline=clock.today() - timedelta(days=1)
            )
        )  # fmt: skip
    panel = review.open(code, Stage.RESPONSES)
    own = ("expert", "operator")
    scored(told, review, panel, 0, (number,), own, ("operator",))
    review.do(panel, 1, "accept")


def _unfinished(told: Told) -> None:
    """A draft that was not filed, an agreement that is still being written, an open batch."""
    world, stranger, buyer = told.world, told.actor("stranger"), told.actor("buyer")
    both = ("stranger", "buyer")
    for place, title in enumerate(("薄板拼焊夹具", "焊缝跟踪传感器")):
        code = world.published(stranger, Board.OUTCOME, title=title)
        if place == 0:
            with world.database.transaction() as session:
                draft = responses.begin(session, buyer, world._load(session, code))
                texts = {"approach": told.word("unfiled", "buyer")}
                responses.save(
                    session, buyer, draft, texts, 0, [Reply("", "")] * len(draft.answers)
                )
            continue
        number = response(told, code, "buyer", "fourth", "stranger")
        Answers(Scene(world, stranger, buyer, stranger, code, code)).select(number)
        with world.database.transaction() as session:
            found = agreements.live_of(session, number)
            assert found is not None
            content = written({**found.newest.content})
            content["subject"] = f"合作内容{told.word('unsigned', *both)}"
            signing.save(session, stranger, found, found.number, content)
            signing.propose(session, stranger, found)
    with world.database.transaction() as session:
        soon = clock.to_beijing(clock.now())
        batches.open_batch(session, told.actor("operator"), {
            "name": "样品批次", "list_type": "enterprise",
            "opens_at": (soon - timedelta(hours=1)).isoformat(),
            "closes_at": (soon + timedelta(days=30)).isoformat(),
        })  # fmt: skip


def _others(told: Told) -> None:
    """Listings that nobody deals about, an introduction, and what a specialist filled in."""
    world = told.world
    for board, name in ((Board.NEED, "needs"), (Board.OUTCOME, "outcomes")):
        hidden = told.word(f"{name}behind", "stranger")
        changed: dict[str, Any] = {"details" if board is Board.OUTCOME else "problem": hidden}
        told.codes[f"{name}behind"] = told.holds[hidden] = world.published(
            told.actor("stranger"), board, disclosure="agreement",
            title=f"协议后可见的{board.label}", **changed,
        )  # fmt: skip
        owner = told.word(f"{name}owner", f"{name} owner", "operator")
        told.people[f"{name} owner"] = who = world.owner(name=f"{owner}有限公司")
        told.codes[f"{name}anonymous"] = told.holds[owner] = world.published(
            who, board, disclosure="anonymous", title=f"匿名发布的{board.label}"
        )
        invited = told.word(f"{name}invited", "issuer", "specialist", "operator")
        told.codes[f"{name}invited"] = told.holds[invited] = world.published(
            told.actor("issuer"), board, disclosure="invited", title=f"仅受邀{invited}"
        )
    specialist, issuer = told.actor("specialist"), told.actor("issuer")
    with world.database.transaction() as session:
        listing = world._load(session, told.codes["outcomesanonymous"])
        wish = told.word("wish", "issuer", "specialist", "operator")
        found = brokering.request(session, issuer, listing, f"先问{wish}。")
        session.flush()
        number = found.id
    with world.database.transaction() as session:
        found = introductions.introduction(session, number, specialist, lock=True)
        words = told.word("introduced", "issuer", "specialist", "outcomes owner", "operator")
        brokering.accept(session, specialist, found, f"双方工艺相近，建议先谈{words}。")
    with world.database.transaction() as session:
        assert issuer.organisation_id is not None
        title = told.word("filled", "issuer", "specialist")
        hidden = told.word("filledprinciple", "issuer", "specialist")
        filled = filling.begin_listing(
            session, specialist, issuer.organisation_id, Board.OUTCOME,
            complete(Board.OUTCOME, title=f"代填{title}", principle=hidden),
        )  # fmt: skip
        filling.propose(session, specialist, filled)

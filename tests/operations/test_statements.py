"""Lists ask the database the same number of questions for 10 rows and for 100 (bar 15)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, select

from jiebang import wiring
from jiebang.boards import services
from jiebang.boards.models import Listing
from jiebang.core import audit
from jiebang.core.boards import Board
from jiebang.core.permissions import SYSTEM, Actor, OrganisationRole, Role
from jiebang.worker import Worker
from tests.conftest import post
from tests.factories import World, complete, world_on


@contextmanager
def counting(world: World) -> Iterator[list[str]]:
    """The statements of what happens inside."""
    seen: list[str] = []

    def note(_c: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    event.listen(world.database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(world.database.engine, "before_cursor_execute", note)


class Crowd:
    """The same kinds of rows, more of them each time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.owner, self.operator = world.owner(), world.operator()
        self.auditor = world.actor(world.user(Role.AUDITOR))
        self.security = world.actor(world.user(Role.SECURITY_ADMINISTRATOR))
        self.partner = world.owner()
        self.code = world.published(self.owner, title="焊接变形控制一号")

    def grow(self, number: int) -> None:
        world = self.world
        assert self.owner.organisation_id is not None
        for who, board, states in (
            (self.owner, Board.NEED, ("submit", "approve")),
            (self.partner, Board.OUTCOME, ("submit", "approve")),
            (self.owner, Board.ORDER, ("submit",)),
            (self.owner, Board.PRODUCT, ()),
        ):
            with world.database.transaction() as session:
                for index in range(number):
                    values = complete(board, title=f"焊接变形控制第{index}号")
                    listing = services.create(session, who, board, values)
                    for name in states:
                        actor = who if name == "submit" else SYSTEM
                        services.advance(session, actor, world.discovery, listing, name)
        with world.database.transaction() as session:
            for _ in range(number):
                audit.record(session, SYSTEM, "sample.done", "sample", 1)
        for index in range(number):
            user_id = world.user(name=f"同事{index}")
            world.member(self.owner.organisation_id, user_id, OrganisationRole.AGENT)
            world.organisation(user_id)
        Worker(world.database, wiring.jobs(world.settings, world.database, world.discovery)).drain()


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[int, int]]]:
    """For each page: how many statements with few rows and with many."""
    with world_on("sqlite", tmp_path_factory.mktemp("statements")) as world:
        crowd = Crowd(world)
        crowd.grow(9)
        few = measure(crowd)
        crowd.grow(91)
        many = measure(crowd)
        yield {name: (few[name], many[name]) for name in few}


PAGES: dict[str, tuple[str, Callable[[Crowd], Actor | None]]] = {
    "boards.index": ("/boards/", lambda c: None),
    "boards.browse": ("/boards/need", lambda c: None),
    "boards.browse, searched": ("/boards/need?q=焊接变形", lambda c: None),
    "boards.browse, signed in": ("/boards/need", lambda c: c.owner),
    "boards.mine": ("/listings/", lambda c: c.owner),
    "boards.todo": ("/todo", lambda c: c.owner),
    "boards.todo of an operator": ("/todo", lambda c: c.operator),
    "boards.listing": ("/listings/{code}", lambda c: c.owner),
    "boards.matches": ("/listings/{code}/matches", lambda c: c.owner),
    "operations.desk": ("/operations/", lambda c: c.operator),
    "operations.queue": ("/operations/review", lambda c: c.operator),
    "operations.trail": ("/operations/audit", lambda c: c.auditor),
    "orgs.mine with members": ("/organisations/mine", lambda c: c.owner),
    "orgs.page with listings": ("/organisations/{organisation}", lambda c: None),
    "orgs.choose": ("/organisations/choose", lambda c: c.owner),
    "accounts.roles": ("/account/roles", lambda c: c.security),
}


def measure(crowd: Crowd) -> dict[str, int]:
    found = {}
    for name, (address, who) in PAGES.items():
        url = address.format(code=crowd.code, organisation=crowd.owner.organisation_id)
        client: FlaskClient = crowd.world.browser(who(crowd))
        client.get(url)  # the index catches up; sessions are touched
        with counting(crowd.world) as seen:
            response = client.get(url)
        assert response.status_code == 200, (name, response.status_code)
        found[name] = len(seen)
    client = crowd.world.browser(None)
    with counting(crowd.world) as seen:
        assert post(client, "/ask", {"text": "焊接变形怎么控制"}).status_code == 200
    found["discovery.ask"] = len(seen)
    return found


@pytest.mark.parametrize("page", [*PAGES, "discovery.ask"])
def test_as_many_statements_for_a_hundred_rows_as_for_ten(
    counts: dict[str, tuple[int, int]], page: str
) -> None:
    few, many = counts[page]
    assert 0 < few < 40
    assert many <= few, f"{few} statements for 10 rows, {many} for 100"


def test_the_rows_were_really_there(counts: dict[str, tuple[int, int]], tmp_path: Path) -> None:
    with world_on("sqlite", tmp_path) as world:
        crowd = Crowd(world)
        crowd.grow(12)
        with world.database.reading() as session:
            assert len(session.scalars(select(Listing)).all()) == 49
        assert world.browser(crowd.operator).get("/operations/review").text.count("DD") >= 12
        assert world.browser(crowd.owner).get("/listings/").text.count("/listings/CP") >= 12
        assert world.browser(crowd.owner).get("/organisations/mine").text.count("同事") >= 12

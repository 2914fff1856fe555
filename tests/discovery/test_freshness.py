"""The very next search of any process is right; an index is a cache, and never trusted.

Bar 5 of TRUST.md: published, changed and withdrawn listings, and what was never committed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from jiebang import wiring
from jiebang.boards import services
from jiebang.boards.models import Listing
from jiebang.core.boards import Board
from jiebang.core.permissions import ANONYMOUS, SYSTEM
from jiebang.discovery import encoders as discovery_encoders
from jiebang.discovery.encoders import SearchUnavailable
from jiebang.discovery.engine import Discovery
from jiebang.discovery.models import SearchRevision, SearchRow, SearchText
from jiebang.discovery.rows import stale_rows
from matching import encoder
from tests.conftest import post
from tests.factories import World, world_on
from tests.processes import ROOT, environment

ROUNDS = int(os.environ.get("FRESHNESS_ROUNDS", "50"))
"""1,000 for the whole bar, see docs/matching.md."""
SEARCHER = """
import json, sys
from jiebang import config, wiring
from jiebang.core.boards import Board
from jiebang.db import Database

settings = config.load()
database = Database(settings.database_url)
door = wiring.discovery(settings, database)
for line in sys.stdin:
    text, board = json.loads(line)
    with database.reading() as session:
        found = door.search_text(session, text, Board(board), k=50, explain=False)
    print(json.dumps([each.card.code for each in found]), flush=True)
"""


class Neighbour:
    """Another process that searches the same database."""

    def __init__(self, world: World) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SEARCHER],
            cwd=ROOT,
            env=environment(
                JIEBANG_HOME=str(world.settings.home),
                JIEBANG_DATABASE_URL=world.settings.database_url,
                JIEBANG_VECTOR_ENGINE=world.settings.vector_engine,
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def finds(self, text: str, board: Board = Board.NEED) -> list[str]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps([text, board.value]) + "\n")
        self.process.stdin.flush()
        found: list[str] = json.loads(self.process.stdout.readline())
        return found

    def close(self) -> None:
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0


@contextmanager
def neighbour(world: World) -> Iterator[Neighbour]:
    found = Neighbour(world)
    try:
        yield found
        found.close()
    finally:
        if found.process.poll() is None:
            found.process.kill()
            found.process.communicate()


def finds(world: World, door: Discovery, text: str, board: Board = Board.NEED) -> list[str]:
    with world.database.reading() as session:
        found = door.search_text(session, text, board, ANONYMOUS, 50)
        return [each.card.code for each in found]


def test_another_process_is_right_in_its_very_next_search(any_world: World) -> None:
    world, owner = any_world, any_world.owner()
    with neighbour(world) as other:
        assert other.finds("zqnothing") == []
        for number in range(ROUNDS):
            first, second = f"zqfirst{number}x", f"zqsecond{number}x"
            code = world.published(owner, title=f"壳体焊接{first}", deadline=None)
            assert other.finds(first) == [code], f"published, round {number}"
            world.change(code, owner, {"title": f"壳体焊接{second}"})
            assert other.finds(first) == [], f"the old text, round {number}"
            assert other.finds(second) == [code], f"the new text, round {number}"
            world.advance(code, "withdraw", owner, "已解决")
            assert other.finds(second) == [], f"withdrawn, round {number}"


def test_every_board_and_every_filter_column_follows(any_world: World) -> None:
    world, owner = any_world, any_world.owner()
    second = world.another()
    for board in Board:
        code = world.published(owner, board, title=f"齿轮箱{board.value}样品", region="济南市")
        assert finds(world, second, f"齿轮箱{board.value}", board) == [code]
        world.change(code, owner, {"disclosure": "registered"})
        assert finds(world, second, f"齿轮箱{board.value}", board) == []
        world.change(code, owner, {"disclosure": "public", "region": "青岛市"})
        with world.database.reading() as session:
            row = session.scalars(
                select(SearchRow).join(Listing, Listing.id == SearchRow.listing_id)
                .where(Listing.code == code)
            ).one()  # fmt: skip
            assert (row.visibility, row.region) == (0, "青岛市")
        assert finds(world, second, f"齿轮箱{board.value}", board) == [code]


def test_what_is_not_committed_is_nobodys_business(any_world: World) -> None:
    world, owner = any_world, any_world.owner()
    code = world.submitted(owner, title="铝合金壳体zqpending焊接")
    here, there = world.discovery, world.another()
    assert finds(world, here, "zqpending") == finds(world, there, "zqpending") == []
    with world.database.session(write=True) as session:
        listing = world._load(session, code)
        services.advance(session, SYSTEM, here, listing, "approve")
        session.flush()
        assert finds(world, here, "zqpending") == finds(world, there, "zqpending") == []
        session.rollback()
    assert finds(world, here, "zqpending") == finds(world, there, "zqpending") == []
    with world.database.reading() as session:
        assert session.scalar(select(SearchRevision.value)) == 0
        assert session.scalars(select(SearchRow)).all() == []
    world.advance(code, "approve", SYSTEM)
    assert finds(world, here, "zqpending") == finds(world, there, "zqpending") == [code]


def test_an_uncommitted_change_keeps_the_old_text(any_world: World) -> None:
    world, owner = any_world, any_world.owner()
    code = world.published(owner, title="铝合金壳体zqbefore焊接")
    with world.database.session(write=True) as session:
        listing = world._load(session, code)
        services.change(session, owner, listing, {"title": "铝合金壳体zqafter焊接"})
        services.save_and_reindex(session, world.discovery, listing)
        session.flush()
        assert finds(world, world.discovery, "zqafter") == []
        assert finds(world, world.another(), "zqbefore") == [code]
        session.rollback()
    assert finds(world, world.discovery, "zqbefore") == [code]
    assert finds(world, world.discovery, "zqafter") == []


def test_revisions_of_writers_at_the_same_moment_are_all_read(any_world: World) -> None:
    """A reader that catches up between two commits must not skip the one that commits later."""
    world, owner = any_world, any_world.owner()
    codes = [
        world.submitted(owner, title=f"壳体焊接zqthread{number}x", deadline=None)
        for number in range(12)
    ]
    reader, stop = world.another(), threading.Event()
    missed: list[str] = []
    approved: set[str] = set()

    def approve(mine: list[str]) -> None:
        for code in mine:
            world.advance(code, "approve", SYSTEM)
            approved.add(code)

    def watch() -> None:
        while not stop.is_set():
            known = set(approved)
            found = set(finds(world, reader, "壳体焊接zqthread"))
            missed.extend(known - found)

    watcher = threading.Thread(target=watch)
    writers = [threading.Thread(target=approve, args=(codes[n::3],)) for n in range(3)]
    watcher.start()
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join(60)
    stop.set()
    watcher.join(60)
    assert approved == set(codes) and missed == []
    for number, code in enumerate(codes):
        assert finds(world, reader, f"zqthread{number}x") == [code]


# Snapshots


def _flip(folder: Path) -> None:
    for path in sorted(folder.rglob("*.npy")):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(bytes(data))


def _truncate(folder: Path) -> None:
    for path in sorted(folder.rglob("*.json")):
        path.write_bytes(path.read_bytes()[:-20])


def _lose(folder: Path) -> None:
    shutil.rmtree(next(path for path in folder.iterdir() if path.is_dir()))


def _manifest(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (_flip, "sha256|校验|损坏"),
        (_truncate, "读|损坏|manifest|清单|JSON"),
        (_lose, "缺|没有|读"),
        (lambda folder: (folder / "manifest.json").unlink(), "没有|读"),
        (lambda folder: _manifest(folder, revision=10_000), "比数据库"),
        (lambda folder: _manifest(folder, model="another-model"), "model"),
        (lambda folder: _manifest(folder, source="another-database"), "source"),
        (lambda folder: _manifest(folder, format=99), "格式|版本|format"),
    ],
    ids=["flipped", "truncated", "lost", "unlisted", "newer", "model", "database", "format"],
)
def test_a_snapshot_that_does_not_fit_is_discarded_and_the_answer_is_right(
    world: World, damage: Callable[[Path], None], reason: str
) -> None:
    owner = world.owner()
    code = world.published(owner, title="铝合金壳体zqsnapshot焊接")
    assert world.discovery.live.save_snapshot(force=True)
    folder = next(world.settings.snapshots.iterdir())
    fitting = world.another()
    with capture_logs() as logs:
        assert finds(world, fitting, "zqsnapshot") == [code]
    assert logs == [], "an intact one is used"
    damage(folder)
    with capture_logs() as logs:
        assert finds(world, world.another(), "zqsnapshot") == [code]
    assert [entry["event"] for entry in logs] == ["snapshot_discarded"]

    assert re.search(reason, str(logs[0]["reason"])), logs[0]["reason"]
    with capture_logs() as logs:
        assert finds(world, world.another(), "zqsnapshot") == [code]
    assert logs == [], "it is told once and then out of the way"


def test_a_snapshot_catches_up_with_what_happened_since(world: World) -> None:
    owner = world.owner()
    kept = world.published(owner, title="铝合金壳体zqkept焊接")
    gone = world.published(owner, title="铝合金壳体zqgone焊接")
    world.discovery.live.save_snapshot(force=True)
    world.advance(gone, "withdraw", owner, "已解决")
    world.change(kept, owner, {"title": "铝合金壳体zqrenamed焊接"})
    later = world.another()
    assert finds(world, later, "zqgone") == []
    assert finds(world, later, "zqrenamed") == [kept]
    assert finds(world, later, "zqkept") == []


def test_databases_that_share_a_folder_do_not_share_snapshots(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with world_on("sqlite", tmp_path / "a") as first, world_on("sqlite", tmp_path / "b") as other:
        for world in (first, other):  # both were copied from one template
            with world.database.transaction() as session:
                session.execute(
                    update(SearchRevision).values(database=world.settings.home.parts[-2])
                )
        code = first.published(first.owner(), title="铝合金壳体zqmine焊接")
        other.published(other.owner(), title="铝合金壳体zqtheirs焊接")
        other.discovery.live.save_snapshot(force=True)
        model = other.discovery.configured.fingerprint
        theirs = other.settings.snapshots / f"b-{model}"
        shutil.copytree(theirs, first.settings.snapshots / f"b-{model}")
        assert finds(first, first.another(), "zqmine") == [code]
        shutil.copytree(theirs, first.settings.snapshots / f"a-{model}")
        with capture_logs() as logs:
            assert finds(first, first.another(), "zqmine") == [code]
        assert [entry["event"] for entry in logs] == ["snapshot_discarded"]


def test_what_no_usable_model_has_encoded_is_left_out_until_the_reindex(world: World) -> None:
    owner = world.owner()
    code = world.published(owner, title="铝合金壳体zqmodel焊接")
    with world.database.transaction() as session:  # a model that nobody has any more
        session.execute(update(SearchText).values(model="former-model"))
        session.execute(update(SearchRevision).values(model="former-model"))
    door = world.another()
    with capture_logs() as logs:
        assert finds(world, door, "zqmodel") == []
    assert [entry["event"] for entry in logs] == ["model_missing", "rows_of_another_model"]
    with world.database.reading() as session:
        assert stale_rows(session, door.live.engine.encoder.fingerprint) == 1
    assert door.rebuild() == 1
    assert finds(world, door, "zqmodel") == [code]
    assert finds(world, world.another(), "zqmodel") == [code]


def test_a_rebuild_retires_what_is_no_longer_published(world: World) -> None:
    owner = world.owner()
    code = world.published(owner, title="铝合金壳体zqretired焊接")
    with world.database.transaction() as session:  # as if a bug had forgotten the index
        session.execute(update(Listing).where(Listing.code == code).values(state="draft"))
    door = world.another()
    assert door.rebuild() == 0
    with world.database.reading() as session:
        assert [row.live for row in session.scalars(select(SearchRow))] == [False]


# No model


@pytest.fixture
def no_model(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Takes the model away from the application after something was published."""
    missing = tmp_path / "no-such-model"
    monkeypatch.setattr(
        discovery_encoders, "load_encoder", lambda _path: encoder.read_static(missing)
    )
    world.discovery._live = None
    return missing


def test_a_missing_model_says_what_to_do(world: World, no_model: Path) -> None:
    door = wiring.discovery(world.settings, world.database)
    with pytest.raises(SearchUnavailable, match="JIEBANG_MODEL") as caught:
        assert door.live
    assert str(no_model) in str(caught.value)
    assert isinstance(caught.value, encoder.ModelMissing), "the commands print the advice"


def test_without_a_model_pages_say_so_and_the_others_work(world: World, no_model: Path) -> None:
    owner = world.owner()
    code = world.submitted(owner)
    visitor, operator = world.browser(None), world.browser(world.operator())
    for response in (
        post(visitor, "/ask", {"text": "铝合金焊接变形"}),
        visitor.get("/boards/need?q=焊接"),
        world.browser(owner).get(f"/listings/{code}"),
        post(operator, f"/operations/review/{code}/approve"),
    ):
        assert response.status_code == 503
        assert "搜索与匹配暂时不能使用" in response.text and "jiebang doctor" in response.text
        assert str(no_model) not in response.text and "Traceback" not in response.text
    for url in ("/", "/boards/", "/boards/need", "/sign-in"):
        assert visitor.get(url).status_code == 200
    assert world.listing(code).state == "submitted", "nothing is published half"

"""Vectors in the database: chosen by a setting, completed when somebody wrote without them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from indexes import pgvector
from jiebang import config, doctor, schema, wiring
from jiebang.config import SettingsError
from jiebang.core.boards import Board
from jiebang.core.permissions import ANONYMOUS
from jiebang.discovery.engine import Discovery
from matching.engine import Packed
from tests.factories import World, world_on

pytestmark = pytest.mark.postgres


@pytest.fixture
def faiss_world(tmp_path: Path) -> Iterator[World]:
    with world_on("postgres", tmp_path) as found:
        yield found


def with_vectors_in_the_database(world: World) -> Discovery:
    return wiring.discovery(replace(world.settings, vector_engine="pgvector"), world.database)


def finds(world: World, door: Discovery, query: str) -> list[str]:
    with world.database.reading() as session:
        found = door.search_text(session, query, Board.NEED, ANONYMOUS, 50, explain=False)
        return sorted(each.card.code for each in found)


def kept(world: World) -> int:
    with world.database.engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM search_vector")).scalar_one())


def test_what_was_written_before_and_beside_it_is_completed(faiss_world: World) -> None:
    world, owner = faiss_world, faiss_world.owner()
    codes = [world.published(owner, title=f"壳体焊接zqeng{n}x", deadline=None) for n in range(3)]
    door = with_vectors_in_the_database(world)
    assert kept(world) == 0
    assert finds(world, door, "zqeng1x") == [codes[1]]
    assert kept(world) == 6, "two vectors a listing"
    # another machine, which still has the other engine, goes on writing
    world.change(codes[1], owner, {"title": "壳体焊接zqother"})
    codes.append(world.published(owner, title="壳体焊接zqbeside", deadline=None))
    assert finds(world, door, "zqother") == [codes[1]] and finds(world, door, "zqeng1x") == []
    assert finds(world, door, "zqbeside") == [codes[3]]
    world.advance(codes[0], "withdraw", owner, "已解决")
    assert kept(world) == 6, "the vectors of what was withdrawn went with its text"
    assert finds(world, with_vectors_in_the_database(world), "壳体焊接") == sorted(codes[1:])


def test_both_engines_give_the_same_matches(faiss_world: World) -> None:
    world, owner = faiss_world, faiss_world.owner()
    for number in range(12):
        world.published(owner, title=f"壳体焊接{number}号平面度" * (1 + number % 3), deadline=None)
    door, both = with_vectors_in_the_database(world), []
    for each in (world.discovery, door):
        with world.database.reading() as session:
            found = each.search_text(session, "焊接平面度控制", Board.NEED, ANONYMOUS, 50)
            both.append([(m.match.id, m.match.score, m.match.parts) for m in found])
    assert both[0] == both[1] and len(both[0]) == 12


def test_a_start_from_a_snapshot_reads_no_vectors_and_is_refused_without_them(
    faiss_world: World,
) -> None:
    world, owner = faiss_world, faiss_world.owner()
    codes = [world.published(owner, title=f"壳体焊接zqsnap{n}x", deadline=None) for n in range(3)]
    door = with_vectors_in_the_database(world)
    assert door.live.save_snapshot(force=True)
    files = {path.name for path in world.settings.snapshots.rglob("*") if path.is_file()}
    assert files and not any(".vector." in name for name in files)
    again = with_vectors_in_the_database(world)
    assert finds(world, again, "zqsnap2x") == [codes[2]]
    with world.database.transaction() as session:  # as if a backup had left them out
        session.execute(text("DELETE FROM search_vector"))
    assert finds(world, with_vectors_in_the_database(world), "zqsnap2x") == [codes[2]]
    assert kept(world) == 6


def test_the_schema_goes_down_and_up_with_the_table_there(faiss_world: World) -> None:
    with_vectors_in_the_database(faiss_world)
    assert schema.differences(faiss_world.database) == []
    schema.downgrade(faiss_world.database, "base")
    schema.upgrade(faiss_world.database)
    assert schema.differences(faiss_world.database) == []


def examined(world: World) -> doctor.Finding:
    """What the doctor finds of the engine."""
    environ = {
        "JIEBANG_HOME": str(world.settings.home),
        "JIEBANG_DATABASE_URL": world.settings.database_url,
        "JIEBANG_VECTOR_ENGINE": "pgvector",
    }
    (finding,) = [f for f in doctor.examine(environ).findings if f.part == "向量引擎"]
    return finding


def made(world: World) -> set[str]:
    """The engine's extension and tables in a database."""
    query = (
        "SELECT extname FROM pg_extension WHERE extname = 'vector' "
        "UNION SELECT relname FROM pg_class WHERE relname LIKE 'search_vector%'"
    )
    with world.database.engine.connect() as connection:
        return set(connection.execute(text(query)).scalars())


def test_the_doctor_only_looks(faiss_world: World) -> None:
    before = made(faiss_world)
    finding = examined(faiss_world)
    assert made(faiss_world) == before, "nothing was made"
    assert "search_vector" not in before and finding.state is doctor.State.NOTE
    assert "search_vector" in finding.text and "自动建立" in finding.advice
    with_vectors_in_the_database(faiss_world)
    assert examined(faiss_world).state is doctor.State.FINE
    with faiss_world.database.engine.begin() as connection:
        connection.execute(text("DROP TABLE search_vector_need_title"))
    finding = examined(faiss_world)
    assert finding.state is doctor.State.NOTE and "search_vector_need_title" in finding.text


def test_a_database_without_the_extension_says_what_to_do(
    faiss_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pgvector, "LEAST", (99,))
    with pytest.raises(
        SettingsError, match=r"CREATE EXTENSION vector.*JIEBANG_VECTOR_ENGINE=faiss"
    ):
        with_vectors_in_the_database(faiss_world)
    finding = examined(faiss_world)
    assert finding.state is doctor.State.WRONG and "CREATE EXTENSION" in finding.advice


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"JIEBANG_VECTOR_ENGINE": "pgvector"}, "只能用于 PostgreSQL"),
        ({"JIEBANG_VECTOR_ENGINE": "milvus"}, "faiss 或 pgvector"),
    ],
    ids=["sqlite", "unknown"],
)
def test_a_choice_that_cannot_be_is_refused(settings: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        config.load(settings)


def test_texts_made_by_another_process_bring_their_vectors(faiss_world: World) -> None:
    world = faiss_world
    code = world.published(world.owner(), title="壳体焊接zqpacked", deadline=None)
    door = with_vectors_in_the_database(world)
    with world.database.transaction() as session:
        (item,) = door.provider.indexables(session, door.provider.all_ids(session)).values()
        asked = (item.document.title, item.document.body)
        made = door.live.engine.prepare(*asked)
        door.publish_many(session, [item], {asked: Packed(made.to_bytes(), made.model)})
    assert kept(world) == 2 and finds(world, door, "zqpacked") == [code]
    with world.database.transaction() as session:  # what another model made is made again
        door.publish_many(session, [item], {asked: Packed(b"?", "another")})
    assert kept(world) == 2 and finds(world, door, "zqpacked") == [code]

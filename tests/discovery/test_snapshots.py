"""Processes stand on shared snapshots: written beside the searches, taken over in a moment."""

from __future__ import annotations

import gc
import threading
import time
import weakref

import pytest

from indexes import snapshot
from jiebang.core.boards import Board
from jiebang.core.permissions import ANONYMOUS
from jiebang.discovery import index
from jiebang.discovery.engine import Discovery
from matching.documents import Kind
from tests.factories import World


def finds(world: World, door: Discovery, text: str) -> list[str]:
    with world.database.reading() as session:
        found = door.search_text(session, text, Board.NEED, ANONYMOUS, 50, explain=False)
        return [each.card.code for each in found]


def mapped(door: Discovery) -> int:
    """How many needs of this process lie in the shared base."""
    return door.live.engine.board(Kind.NEED).collection.split


def test_the_writer_stands_on_its_snapshot_and_what_came_since(any_world: World) -> None:
    world, owner = any_world, any_world.owner()
    codes = [world.published(owner, title=f"壳体焊接zqbase{n}x", deadline=None) for n in range(4)]
    door = world.discovery
    assert finds(world, door, "zqbase0x") == [codes[0]] and mapped(door) == 0
    assert door.live.save_snapshot(force=True)
    assert mapped(door) == 4
    world.change(codes[1], owner, {"title": "壳体焊接zqmoved"})
    world.advance(codes[2], "withdraw", owner, "已解决")
    assert finds(world, door, "zqbase1x") == finds(world, door, "zqbase2x") == []
    assert finds(world, door, "zqmoved") == [codes[1]]
    assert door.live.save_snapshot(force=True)
    assert mapped(door) == 3
    assert finds(world, door, "zqmoved") == [codes[1]]
    assert finds(world, door, "zqbase3x") == [codes[3]]


def test_no_garbage_is_looked_for_in_an_index_and_a_former_one_goes_at_once(
    any_world: World,
) -> None:
    world, owner = any_world, any_world.owner()
    code = world.published(owner, title="壳体焊接zqkept", deadline=None)
    door = world.discovery
    assert finds(world, door, "zqkept") == [code]
    former = weakref.ref(door.live.engine)
    gc.disable()
    try:
        assert door.live.save_snapshot(force=True)
        assert mapped(door) == 1 and former() is None
        board = door.live.engine.board(Kind.NEED)
        assert not any(each is board for each in gc.get_objects())
        another = world.another()
        assert finds(world, another, "zqkept") == [code] and mapped(another) == 1
        board = another.live.engine.board(Kind.NEED)
        assert not any(each is board for each in gc.get_objects())
    finally:
        gc.unfreeze()
        gc.enable()


def test_another_process_takes_a_newer_snapshot_over(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "SNAPSHOT_AFTER", 3)
    world, owner = any_world, any_world.owner()
    reader = world.another()
    assert finds(world, reader, "zqearly") == []
    codes = [world.published(owner, title=f"壳体焊接zqearly{n}x", deadline=None) for n in range(4)]
    assert world.discovery.live.save_snapshot()
    until = time.monotonic() + 20
    while mapped(reader) < 4 and time.monotonic() < until:
        assert finds(world, reader, "zqearly2x") == [codes[2]]
        codes.append(world.published(owner, title=f"壳体焊接zqearly{len(codes)}x", deadline=None))
        time.sleep(0.05)
    assert mapped(reader) >= 4, "the newer snapshot was not taken over"
    for number, code in enumerate(codes):
        assert finds(world, reader, f"zqearly{number}x") == [code]


def test_searches_and_changes_go_on_while_a_snapshot_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = world.owner()
    first = world.published(owner, title="壳体焊接zqbefore", deadline=None)
    door, writing, go_on = world.discovery, threading.Event(), threading.Event()
    write = snapshot.write

    def slow(*arguments: object) -> None:
        writing.set()
        assert go_on.wait(20)
        write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(snapshot, "write", slow)
    thread = threading.Thread(target=lambda: door.live.save_snapshot(force=True))
    thread.start()
    assert writing.wait(20)
    second = world.published(owner, title="壳体焊接zqduring", deadline=None)
    assert finds(world, door, "zqduring") == [second]
    world.advance(first, "withdraw", owner, "已解决")
    assert finds(world, door, "zqbefore") == []
    go_on.set()
    thread.join(20)
    assert mapped(door) == 1, "the snapshot holds what stood there when it was begun"
    assert finds(world, door, "zqduring") == [second]
    assert finds(world, door, "zqbefore") == []
    assert finds(world, world.another(), "zqduring") == [second]

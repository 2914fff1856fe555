"""Changing the model: the old one serves until the new one has read everything."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from safetensors.numpy import load, save_file
from sqlalchemy import select

from jiebang import wiring
from jiebang.config import SettingsError
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.permissions import ANONYMOUS
from jiebang.discovery import renewal
from jiebang.discovery.engine import Discovery
from jiebang.discovery.models import SearchText
from jiebang.discovery.renewal import PART_LIVES, Renewal, keep_model, progress_of
from jiebang.discovery.rows import stale_rows, state
from matching import neighbours
from matching import terms as own_terms
from matching.encoder import BUNDLED
from matching.prepared import Prepared
from matching.training.folder import keep_neighbours
from tests.factories import World


@pytest.fixture(scope="module")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled model with every vector turned round: other numbers, the same cosines."""
    folder = tmp_path_factory.mktemp("models") / "other"
    shutil.copytree(BUNDLED, folder)
    weights = load((folder / "model.safetensors").read_bytes())
    turned = {name: tensor[:, ::-1].copy() if tensor.ndim == 2 else tensor
              for name, tensor in weights.items()}  # fmt: skip
    save_file(turned, folder / "model.safetensors")
    keep_neighbours(folder, folder / neighbours.FILE)  # as training does
    return folder


def configured(world: World, model: Path) -> Discovery:
    """A process whose settings name another model."""
    return wiring.discovery(replace(world.settings, model=str(model)), world.database)


def finds(world: World, door: Discovery, text: str) -> list[str]:
    with world.database.reading() as session:
        found = door.search_text(session, text, Board.NEED, ANONYMOUS, 50, explain=False)
        return sorted(each.card.code for each in found)


def models_kept(world: World) -> set[str]:
    with world.database.reading() as session:
        return set(session.scalars(select(SearchText.model)))


def test_the_old_model_serves_until_all_is_encoded_and_all_switch_at_once(
    any_world: World, other_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "BATCH", 2)
    world, owner = any_world, any_world.owner()
    codes = [world.published(owner, title=f"壳体焊接zqold{n}x", deadline=None) for n in range(5)]
    old = world.discovery.configured.fingerprint
    door = configured(world, other_model)
    new = door.configured.fingerprint
    assert new != old
    assert finds(world, door, "zqold3x") == [codes[3]], "it serves with the model it found"
    assert door.live.engine.encoder.fingerprint == old

    seen: list[tuple[int, int]] = []

    class Killed(BaseException):
        pass

    def stop(done: int, total: int) -> None:
        seen.append((done, total))
        if done >= 4:
            raise Killed

    with pytest.raises(Killed):
        Renewal(door).run(progress=stop)
    assert seen == [(0, 5), (2, 5), (4, 5)]
    assert finds(world, world.discovery, "zqold4x") == [codes[4]]
    with world.database.reading() as session:
        assert state(session).model == old
    # what happens meanwhile is right at once, and not lost by the switch
    world.change(codes[0], owner, {"title": "壳体焊接zqchanged"})
    world.advance(codes[1], "withdraw", owner, "已解决")
    added = world.published(owner, title="壳体焊接zqadded", deadline=None)
    reader = world.another()
    assert finds(world, reader, "zqchanged") == [codes[0]]

    again = configured(world, other_model)
    assert Renewal(again).run(progress=lambda *at: seen.append(at))
    assert seen[3] == (2, 5), "it goes on where the killed one was"
    with world.database.reading() as session:
        assert state(session).model == new
        assert stale_rows(session, new) == 0
        assert progress_of(session, new) == (5, 5)
    for each in (world.discovery, reader, again, door, world.another()):
        assert finds(world, each, "zqchanged") == [codes[0]]
        assert finds(world, each, "zqold1x") == finds(world, each, "zqold0x") == []
        assert finds(world, each, "zqadded") == [added]
        assert each.live.engine.encoder.fingerprint == new
    # and a process that was started with the old model writes with the new one
    late = world.published(owner, title="壳体焊接zqlate", deadline=None)
    assert finds(world, again, "zqlate") == [late]
    Renewal(again).tidy()
    assert models_kept(world) == {new}
    assert (world.settings.models / new).is_dir()
    assert finds(world, world.another(), "zqlate") == [late]


def with_terms(world: World, folder: Path, *terms: str) -> Discovery:
    """A process that was started after the operator has written these terms."""
    path = folder / "own.txt"
    path.write_text("\n".join(terms), encoding="utf-8")
    settings = replace(world.settings, terms=path if terms else None)
    return wiring.discovery(settings, world.database)


def test_own_terms_take_effect_like_another_model(any_world: World, tmp_path: Path) -> None:
    world, owner = any_world, any_world.owner()
    code = world.published(owner, title="泉城智链平台的接口改造", deadline=None)
    try:
        door = with_terms(world, tmp_path, "泉城智链")
        assert finds(world, door, "泉城智链") == [code], "it serves with what was encoded before"
        assert Renewal(door).run()
        with world.database.reading() as session:
            assert state(session).model == door.configured.fingerprint
            stored = session.scalars(select(SearchText)).all()
            segments = [Prepared.from_bytes(each.prepared).title_segments for each in stored]
        assert any("泉城智链" in each for each in segments)
        Renewal(door).tidy()
        # whoever comes with other terms goes on with what serves, and in time takes its place
        later = with_terms(world, tmp_path, "泉城智链", "接口改造")
        assert finds(world, later, "泉城智链") == [code]
        assert later.live.engine.encoder.fingerprint == door.configured.fingerprint
        assert Renewal(later).run()
        assert finds(world, later, "接口改造") == [code]
    finally:
        own_terms.use(())


def test_unusable_terms_stop_the_start(world: World, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="第 1 行“钢”"):
        with_terms(world, tmp_path, "钢")


def test_processes_with_older_settings_do_not_switch_back(world: World, other_model: Path) -> None:
    owner = world.owner()
    world.published(owner, title="壳体焊接zqback", deadline=None)
    before = clock.now()
    assert Renewal(configured(world, other_model)).run()
    new = configured(world, other_model).configured.fingerprint
    assert Renewal(world.another(), started=before).run()
    with world.database.reading() as session:
        assert state(session).model == new
    assert Renewal(world.another(), started=clock.now() + timedelta(seconds=1)).run()
    with world.database.reading() as session:
        assert state(session).model == world.discovery.configured.fingerprint


def test_the_kept_copy_serves_when_the_model_is_gone_from_its_place(
    world: World, other_model: Path, tmp_path: Path
) -> None:
    """An upgrade of the program replaces its model: the old vectors go on serving."""
    place = tmp_path / "place"
    shutil.copytree(other_model, place)
    door = configured(world, place)
    world.app.extensions["jiebang"].discovery._live = None
    owner = world.owner()
    code = world.published(owner, title="壳体焊接zqkept", deadline=None)
    assert Renewal(door).run()
    Renewal(door).tidy()
    shutil.rmtree(place)
    fresh = world.another()
    assert finds(world, fresh, "zqkept") == [code]
    assert fresh.live.engine.encoder.fingerprint == door.configured.fingerprint


def test_a_first_listing_makes_its_model_serve_without_any_renewal(world: World) -> None:
    owner = world.owner()
    with world.database.reading() as session:
        assert state(session).model is None
    world.published(owner, title="壳体焊接zqfirst", deadline=None)
    with world.database.reading() as session:
        assert state(session).model == world.discovery.configured.fingerprint
    assert Renewal(world.discovery).run()


def test_a_copy_that_another_process_is_making_stays(tmp_path: Path) -> None:
    source, models = tmp_path / "source", tmp_path / "models"
    source.mkdir()
    (source / "model.safetensors").write_bytes(b"weights")
    under_way, left = models / ".part-other", models / ".part-killed"
    for folder in (under_way, left, models / "former"):
        folder.mkdir(parents=True)
    long_ago = time.time() - 2 * PART_LIVES
    os.utime(left, (long_ago, long_ago))
    keep_model(source, models, "now")
    assert sorted(path.name for path in models.iterdir()) == [".part-other", "now"]
    assert (models / "now" / "model.safetensors").read_bytes() == b"weights"

"""A collection against a plain dictionary, under random changes; snapshots of it."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from indexes import snapshot, stored
from indexes.checks import VectorInvalid
from indexes.collection import Collection, Entry
from indexes.columns import MISSING
from indexes.snapshot import SnapshotInvalid


def empty() -> Collection:
    return Collection(dim=4, vectors=("v",), texts=("t",), numbers=("n",), values=("w",))


def entry(rng: random.Random, key: int) -> Entry:
    vector = np.asarray([rng.gauss(0, 1) for _ in range(4)], np.float32)
    text = Counter(rng.choice("甲乙丙丁戊己庚辛") for _ in range(rng.randrange(9)))
    number = rng.choice([None, rng.randrange(100)])
    return Entry(key, {"v": vector}, {"t": text}, {"n": number},
                 {"w": rng.choice(["", "济南", frozenset({"转让"})])})  # fmt: skip


def same(collection: Collection, truth: dict[int, Entry]) -> None:
    live = np.flatnonzero(collection.live())
    assert sorted(collection.ids[live].tolist()) == sorted(truth)
    assert len(collection) == len(truth)
    fresh = empty()
    fresh.apply([truth[key] for key in collection.ids[live].tolist()])
    query = {"甲": 1.0, "丙": 2.0}
    ours = collection.texts["t"].scores(query)[0][live]
    np.testing.assert_allclose(ours, fresh.texts["t"].scores(query)[0], rtol=2e-6)
    everything = np.arange(len(truth))
    vectors = collection.vectors["v"].rows(live)
    np.testing.assert_array_equal(vectors, fresh.vectors["v"].rows(everything))
    stored = collection.numbers["n"].values[live].tolist()
    numbers = [truth[key].numbers["n"] for key in collection.ids[live].tolist()]
    assert stored == [MISSING if number is None else number for number in numbers]
    assert collection.values["w"].at(live) == fresh.values["w"].values


@pytest.mark.parametrize("seed", range(8))
def test_random_changes_equal_a_dictionary(seed: int) -> None:
    rng = random.Random(seed)
    collection, truth = empty(), {}
    for _ in range(60):
        upserts = [entry(rng, rng.randrange(60)) for _ in range(rng.randrange(12))]
        removes = [rng.randrange(60) for _ in range(rng.randrange(6))]
        collection.apply(upserts, removes)
        for key in removes:
            truth.pop(key, None)
        truth |= {one.id: one for one in upserts}
    same(collection, truth)
    assert collection.ids.size <= len(truth) + max(64, collection.ids.size // 4)  # reclaimed


def test_a_refused_change_changes_nothing() -> None:
    rng = random.Random(1)
    collection = empty()
    first = entry(rng, 1)
    collection.apply([first])
    broken = Entry(2, {"v": np.full(4, np.nan, np.float32)}, {"t": Counter()}, {"n": 1}, {"w": ""})
    with pytest.raises(VectorInvalid):
        collection.apply([entry(rng, 1), broken], removes=[1])
    huge = Entry(3, first.vectors, first.texts, {"n": 2**70}, first.values)
    with pytest.raises(ValueError, match="64 位"):
        collection.apply([huge], removes=[1])
    same(collection, {1: first})


def saved(folder: Path, count: int = 25) -> tuple[Collection, dict[int, Entry]]:
    rng = random.Random(9)
    collection = empty()
    truth = {key: entry(rng, key) for key in range(count)}
    collection.apply(list(truth.values()))
    collection.apply([], removes=[0])
    del truth[0]
    write(collection, folder)
    return collection, truth


def write(collection: Collection, folder: Path) -> None:
    frozen = stored.Frozen(collection)
    snapshot.write(folder, lambda out: frozen.write(out, "c"), {"revision": 7})


def loaded(folder: Path) -> Collection:
    manifest, files = snapshot.read(folder)
    assert manifest["revision"] == 7
    found = empty()
    stored.restore(files, "c", found)
    return found


def test_snapshot_round_trip_and_then_changes(tmp_path: Path) -> None:
    _, truth = saved(tmp_path)
    mapped = loaded(tmp_path)
    same(mapped, truth)
    rng = random.Random(4)
    more = entry(rng, 500)
    mapped.apply([more], removes=[3])
    del truth[3]
    same(mapped, truth | {500: more})


@pytest.mark.parametrize("seed", range(4))
def test_generations_of_snapshots_equal_a_dictionary(seed: int, tmp_path: Path) -> None:
    """Each is written from the one before, mapped, and what has changed since."""
    rng = random.Random(seed)
    collection, truth = empty(), {}
    for _ in range(5):
        for _ in range(6):
            upserts = [entry(rng, rng.randrange(300)) for _ in range(rng.randrange(40))]
            removes = [rng.randrange(300) for _ in range(rng.randrange(30))]
            collection.apply(upserts, removes)
            for key in removes:
                truth.pop(key, None)
            truth |= {one.id: one for one in upserts}
            same(collection, truth)
        write(collection, tmp_path)
        collection = loaded(tmp_path)
        assert collection.split == len(truth)
        same(collection, truth)


def test_what_is_frozen_is_written_whatever_happens_meanwhile(tmp_path: Path) -> None:
    collection, truth = saved(tmp_path)
    mapped = loaded(tmp_path)
    rng = random.Random(5)
    for each in (collection, mapped):
        each.apply([entry(random.Random(6), 700)])
    truth[700] = entry(random.Random(6), 700)
    for each in (collection, mapped):
        frozen = stored.Frozen(each)
        each.apply([entry(rng, key) for key in range(800)], removes=range(900))
        snapshot.write(tmp_path, lambda out, it=frozen: it.write(out, "c"), {"revision": 7})
        same(loaded(tmp_path), truth)


def test_empty_collection_round_trip(tmp_path: Path) -> None:
    write(empty(), tmp_path)
    assert len(loaded(tmp_path)) == 0


def test_every_damaged_file_is_noticed(tmp_path: Path) -> None:
    saved(tmp_path)
    place = next(tmp_path.glob("data-*"))
    for path in sorted(place.iterdir()):
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        with pytest.raises(SnapshotInvalid, match="校验和"):
            snapshot.read(tmp_path)
        path.unlink()
        with pytest.raises(SnapshotInvalid, match="读不出来"):
            snapshot.read(tmp_path)
        path.write_bytes(data)
    snapshot.read(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 99}', '"x"'])
def test_bad_manifest(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(SnapshotInvalid):
        snapshot.read(tmp_path)


def test_missing_snapshot(tmp_path: Path) -> None:
    with pytest.raises(SnapshotInvalid, match="没有索引快照"):
        snapshot.read(tmp_path / "nowhere")


def test_a_crash_while_writing_keeps_the_former(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path)
    before = json.loads((tmp_path / "manifest.json").read_bytes())

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshot, "_sync", full)
    with pytest.raises(OSError, match="space"):
        snapshot.write(tmp_path, lambda out: out.words("x", ["1"]), {"revision": 8})
    assert json.loads((tmp_path / "manifest.json").read_bytes()) == before
    assert snapshot.read(tmp_path)[0]["revision"] == 7
    assert not list(tmp_path.glob(".part-*"))


def test_old_snapshots_are_cleared_but_the_former_one_stays(tmp_path: Path) -> None:
    for revision in range(4):
        snapshot.write(tmp_path, lambda out: out.words("a", ["1"]), {"revision": revision})
    assert sorted(p.name.split("-")[1] for p in tmp_path.glob("data-*")) == ["2", "3"]

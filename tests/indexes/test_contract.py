"""What every vector engine keeps: one suite over all of them, held to numpy's plain products."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection as Ids
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import Engine, create_engine

from indexes import pgvector, snapshot, stored
from indexes.brute import BruteEngine
from indexes.checks import VectorInvalid
from indexes.collection import Collection, Entry
from indexes.pgvector import PgvectorEngine, prepare
from indexes.vectors import FaissEngine, StoredVector, VectorEngine
from tests.databases import empty_postgres, start_postgres

DIM = 16


@pytest.fixture(scope="module")
def server() -> Iterator[Engine]:
    """A PostgreSQL database with the table of vectors."""
    with empty_postgres(start_postgres()) as url:
        source = create_engine(url)
        prepare(source, ["need.v", "need.w"])
        yield source
        source.dispose()


@pytest.fixture(params=["numpy", "faiss", pytest.param("pgvector", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> VectorEngine:
    if request.param == "pgvector":
        source: Engine = request.getfixturevalue("server")
        return PgvectorEngine(source).of(uuid4().hex)  # nothing of other tests is in it
    found: VectorEngine = {"numpy": BruteEngine, "faiss": FaissEngine}[str(request.param)]()
    return found


class Kept(Collection):
    """A collection whose vectors are first written where the engine keeps them, if it does."""

    def __init__(self, engine: VectorEngine) -> None:
        self.engine = engine
        super().__init__(
            dim=DIM, vectors=("v", "w"), texts=("t",), numbers=("n",), engine=engine, name="need"
        )

    def apply(self, upserts: Sequence[Entry], removes: Ids[int] = ()) -> None:
        rows = [
            StoredVector("need", name, entry.id, DIM, vector)
            for entry in upserts
            for name, vector in entry.vectors.items()
        ]
        if isinstance(self.engine, PgvectorEngine):
            with self.engine.connection() as connection, connection.begin():
                self.engine.store(connection, rows)
        else:
            self.engine.store(None, rows)
        super().apply(upserts, removes)


def empty(engine: VectorEngine) -> Collection:
    return Kept(engine)


def entry(key: int, vector: np.ndarray) -> Entry:
    second = np.roll(vector, 1)
    return Entry(key, {"v": vector, "w": second}, {"t": Counter({"词": 1})}, {"n": key}, {})


def vectors(rng: np.random.Generator, count: int, ties: bool = False) -> np.ndarray:
    """Unit vectors; with `ties` there are only a few different ones, zero among them."""
    found = rng.standard_normal((count, DIM)).astype(np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    if ties:
        few = np.concatenate([found[:4], np.zeros((1, DIM), np.float32)])
        found = few[rng.integers(0, len(few), count)]
    return found


def save(collection: Collection, folder: Path) -> None:
    frozen = stored.Frozen(collection)
    snapshot.write(folder, lambda out: frozen.write(out, "c"), {"revision": 1})


def restarted(engine: VectorEngine, folder: Path) -> Collection:
    fresh = empty(engine)
    stored.restore(snapshot.read(folder)[1], "c", fresh)
    return fresh


def truth(
    kept: dict[int, np.ndarray], query: np.ndarray, allowed: set[int]
) -> list[tuple[float, int]]:
    """(score, id), best first, by the definition."""
    scored = [
        (float(kept[key].astype(np.float16).astype(np.float64) @ query.astype(np.float64)), key)
        for key in allowed
    ]
    return sorted(scored, key=lambda pair: (-pair[0], pair[1]))


def agrees(
    collection: Collection, kept: dict[int, np.ndarray], query: np.ndarray, k: int, ids: set[int]
) -> None:
    """The answer has min(k, allowed) rows, the right scores, and the right ids save for scores
    that differ by less than float32 can tell."""
    ids = ids & set(kept)
    allowed = np.isin(collection.ids, list(ids)) & collection.live()
    slots, scores = collection.nearest("v", query, k, allowed)
    found = collection.ids[slots].tolist()
    expected = truth(kept, query, ids)
    assert len(found) == len(set(found)) == min(max(k, 0), len(ids))
    assert set(found) <= ids
    np.testing.assert_allclose(scores, [score for score, _ in expected[: len(found)]], atol=2e-6)
    true = {key: score for score, key in expected}
    for place, key in enumerate(found):
        assert abs(true[key] - expected[place][0]) <= 4e-6
    np.testing.assert_allclose(
        collection.vectors["v"].scores(query, slots), [true[key] for key in found], atol=2e-6
    )


@pytest.mark.parametrize("ties", [False, True], ids=["distinct", "ties"])
@pytest.mark.parametrize("seed", range(3))
def test_random_changes_restarts_and_filters(
    engine: VectorEngine, seed: int, ties: bool, tmp_path: Path
) -> None:
    rng, dice = np.random.default_rng(seed), random.Random(seed)
    collection, kept = empty(engine), {}
    for round_ in range(12):
        rows = vectors(rng, dice.randrange(40), ties)
        changed = {dice.randrange(200): row for row in rows}
        removed = [dice.randrange(200) for _ in range(dice.randrange(20))]
        collection.apply([entry(key, row) for key, row in changed.items()], removed)
        kept = {key: row for key, row in kept.items() if key not in removed} | changed
        assert len(collection) == len(kept)
        for _ in range(6):
            allowed = {key for key in range(220) if dice.random() < dice.choice([0.05, 0.5, 1.0])}
            k = dice.choice([0, 1, 5, 50, 1000])
            agrees(collection, kept, vectors(rng, 1)[0], k, allowed)
        if round_ % 4 == 3:
            save(collection, tmp_path)
            collection = restarted(engine, tmp_path)


@pytest.mark.parametrize("ties", [False, True], ids=["distinct", "ties"])
def test_a_thousand_filters_get_exactly_what_they_allow(
    engine: VectorEngine, ties: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pgvector, "_FEW", 40)  # so that small filters are lists, large ones bitmaps
    rng, dice = np.random.default_rng(11), random.Random(11)
    collection, kept = empty(engine), dict(enumerate(vectors(rng, 300, ties), 1))
    collection.apply([entry(key, row) for key, row in kept.items()])
    save(collection, tmp_path)
    collection = restarted(engine, tmp_path)
    more = dict(enumerate(vectors(rng, 100, ties), 250))
    collection.apply([entry(key, row) for key, row in more.items()], range(1, 30))
    kept = {key: row for key, row in {**kept, **more}.items() if key >= 30}
    for _ in range(1000):
        share = dice.choice([0.0, 0.005, 0.05, 0.3, 0.9, 1.0])
        allowed = {key for key in range(400) if dice.random() < share}
        agrees(collection, kept, vectors(rng, 1)[0], dice.choice([1, 10, 50, 1000]), allowed)


def test_ties_are_in_the_order_of_ids_wherever_they_lie(
    engine: VectorEngine, tmp_path: Path
) -> None:
    row = vectors(np.random.default_rng(1), 1)[0]
    collection = empty(engine)
    collection.apply([entry(key, row) for key in (40, 20, 60)])
    save(collection, tmp_path)
    collection = restarted(engine, tmp_path)
    collection.apply([entry(key, row) for key in (50, 10, 30)])
    for k in range(1, 7):
        slots, _ = collection.nearest("v", row, k, collection.live())
        assert collection.ids[slots].tolist() == [10, 20, 30, 40, 50, 60][:k]


def test_deleted_and_changed_are_seen_in_the_next_search(engine: VectorEngine) -> None:
    one, two = vectors(np.random.default_rng(2), 2)
    collection = empty(engine)
    collection.apply([entry(1, one), entry(2, two)])
    agrees(collection, {1: one, 2: two}, one, 2, {1, 2})
    collection.apply([entry(1, two)])
    agrees(collection, {1: two, 2: two}, one, 2, {1, 2})
    collection.apply([], [2])
    agrees(collection, {1: two}, one, 2, {1, 2})
    collection.apply([], [1])
    agrees(collection, {}, one, 2, {1, 2})


def test_unknown_ids_change_nothing(engine: VectorEngine) -> None:
    row = vectors(np.random.default_rng(3), 1)[0]
    collection = empty(engine)
    collection.apply([entry(1, row)], [7])
    collection.apply([], [8, 9])
    assert 7 not in collection and collection.slots([7, 1, 8]).tolist() == [0]
    agrees(collection, {1: row}, row, 9, {1, 7})


def test_an_empty_index_answers_nothing(engine: VectorEngine, tmp_path: Path) -> None:
    collection = empty(engine)
    save(collection, tmp_path)
    for each in (collection, restarted(engine, tmp_path)):
        slots, scores = each.nearest("v", np.ones(DIM), 5, each.live())
        assert len(slots) == len(scores) == len(each) == 0


def test_zero_vectors_are_rows_like_others(engine: VectorEngine) -> None:
    zero, row = np.zeros(DIM, np.float32), vectors(np.random.default_rng(4), 1)[0]
    collection = empty(engine)
    collection.apply([entry(1, zero), entry(2, row), entry(3, -row)])
    agrees(collection, {1: zero, 2: row, 3: -row}, row, 3, {1, 2, 3})
    slots, scores = collection.nearest("v", zero, 3, collection.live())
    assert collection.ids[slots].tolist() == [1, 2, 3] and scores.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("vector", "words"),
    [
        (np.full(DIM, np.nan), "NaN"),
        (np.full(DIM, np.inf), "NaN"),
        (np.full(DIM, 1e6), "65504"),
        (np.zeros(DIM - 1), f"{DIM} 维"),
        (np.zeros((2, 2, DIM)), f"{DIM} 维"),
        (["a"] * DIM, "读不成"),
    ],
    ids=["nan", "infinite", "huge", "short", "deep", "words"],
)
def test_bad_vectors_are_refused_and_change_nothing(
    engine: VectorEngine, vector: object, words: str
) -> None:
    row = vectors(np.random.default_rng(5), 1)[0]
    collection = empty(engine)
    collection.apply([entry(1, row)])
    bad = Entry(2, {"v": vector, "w": row}, {"t": {}}, {"n": 0}, {})  # type: ignore[dict-item]
    with pytest.raises(VectorInvalid, match=words):
        collection.apply([bad], removes=[1])
    agrees(collection, {1: row}, row, 5, {1, 2})
    if words != "65504":  # a query is not stored: any finite one has products
        with pytest.raises(VectorInvalid, match=words):
            collection.nearest("v", vector, 5, collection.live())


def test_a_filter_for_another_size_is_refused(engine: VectorEngine) -> None:
    collection = empty(engine)
    collection.apply([entry(1, np.ones(DIM, np.float32))])
    with pytest.raises(VectorInvalid, match="位图"):
        collection.nearest("v", np.ones(DIM), 1, np.ones(2, bool))


def test_a_dimension_must_be_positive(engine: VectorEngine) -> None:
    with pytest.raises(VectorInvalid, match="维数"):
        engine.shard("need", "v", 0)


def test_named_vectors_are_apart(engine: VectorEngine) -> None:
    rows = vectors(np.random.default_rng(6), 2)
    collection = empty(engine)
    collection.apply([entry(1, rows[0]), entry(2, rows[1])])
    for name, turned in (("v", 0), ("w", 1)):
        slots, _ = collection.nearest(name, np.roll(rows[1], turned), 1, collection.live())
        assert collection.ids[slots].tolist() == [2]

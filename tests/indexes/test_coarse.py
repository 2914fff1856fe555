"""The second, coarser copy of a large base never changes what is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexes import coarse
from indexes.brute import BruteVectors
from indexes.vectors import FaissVectors, bounded

DIM = 24


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexes.vectors.EACH", 0)
    monkeypatch.setattr(coarse, "LEAST", 1_000)
    monkeypatch.setattr(coarse, "SURE", 1_000)
    monkeypatch.setattr(coarse, "_LISTED", 1_500)


def clustered(rng: np.random.Generator, count: int, dim: int = DIM) -> np.ndarray:
    """Unit vectors of which many are alike, some the same, and a few have one huge component."""
    centres = rng.standard_normal((40, dim))
    found = centres[rng.integers(0, 40, count)] + 0.3 * rng.standard_normal((count, dim))
    found[::97, 3] *= 40.0
    found[5::50] = found[5]
    found[count // 2] = 0.0
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return (found / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)


def opened(folder: Path, vectors: np.ndarray) -> FaissVectors:
    """What a snapshot of these vectors gives."""
    ids, dim = np.arange(len(vectors), dtype=np.int64), vectors.shape[1]
    shard = FaissVectors(dim)
    shard.extend(ids, vectors)
    shard.frozen(ids)(folder / "whole")
    found = FaissVectors(dim)
    found.open(folder / "whole", ids)
    return found


@pytest.mark.parametrize("share", [1.0, 0.3, 0.03])
def test_the_best_are_those_of_the_vectorsthemselves(tmp_path: Path, share: float) -> None:
    rng = np.random.default_rng(7)
    vectors = clustered(rng, 6_000)
    shard, plain = opened(tmp_path, vectors), BruteVectors(DIM)
    plain.extend(np.arange(len(vectors)), vectors)
    told = 0
    for number in range(60):
        query = vectors[number] if number % 2 else rng.standard_normal(DIM).astype(np.float32)
        query = query * (3.0 if number % 3 else 0.2)
        k = (1, 7, 50, 200)[number % 4]
        allowed = rng.random(len(vectors)) < share
        asked = shard._coarsely(query[None, :], k, allowed)
        told += asked is not None
        found = shard.ranked(query, k, allowed)
        assert sorted(found.slots.tolist()) == sorted(plain.search(query, k, allowed).tolist())
        exact = shard.scores(query, found.slots)
        assert np.abs(found.scores - exact).max() <= found.error
        others = np.setdiff1d(np.flatnonzero(allowed), found.slots)
        if len(others):
            assert shard.scores(query, others).max() <= found.rest + found.error
    if share > 0.2:
        assert told > 30, "most questions are decided by the codes"
    else:
        assert told == 0, "where few pass, the bitmap is quicker"


@pytest.mark.parametrize("dim", [256, 24, 7])
@pytest.mark.parametrize("share", [1.0, 0.3, 0.03])
def test_bounds_hold_for_what_is_listed_and_for_all_others(
    tmp_path: Path, share: float, dim: int
) -> None:
    rng = np.random.default_rng(11)
    early, late = clustered(rng, 4_000, dim), clustered(rng, 300, dim)
    shard = opened(tmp_path, early)
    shard.extend(np.arange(4_000, 4_300), late)
    every, narrow = np.arange(4_300), 0
    for number in range(40):
        query = early[number] if number % 2 else rng.standard_normal(dim).astype(np.float32)
        query = query * (3.0 if number % 3 else 0.2)
        allowed = rng.random(4_300) < share
        k = (5, 60)[number % 2]
        found = bounded(shard, query, k, allowed)
        assert found is not None
        assert allowed[found.slots].all() and len(np.unique(found.slots)) == len(found.slots)
        exact = shard.scores(query, found.slots)
        assert (found.low <= exact).all() and (exact <= found.high).all()
        others = np.setdiff1d(every[allowed], found.slots)
        assert (shard.scores(query, others) <= found.rest(others)).all()
        narrow += len(found.slots) < 0.7 * allowed.sum()
    assert narrow > 15, "mostly a part of them is told"


@pytest.mark.parametrize("share", [1.0, 0.3, 0.03])
def test_of_a_few_thousand_all_are_told(
    tmp_path: Path, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexes.vectors.EACH", 4_300)
    rng = np.random.default_rng(12)
    shard = opened(tmp_path, clustered(rng, 4_000, 256))
    shard.extend(np.arange(4_000, 4_300), clustered(rng, 300, 256))
    for query in (rng.standard_normal(256), np.full(256, 30_000.0), np.zeros(256)):
        allowed = rng.random(4_300) < share
        found = bounded(shard, query, 5, allowed)
        assert found is not None
        assert np.array_equal(found.slots, np.flatnonzero(allowed))
        exact = shard.scores(query, found.slots)
        assert (found.low <= exact).all() and (exact <= found.high).all()
        size = float(np.linalg.norm(query))
        assert (found.high - found.low).max() <= 1e-4 * size + 1e-12


def test_proposing_allows_for_less_than_being_certain(tmp_path: Path) -> None:
    rng = np.random.default_rng(13)
    vectors = clustered(rng, 4_000, 256)
    found = opened(tmp_path, vectors)._coarse
    assert found is not None
    for number in range(60):  # a query and the same vector are what codes are worst at
        query = vectors[number][None, :]
        listed = found.listed(query, 4_000, np.ones(4_000, bool))
        assert listed is not None
        off = np.abs(vectors[listed.slots].astype(np.float64) @ query[0] - listed.products)
        share, rounding = listed.likely()
        errors = listed.length * found.errors[listed.slots].astype(np.float64)
        assert share == 0.5 and rounding < listed.rounding / 3.0
        assert (off <= share * errors + rounding).all()


def test_a_query_beyond_sixteen_bits_is_asked_of_the_vectors(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    vectors = rng.standard_normal((1_200, 600)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = np.arange(1_200, dtype=np.int64)
    shard = FaissVectors(600)
    shard.extend(ids, vectors)
    shard.frozen(ids)(tmp_path / "whole")
    found = FaissVectors(600)
    found.open(tmp_path / "whole", ids)
    assert found._coarse is not None
    everyone = np.ones(1_200, bool)
    # turned, every component of the query is as large as the others
    even = found._coarse.turn.T @ np.ones(600, np.float32)
    assert found._coarse.listed(even[None, :], 100, everyone) is None
    assert found._coarse.listed(vectors[:1], 100, everyone) is not None
    for query in (even, vectors[0]):
        told = bounded(found, query, 20, everyone)
        assert told is not None and (told.low <= found.scores(query, told.slots)).all()
        plain = set(shard.search(query, 20, everyone).tolist())
        assert set(found.search(query, 20, everyone).tolist()) == plain <= set(told.slots.tolist())


def test_what_cannot_be_told_is_asked_of_the_vectors(tmp_path: Path) -> None:
    vectors = np.repeat(clustered(np.random.default_rng(1), 8)[:4], 2_000, axis=0)  # only ties
    shard, plain = opened(tmp_path, vectors), BruteVectors(DIM)
    plain.extend(np.arange(len(vectors)), vectors)
    everyone = np.ones(len(vectors), bool)
    for query in (vectors[0], vectors[2_000], np.zeros(DIM, np.float32)):
        assert shard._coarsely(query[None, :], 30, everyone) is None
        assert set(shard.search(query, 30, everyone)) == set(plain.search(query, 30, everyone))


def test_what_is_added_later_is_found_beside_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    vectors = clustered(rng, 3_000)
    shard, plain = opened(tmp_path, vectors), BruteVectors(DIM)
    late = clustered(rng, 300)
    plain.extend(np.arange(3_300), np.concatenate([vectors, late]))
    shard.extend(np.arange(3_000, 3_300), late)
    for number in range(20):
        allowed = rng.random(3_300) < 0.8
        query = late[number]
        assert set(shard.search(query, 20, allowed)) >= set(plain.search(query, 20, allowed))


def test_only_large_bases_have_one_and_files_without_one_are_read(tmp_path: Path) -> None:
    vectors = clustered(np.random.default_rng(5), 1_200)
    (tmp_path / "small").mkdir()
    opened(tmp_path / "small", vectors[:500])
    assert [path.name for path in (tmp_path / "small").iterdir()] == ["whole"]
    opened(tmp_path, vectors)
    for path in coarse.paths(tmp_path / "whole"):
        path.unlink()  # as in a snapshot of a former version
    ids = np.arange(1_200, dtype=np.int64)
    shard = FaissVectors(DIM)
    shard.open(tmp_path / "whole", ids)
    assert shard._coarse is None
    assert len(shard.search(vectors[3], 5, np.ones(1_200, bool))) >= 5


def test_codes_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    vectors = clustered(np.random.default_rng(6), 1_200)
    opened(tmp_path, vectors)
    codes, about = coarse.paths(tmp_path / "whole")
    ids = np.arange(1_200, dtype=np.int64)
    about.write_bytes(about.read_bytes()[:-40])
    with pytest.raises(ValueError, match="向量文件"):
        FaissVectors(DIM).open(tmp_path / "whole", ids)
    (tmp_path / "other").mkdir()
    opened(tmp_path / "other", vectors[:1_100])
    for path, new in zip((codes, about), coarse.paths(tmp_path / "other" / "whole"), strict=True):
        path.write_bytes(new.read_bytes())
    with pytest.raises(ValueError, match="1100 条"):
        FaissVectors(DIM).open(tmp_path / "whole", ids)
    codes.write_bytes((tmp_path / "whole").read_bytes())  # an index, but not one of codes
    with pytest.raises(ValueError, match="向量文件"):
        FaissVectors(DIM).open(tmp_path / "whole", ids)

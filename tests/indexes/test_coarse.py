"""The second, coarser copy of a large base never changes what is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexes import coarse
from indexes.brute import BruteVectors
from indexes.vectors import FaissVectors, ranked

DIM = 24


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coarse, "LEAST", 1_000)


def clustered(rng: np.random.Generator, count: int) -> np.ndarray:
    """Unit vectors of which many are alike, some the same, and a few have one huge component."""
    centres = rng.standard_normal((40, DIM))
    found = centres[rng.integers(0, 40, count)] + 0.3 * rng.standard_normal((count, DIM))
    found[::97, 3] *= 40.0
    found[5::50] = found[5]
    found[count // 2] = 0.0
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return (found / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)


def opened(folder: Path, vectors: np.ndarray) -> FaissVectors:
    """What a snapshot of these vectors gives."""
    ids = np.arange(len(vectors), dtype=np.int64)
    shard = FaissVectors(DIM)
    shard.extend(ids, vectors)
    shard.frozen(ids)(folder / "whole")
    found = FaissVectors(DIM)
    found.open(folder / "whole", ids)
    return found


@pytest.mark.parametrize("share", [1.0, 0.3, 0.03])
def test_the_best_are_those_of_the_vectors_themselves(tmp_path: Path, share: float) -> None:
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
        found = ranked(shard, query, k, allowed)
        assert found is not None
        assert sorted(found.slots.tolist()) == sorted(plain.search(query, k, allowed).tolist())
        exact = shard.scores(query, found.slots)
        assert np.abs(found.scores - exact).max() <= found.error
        others = np.setdiff1d(np.flatnonzero(allowed), found.slots)
        if len(others):
            assert shard.scores(query, others).max() <= found.rest + found.error
    assert told > 30, "most questions are decided by the codes"


def test_what_cannot_be_told_is_asked_of_the_vectors(tmp_path: Path) -> None:
    vectors = np.repeat(clustered(np.random.default_rng(1), 8)[:4], 1_000, axis=0)  # only ties
    shard, plain = opened(tmp_path, vectors), BruteVectors(DIM)
    plain.extend(np.arange(len(vectors)), vectors)
    everyone = np.ones(len(vectors), bool)
    for query in (vectors[0], vectors[1_000], np.zeros(DIM, np.float32)):
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

"""Products with float16 vectors are those of the same numbers in float64."""

from __future__ import annotations

import numpy as np

from indexes.halves import products
from indexes.vectors import FaissVectors


def test_every_finite_float16_is_the_same_number() -> None:
    every = np.arange(65_536, dtype=np.uint16).view(np.float16)
    every = every[np.isfinite(every)]
    (found,) = products(every[:, None].__getitem__, np.arange(len(every)), [np.ones(1)])
    assert np.array_equal(found, every.astype(np.float64))


def test_sums_are_those_of_float64_whatever_stands_beside() -> None:
    random = np.random.default_rng(7)
    vectors = (random.standard_normal((1_000, 256)) / 16.0).astype(np.float16)
    vectors[500] = vectors[3]
    rows = [random.standard_normal(256) for _ in range(3)]
    slots = np.asarray([3, 999, 500, 0, *range(10, 400), 3])
    found = products(vectors.__getitem__, slots, rows)
    exact = vectors[slots].astype(np.longdouble)
    for row, scores in zip(rows, found, strict=True):
        assert np.abs(scores - exact @ row).max() < 1e-14
        assert scores[0] == scores[2] == scores[-1]
    assert [len(each) for each in products(vectors.__getitem__, slots[:0], rows)] == [0, 0, 0]
    assert products(vectors.__getitem__, slots, []) == []


def test_an_empty_shard_has_no_vectors() -> None:
    shard = FaissVectors(4)
    none = np.zeros(0, np.int64)
    assert shard.rows(none).shape == (0, 4)
    assert shard.scores(np.ones(4), none).shape == (0,)

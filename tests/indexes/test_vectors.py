"""Exact vector search against numpy, its refusals, and searching in a forked child."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from indexes.vectors import VectorIndex, VectorInvalid

ROOT = Path(__file__).parents[2]


def unit(rng: np.random.Generator, count: int, dim: int = 16) -> np.ndarray:
    rows = rng.standard_normal((count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_search_equals_brute_force_under_random_masks() -> None:
    rng = np.random.default_rng(5)
    rows = unit(rng, 500)
    index = VectorIndex(16)
    index.add(rows[:300])
    index.add(rows[300:])
    for _ in range(300):
        allowed = rng.random(500) < rng.choice([0.0, 0.01, 0.3, 1.0])
        query, k = unit(rng, 1)[0], int(rng.integers(1, 80))
        slots, scores = index.search(query, k, allowed)
        inside = np.flatnonzero(allowed)
        truth = np.sort(rows[inside] @ query)[::-1][:k]
        assert len(slots) == min(k, len(inside))
        assert allowed[slots].all()
        assert len(set(slots.tolist())) == len(slots)
        np.testing.assert_allclose(scores, truth, atol=1e-6)
        np.testing.assert_allclose(index.scores(query, slots), scores, atol=1e-6)


def test_keep_drops_and_orders() -> None:
    rng = np.random.default_rng(6)
    rows = unit(rng, 10)
    index = VectorIndex(16)
    index.add(rows)
    index.keep(np.asarray([7, 2]))
    np.testing.assert_array_equal(index.all(), rows[[7, 2]])
    index.keep(np.zeros(0, np.int64))
    assert index.all().shape == (0, 16)
    assert index.search(rows[0], 3, np.zeros(0, bool))[0].size == 0


@pytest.mark.parametrize(
    ("vector", "words"),
    [
        (np.full(16, np.nan), "NaN"),
        (np.full(16, np.inf), "NaN"),
        (np.zeros(15), "16 维"),
        (np.zeros((2, 2, 16)), "16 维"),
        (["a"] * 16, "读不成"),
    ],
)
def test_bad_vectors_are_refused(vector: object, words: str) -> None:
    index = VectorIndex(16)
    with pytest.raises(VectorInvalid, match=words):
        index.add(vector)
    assert len(index) == 0


def test_mask_of_another_size_is_refused() -> None:
    index = VectorIndex(16)
    index.add(np.ones(16))
    with pytest.raises(VectorInvalid, match="位图"):
        index.search(np.ones(16), 1, np.ones(2, bool))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_forked_after_a_search_still_searches() -> None:
    script = """
        import os, numpy as np
        from indexes.vectors import VectorIndex
        index = VectorIndex(32)
        index.add(np.random.default_rng(1).standard_normal((20000, 32)))
        mask = np.ones(20000, bool)
        query = np.ones(32)
        first = index.search(query, 5, mask)[0].tolist()
        child = os.fork()
        if not child:
            os._exit(0 if index.search(query, 5, mask)[0].tolist() == first else 3)
        raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, timeout=60, check=False
    )
    assert done.returncode == 0

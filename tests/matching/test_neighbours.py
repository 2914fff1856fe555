"""Words near in meaning: found once, kept beside the model, the same however they are found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from matching import neighbours
from matching.encoder import StaticEncoder, load_encoder
from matching.neighbours import FAR, Neighbours


@pytest.fixture(scope="module")
def bundled() -> StaticEncoder:
    found = load_encoder()
    assert isinstance(found, StaticEncoder)
    return found


def test_the_kept_ones_are_those_of_the_bundled_model(bundled: StaticEncoder) -> None:
    """`python -m matching.training.near` makes the file anew."""
    size = len(bundled.neighbours.starts) - 1
    kept = neighbours.read(neighbours.BUNDLED, bundled.fingerprint, size)
    assert kept is not None
    some = np.random.default_rng(2).choice(size, 200, replace=False)
    vectors = bundled.token_vectors[:size].astype(np.float64)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    for row in some.tolist():
        cosines = vectors @ vectors[row]
        chosen = slice(int(kept.starts[row]), int(kept.starts[row + 1]))
        listed = dict(zip(kept.rows[chosen].tolist(), kept.cosines[chosen].tolist(), strict=True))
        surely = np.flatnonzero(cosines >= FAR + 1e-6)
        assert set(surely.tolist()) <= set(listed)
        assert all(cosines[other] >= FAR - 1e-6 for other in listed)
        for other, cosine in listed.items():
            assert cosine == pytest.approx(cosines[other], abs=1e-6)


def test_a_pair_does_not_depend_on_what_stands_beside_it() -> None:
    rng = np.random.default_rng(4)
    vectors = np.repeat(rng.standard_normal((40, 16)), 20, axis=0) + 0.4 * rng.standard_normal(
        (800, 16)
    )
    vectors = vectors.astype(np.float32)
    vectors[0] = 0.0
    whole, part = Neighbours.of(vectors), Neighbours.of(vectors[:37])
    assert whole.starts[1] == 0, "a word without a vector is near to none, not even itself"
    for row in range(37):
        one = slice(int(part.starts[row]), int(part.starts[row + 1]))
        two = slice(int(whole.starts[row]), int(whole.starts[row + 1]))
        mine = dict(zip(part.rows[one].tolist(), part.cosines[one].tolist(), strict=True))
        all_ = dict(zip(whole.rows[two].tolist(), whole.cosines[two].tolist(), strict=True))
        assert mine == {other: cosine for other, cosine in all_.items() if other < 37}
        assert mine.get(row, 1.0) == 1.0


def test_around_gives_the_lists_of_some_rows(bundled: StaticEncoder) -> None:
    near = bundled.neighbours
    rows = np.asarray([5, 0, 900, 5, 21_000])
    owners, places = near.around(rows)
    for place, row in enumerate(rows.tolist()):
        listed = near.rows[near.starts[row] : near.starts[row + 1]]
        assert near.rows[places[owners == place]].tolist() == listed.tolist()
    assert len(near.around(rows[:0])[0]) == 0


def test_what_does_not_fit_is_found_anew(tmp_path: Path) -> None:
    found = Neighbours.of(np.eye(5, dtype=np.float32))
    path = tmp_path / neighbours.FILE
    found.write(path, "a model")
    kept = neighbours.read(path, "a model", 5)
    assert kept is not None and kept.rows.tolist() == found.rows.tolist() == [0, 1, 2, 3, 4]
    assert neighbours.read(path, "another model", 5) is None
    assert neighbours.read(path, "a model", 6) is None
    assert neighbours.read(tmp_path / "none", "a model", 5) is None
    path.write_bytes(path.read_bytes()[:90])
    assert neighbours.read(path, "a model", 5) is None

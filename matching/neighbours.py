"""Which words of a static model are near in meaning: the few pairs above a bound, found once.

Of 22,000 words each has some eight others at a cosine of 0.3 or more. Looked up, the nearness of a
query to the words of 200 texts costs next to nothing; multiplied out, it fetches thousands of
vectors that lie far apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from indexes import archive

FILE = "near.npz"
"""Beside a model's weights; without it the pairs are found anew by each process (seconds)."""
BUNDLED = Path(__file__).with_name("data") / FILE
"""Those of the model that comes with the program."""
# Below this cosine two words have nothing to do with each other: of pairs of different words drawn
# at random from outcomes' titles, 995 in 1,000 lie below 0.25.
FAR = 0.3
_DOUBT = 1e-4  # far more than float32 products of unit vectors are off by
_BLOCK = 512  # words multiplied with all others at a time

Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Row r is near to `rows[starts[r]:starts[r + 1]]`, itself among them, at these `cosines`."""

    starts: NDArray[np.int64]
    rows: Rows
    cosines: NDArray[np.float32]

    @classmethod
    def of(cls, vectors: NDArray[np.float32]) -> Self:
        """Of (rows, dim) vectors, of any length; a zero vector is near to none.

        All pairs are multiplied in float32, and those in question once more in float64, each by
        itself: what a pair gets does not depend on what else was multiplied with it.
        """
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
        unit = (vectors / np.maximum(lengths, 1e-9)[:, None]).astype(np.float32)
        sizes = np.zeros(len(unit) + 1, np.int64)
        rows, cosines = [np.zeros(0, np.int32)], [np.zeros(0, np.float32)]
        for first in range(0, len(unit), _BLOCK):
            block = unit[first : first + _BLOCK]
            one, two = np.nonzero(block @ unit.T > FAR - _DOUBT)
            exact = np.einsum("ij,ij->i", block[one].astype(np.float64), unit[two])
            exact[two == one + first] = 1.0
            near = exact >= FAR
            sizes[first + 1 : first + 1 + len(block)] = np.bincount(one[near], minlength=len(block))
            rows.append(two[near].astype(np.int32))
            cosines.append(np.minimum(exact[near], 1.0).astype(np.float32))
        return cls(np.cumsum(sizes), np.concatenate(rows), np.concatenate(cosines))

    def around(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For some rows, (place among them, place in `rows` and `cosines`) of all that are near."""
        sizes = self.starts[rows + 1] - self.starts[rows]
        owners = np.repeat(np.arange(len(rows)), sizes)
        before = np.cumsum(sizes) - sizes
        return owners, np.arange(len(owners)) + np.repeat(self.starts[rows] - before, sizes)

    def write(self, path: Path, model: str) -> None:
        """Keeps them; `model` is the fingerprint of the weights and the vocabulary."""
        arrays: dict[str, NDArray[Any]] = {
            "starts": self.starts,
            "rows": self.rows,
            "cosines": self.cosines,
            "model": archive.text(model),
        }
        path.write_bytes(archive.pack(arrays))


def read(path: Path, model: str, rows: int) -> Neighbours | None:
    """What was kept for this model of so many rows; None when there is nothing that fits."""
    try:
        found = archive.unpack(path.read_bytes())
        if archive.plain(found["model"]) != model:
            return None
        kept = Neighbours(found["starts"], found["rows"], found["cosines"])
    except (KeyError, OSError, archive.ArchiveInvalid):
        return None
    fits = len(kept.starts) == rows + 1 and kept.starts[-1] == len(kept.rows) == len(kept.cosines)
    return kept if fits else None

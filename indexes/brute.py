"""The plainest engine there is: numpy, every product, no cleverness. Others are held to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexes.arrays import Growing
from indexes.checks import Ids, Mask, Slots, Vectors, checked, fitting, plain, positive
from indexes.vectors import InProcess


class BruteEngine(InProcess):
    """For tests, for measuring, and for a machine without FAISS."""

    name = "numpy"

    def shard(self, board: str, vector: str, dim: int) -> BruteVectors:
        """See `VectorEngine.shard`."""
        return BruteVectors(dim)


class BruteVectors:
    """See `indexes.vectors.VectorShard`."""

    def __init__(self, dim: int):
        self.dim = positive(dim)
        self._rows = Growing(np.float16, dim)

    def __len__(self) -> int:
        return self._rows.size

    def extend(self, ids: Ids, vectors: Any) -> None:
        """See `VectorShard.extend`."""
        self._rows.extend(checked(vectors, self.dim))

    def search(self, query: Any, k: int, allowed: Mask) -> Slots:
        """See `VectorShard.search`."""
        k = min(k, fitting(allowed, len(self)))
        slots = np.flatnonzero(allowed).astype(np.int64)
        scores = self.scores(query, slots)
        if k <= 0:
            return slots[:0]
        return np.asarray(slots[scores >= np.sort(scores)[len(scores) - k]], np.int64)

    def scores(self, query: Any, slots: Slots) -> NDArray[np.float64]:
        """See `VectorShard.scores`."""
        row = plain(query, self.dim)[0].astype(np.float64)
        return np.asarray(self._rows.view[slots].astype(np.float64) @ row)

    def rows(self, slots: Slots) -> Vectors:
        """See `VectorShard.rows`."""
        return np.asarray(self._rows.view[slots], np.float32)

    def retain(self, first: int, slots: Slots) -> None:
        """See `VectorShard.retain`."""
        self._rows.replace(np.concatenate([self._rows.view[:first], self._rows.view[slots]]))

    def frozen(self, slots: Slots) -> Callable[[Path], None]:
        """See `VectorShard.frozen`."""
        rows = self._rows.view[slots]

        def write(path: Path) -> None:
            with path.open("wb") as out:
                np.save(out, rows, allow_pickle=False)

        return write

    def open(self, path: Path | None, ids: Ids) -> None:
        """See `VectorShard.open`."""
        if path is None:
            raise ValueError("快照里没有向量文件。")
        rows = np.load(path, allow_pickle=False)
        if rows.shape != (len(ids), self.dim):
            raise ValueError(f"向量文件 {path.name} 的形状是 {rows.shape}。")
        self._rows.replace(rows)

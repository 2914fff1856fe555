"""Exact vector search: FAISS flat inner product behind a bitmap of allowed slots.

FAISS is imported at the first search, with one OpenMP thread: a process whose FAISS has made a
thread pool hangs in its forked children (facebookresearch/faiss issue 5206), and one thread per
worker is also the faster choice for small indexes.
"""

from __future__ import annotations

import warnings
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Slots = NDArray[np.int64]


class VectorInvalid(ValueError):
    """A vector of the wrong shape or with NaN or infinity in it."""


@cache
def _faiss() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SWIG types without __module__ on newer Pythons
        import faiss
    faiss.omp_set_num_threads(1)
    module: ModuleType = faiss
    return module


def checked(vectors: Any, dim: int) -> Vectors:
    """(n, dim) float32, contiguous; raises VectorInvalid with the reason in Chinese."""
    try:
        found = np.ascontiguousarray(vectors, np.float32)
    except (TypeError, ValueError) as error:
        raise VectorInvalid(f"向量读不成数字：{error}") from error
    if found.ndim == 1:
        found = found[None, :]
    if found.ndim != 2 or found.shape[1] != dim:
        raise VectorInvalid(f"向量应为 {dim} 维，实为 {found.shape}。")
    if not np.isfinite(found).all():
        raise VectorInvalid("向量里有 NaN 或无穷大。")
    return found


class VectorIndex:
    """Vectors in slots 0, 1, 2, ...; scores are inner products (cosines for unit vectors)."""

    def __init__(self, dim: int):
        if dim < 1:
            raise VectorInvalid(f"向量维数应为正数，实为 {dim}。")
        self.dim = dim
        self._pending: list[Vectors] = []
        self._index: Any = None
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, vectors: Any) -> None:
        """Appends (n, dim) vectors to the next n slots; raises VectorInvalid."""
        found = checked(vectors, self.dim)
        self._pending.append(found.copy())
        self._size += len(found)

    def _ready(self) -> Any:
        if self._index is None:
            self._index = _faiss().IndexFlatIP(self.dim)
        for vectors in self._pending:
            self._index.add(vectors)
        self._pending.clear()
        return self._index

    def all(self) -> Vectors:
        """(slots, dim) without a copy; valid until the next `add`."""
        index = self._ready()
        if not self._size:
            return np.zeros((0, self.dim), np.float32)
        flat = _faiss().rev_swig_ptr(index.get_xb(), self._size * self.dim)
        found: Vectors = flat.reshape(self._size, self.dim)
        return found

    def scores(self, query: Any, slots: Slots) -> NDArray[np.float64]:
        """(slots,) inner products of one query with these slots.

        Summed in float64, so that equal vectors get equal scores whatever stands beside them.
        """
        row = checked(query, self.dim)[0].astype(np.float64)
        rows = self.all() if len(slots) == self._size else self.all()[slots]
        return np.asarray(rows.astype(np.float64) @ row)

    def search(
        self, query: Any, k: int, allowed: NDArray[np.bool_]
    ) -> tuple[Slots, NDArray[np.float32]]:
        """The min(k, allowed slots) best slots and their scores, best first; exact.

        `allowed` is (slots,); ties are in slot order.
        """
        row = checked(query, self.dim)
        if allowed.shape != (self._size,):
            raise VectorInvalid(f"筛选位图应有 {self._size} 位，实为 {allowed.shape}。")
        k = min(k, int(allowed.sum()))
        if k <= 0:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        index, faiss = self._ready(), _faiss()
        bits = np.packbits(allowed, bitorder="little")
        chosen = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
        scores, slots = index.search(row, k, params=faiss.SearchParameters(sel=chosen))
        order = np.lexsort((slots[0], -scores[0]))
        return slots[0][order].astype(np.int64), scores[0][order]

    def keep(self, slots: Slots) -> None:
        """Keeps these slots, in this order, and forgets the others."""
        kept = self.all()[slots].copy()
        self._index, self._pending, self._size = None, [], 0
        if len(kept):
            self.add(kept)

"""One named vector of one board: the interface every engine keeps, and the default one on FAISS.

All engines are exact. They round components to float16 on the way in (a unit vector's inner
products move by less than 0.001), so that a text has one score wherever it lies: in the mapped
base of a snapshot, in the tail in memory, or in a database.

FAISS itself is asked in `indexes.flat`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from indexes import coarse
from indexes.checks import Ids, Mask, Slots, Vectors, checked, fitting, plain, positive
from indexes.coarse import Coarse
from indexes.flat import Bounded, Ranked, best, codes, empty, faiss
from indexes.halves import products, quick_products

_BLOCK = 50_000  # vectors handled at a time where a copy of all would be too large
ROUGHLY = 2
EACH = 5_000
"""So many are multiplied one and all where bounds are asked for."""


class VectorShard(Protocol):
    """Vectors in slots 0, 1, 2, ...; scores are inner products (cosines for unit vectors).

    An engine is a way to make shards: `VectorEngine`. One that keeps its vectors elsewhere (in
    PostgreSQL, on other machines) knows by `extend` which id stands in which slot, and has been
    given the vectors themselves by `VectorEngine.store`.
    """

    dim: int

    def __len__(self) -> int:
        """The number of slots."""
        ...

    def extend(self, ids: Ids, vectors: Any) -> None:
        """Puts (n, dim) vectors into the next n slots; raises VectorInvalid and changes nothing."""
        ...

    def search(self, query: Any, k: int, allowed: Mask) -> Slots:
        """The min(k, allowed) best slots, and all that tie with the last one, in any order.

        `allowed` is (slots,). Equal vectors tie; whether others do is for `scores` to say, and
        scores that differ by less than float32 can tell may change places. Raises VectorInvalid.
        """
        ...

    def scores(self, query: Any, slots: Slots) -> NDArray[np.float64]:
        """(slots,) inner products of one query with these slots; raises VectorInvalid."""
        ...

    def rows(self, slots: Slots) -> Vectors:
        """(slots, dim) the vectors, as they were rounded."""
        ...

    def retain(self, first: int, slots: Slots) -> None:
        """Keeps what is below slot `first`, then these (later) slots in this order."""
        ...

    def frozen(self, slots: Slots) -> Callable[[Path], None]:
        """A function that writes these slots as they are now for `open`, whatever happens until
        it is called; it writes nothing when the engine keeps its vectors durable itself."""
        ...

    def open(self, path: Path | None, ids: Ids) -> None:
        """Becomes what `frozen` wrote, or (path None) what the engine itself keeps of these ids.

        Raises ValueError when the file does not fit.
        """
        ...


@dataclass(frozen=True, slots=True)
class StoredVector:
    """A vector for an engine that keeps them itself."""

    board: str
    vector: str
    id: int
    dim: int
    value: Any
    revision: int = 0
    """Of the text it was made from, so that one that was left behind is noticed."""


class VectorEngine(Protocol):
    """Makes the shards of one model's vectors; chosen by JIEBANG_VECTOR_ENGINE."""

    name: str
    durable: bool
    """Whether it keeps vectors itself, written by `store`; others keep what `extend` gives."""

    def of(self, model: str) -> VectorEngine:
        """The same engine for the vectors of one model, by its fingerprint."""
        ...

    def store(self, connection: Any, rows: Sequence[StoredVector]) -> None:
        """Writes or replaces vectors in the transaction of this database connection.

        Nothing to do unless `durable`. Raises VectorInvalid and has then written nothing.
        """
        ...

    def reading(self, connection: Any) -> AbstractContextManager[None]:
        """Within, this thread's shards read over this connection, whose transaction sees one
        moment: the one that the slots were filled at."""
        ...

    def shard(self, board: str, vector: str, dim: int) -> VectorShard:
        """A shard without slots; raises VectorInvalid for a dimension that is not positive."""
        ...


def bounded(shard: VectorShard, query: Any, k: int, allowed: Mask) -> Bounded | None:
    """The k best slots with what is known of their scores, where the engine has that at no
    further price. Of a large base these are, instead, about ROUGHLY times as many that have most
    by a coarse copy: all of the k best in practice, and less work than to be sure of that; and one
    bound in 10**15 may fail (`coarse.SIGMAS`). Of EACH allowed ones or fewer these are all, in
    ascending order."""
    return shard.bounded(query, k, allowed) if isinstance(shard, FaissVectors) else None


def nearly(shard: VectorShard, query: Any, slots: Slots) -> tuple[NDArray[np.float64], float]:
    """`shard.scores` and by how much these may be off: float32 sums where they come cheaper."""
    if not isinstance(shard, FaissVectors):
        return shard.scores(query, slots), 0.0
    return shard.nearly(query, slots)


def scores_of(
    shard: VectorShard, queries: Sequence[Any], slots: Slots
) -> list[NDArray[np.float64]]:
    """`shard.scores` of several queries, to the same bit; where it pays, read only once."""
    if not isinstance(shard, FaissVectors):
        return [shard.scores(query, slots) for query in queries]
    return shard.scores_of(queries, slots)


class InProcess:
    """What engines have in common that keep their vectors in this process."""

    durable = False

    def of(self, model: str) -> Self:
        """See `VectorEngine.of`."""
        return self

    def store(self, connection: Any, rows: Sequence[StoredVector]) -> None:
        """See `VectorEngine.store`."""

    def reading(self, connection: Any) -> AbstractContextManager[None]:
        """See `VectorEngine.reading`."""
        return nullcontext()


class FaissEngine(InProcess):
    """The default: everything in this process, the base mapped and shared between processes."""

    name = "faiss"

    def shard(self, board: str, vector: str, dim: int) -> FaissVectors:
        """See `VectorEngine.shard`."""
        return FaissVectors(dim)


class FaissVectors:
    """Flat float16 codes: an immutable base that is mapped from a file, and a tail in memory.

    `add` on a mapped FAISS index aborts the process and one `remove_ids` takes 0.1 s at a
    million: so additions go to the tail, removals are bits of `allowed`, and a base only ever
    changes by being written anew (`Collection.frozen`).
    """

    def __init__(self, dim: int):
        self.dim = positive(dim)
        self._base: Any = None
        self._coarse: Coarse | None = None  # a large base once more, in fewer bytes
        self._tail: Any = None
        self._pending: list[Vectors] = []
        self._split = 0
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def extend(self, ids: Ids, vectors: Any) -> None:
        """See `VectorShard.extend`."""
        found = checked(vectors, self.dim)
        self._pending.append(found)
        self._size += len(found)

    def _parts(self) -> list[tuple[Any, int]]:
        """(index, first slot) of the base and of the tail, with what is pending added."""
        if self._tail is None:
            self._tail = empty(self.dim)
        for vectors in self._pending:
            self._tail.add(vectors)
        self._pending.clear()
        parts = [(self._base, 0)] if self._split else []
        return [*parts, (self._tail, self._split)] if self._tail.ntotal else parts

    def search(self, query: Any, k: int, allowed: Mask) -> Slots:
        """See `VectorShard.search`."""
        return self.ranked(query, k, allowed).slots

    def ranked(self, query: Any, k: int, allowed: Mask) -> Ranked:
        """`search` with the scores that it went by."""
        row = plain(query, self.dim)
        k = min(k, fitting(allowed, self._size))
        slots, scores = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
        rest = -np.inf
        if k > 0:
            for index, first in self._parts():
                mask = allowed[first : first + index.ntotal]
                found = None if first else self._coarsely(row, k, mask)
                if found is None:
                    found = best(index, row, k, mask)
                slots.append(found.slots + first)
                scores.append(found.scores)
                rest = max(rest, found.rest)
        return Ranked(np.concatenate(slots), np.concatenate(scores), rest, self._error(row))

    def _error(self, row: Vectors) -> float:
        """By how much float32 products with unit vectors may be off."""
        return self.dim * 2.0**-23 * float(np.linalg.norm(row))

    def _coarsely(self, row: Vectors, k: int, allowed: Mask) -> Ranked | None:
        """The best of the base by its codes, where that is quicker and can be told."""
        if self._coarse is None or len(allowed) < coarse.SURE:
            return None
        return self._coarse.best(row, k, allowed, lambda slots: self.scores(row, slots))

    def bounded(self, query: Any, k: int, allowed: Mask) -> Bounded:
        """See the function `bounded`."""
        row = plain(query, self.dim)
        base, passing = None, fitting(allowed, self._size)
        if k > 0 and passing <= EACH:
            return self._each(query, allowed)
        if self._coarse is not None and 0 < k < passing:
            base = self._coarse.bounded(row, ROUGHLY * k, allowed[: self._split])
        late = allowed
        if base is not None:
            late = allowed.copy()
            late[: self._split] = False
        exact = self.ranked(row, k, late)
        error, split, scores = exact.error, self._split, exact.scores.astype(np.float64)

        def rest(slots: Slots) -> NDArray[np.float64]:
            found = np.full(len(slots), exact.rest + error)
            if base is not None:
                early = slots < split
                found[early] = base.rest(slots[early])
            return found

        found = Bounded(exact.slots, scores - error, scores + error, rest)
        if base is None:
            return found
        return Bounded(
            np.concatenate([base.slots, found.slots]),
            np.concatenate([base.low, found.low]),
            np.concatenate([base.high, found.high]),
            rest,
        )

    def _each(self, query: Any, allowed: Mask) -> Bounded:
        """All that are allowed: of a few thousand that costs less than to choose the best."""
        slots = np.flatnonzero(allowed)
        scores, error = self.nearly(query, slots)
        return Bounded(slots, scores - error, scores + error, lambda no: np.full(len(no), -np.inf))

    def nearly(self, query: Any, slots: Slots) -> tuple[NDArray[np.float64], float]:
        """See the function `nearly`."""
        row = plain(query, self.dim)
        found = quick_products(self._codes_of(), slots, row[0])
        return found.astype(np.float64), self._error(row)

    def scores(self, query: Any, slots: Slots) -> NDArray[np.float64]:
        """See `VectorShard.scores`.

        Summed in float64, so that equal vectors get equal scores whatever stands beside them.
        """
        (found,) = self.scores_of([query], slots)
        return found

    def scores_of(self, queries: Sequence[Any], slots: Slots) -> list[NDArray[np.float64]]:
        """`scores` of several queries, each with a product of its own: to the same bit."""
        rows = [plain(query, self.dim)[0].astype(np.float64) for query in queries]
        return products(self._codes_of(), slots, rows)

    def _codes_of(self) -> Callable[[Slots], NDArray[np.float16]]:
        """What gives the codes of some slots, until something is added."""
        # as bytes: numpy copies all of an array first whose numbers lie at odd addresses
        found = [codes(index, self.dim).view(np.uint8) for index, _ in self._parts()]
        parts = found or [np.zeros((0, 2 * self.dim), np.uint8)]

        def taken(slots: Slots) -> NDArray[np.float16]:
            late = slots >= self._split
            if len(parts) < 2 or not late.any():  # in range, and not checked again
                return parts[0].take(slots, axis=0, mode="clip").view(np.float16)
            out = np.zeros((len(slots), 2 * self.dim), np.uint8)
            for flat, first, chosen in zip(parts, (0, self._split), (~late, late), strict=True):
                out[chosen] = flat[slots[chosen] - first]
            return out.view(np.float16)

        return taken

    def rows(self, slots: Slots) -> Vectors:
        """See `VectorShard.rows`."""
        return self._codes_of()(slots).astype(np.float32)

    def retain(self, first: int, slots: Slots) -> None:
        """See `VectorShard.retain`; `first` is where the tail begins."""
        if first != self._split:
            raise ValueError("只能整理尾部。")
        kept = self.rows(slots)
        self._tail, self._pending, self._size = None, [], first
        self.extend(slots, kept)

    def frozen(self, slots: Slots) -> Callable[[Path], None]:
        """See `VectorShard.frozen`. Only the tail is copied: the base never changes."""
        split, base = self._split, self._base
        tail = self._codes_of()(np.arange(split, self._size)) if self._size > split else None

        def write(path: Path) -> None:
            index = empty(self.dim)
            for start in range(0, len(slots), _BLOCK):
                part = slots[start : start + _BLOCK]
                rows = np.zeros((len(part), self.dim), np.float32)
                late = part >= split
                if tail is not None:
                    rows[late] = tail[part[late] - split]
                if split:
                    rows[~late] = codes(base, self.dim)[part[~late]]
                index.add(rows)
            faiss().write_index(index, str(path))
            if len(slots) >= coarse.LEAST:
                coarse.write(path, codes(index, self.dim))

        return write

    def open(self, path: Path | None, ids: Ids) -> None:
        """See `VectorShard.open`; the file is mapped, not read."""
        if path is None:
            raise ValueError("快照里没有向量文件。")
        try:
            index = faiss().read_index(str(path), faiss().IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise ValueError(f"向量文件读不出来：{path.name}") from error
        if index.d != self.dim or index.ntotal != len(ids) or index.code_size != 2 * self.dim:
            raise ValueError(f"向量文件 {path.name} 是 {index.ntotal} 条 {index.d} 维。")
        self._coarse = coarse.read(path, len(ids), self.dim)
        self._base, self._split, self._size = index, len(ids), len(ids)
        self._tail, self._pending = None, []

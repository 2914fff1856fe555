"""A collection of texts under one's own ids: vectors, postings and columns in the same slots.

Slots below `split` are the base: what a snapshot held, mapped and never changed. The others are
the tail in memory. A change is an append to the tail plus a tombstone, so it is visible in the
very next search; the tail's tombstones are reclaimed when they are many, the base's when the next
snapshot is written (`frozen`) and taken over. All of it is exact.
"""

from __future__ import annotations

from collections.abc import Collection as Ids
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexes.arrays import Growing
from indexes.checks import Slots, checked
from indexes.columns import Mask, NumberColumn, ValueColumn
from indexes.postings import Background, Postings
from indexes.vectors import FaissEngine, VectorEngine

_MAX_DEAD = 64  # tombstones that are always tolerated; beyond, at most a quarter of the tail


@dataclass(frozen=True, slots=True)
class Entry:
    """One text to add: a vector, a bag of terms and a value for every field."""

    id: int
    vectors: Mapping[str, NDArray[np.float32]]
    texts: Mapping[str, Mapping[str, int]]
    numbers: Mapping[str, int | None]
    values: Mapping[str, Hashable]


class Collection:
    """Entries by id. Field names are fixed at construction; every entry has all of them."""

    def __init__(
        self,
        *,
        dim: int,
        vectors: Sequence[str],
        texts: Sequence[str],
        numbers: Sequence[str] = (),
        values: Sequence[str] = (),
        background: Background | None = None,
        engine: VectorEngine | None = None,
        name: str = "",
    ):
        engine = engine or FaissEngine()
        self.dim = dim
        self.vectors = {vector: engine.shard(name, vector, dim) for vector in vectors}
        self.texts = {text: Postings(background) for text in texts}
        self.numbers = {number: NumberColumn() for number in numbers}
        self.values = {value: ValueColumn() for value in values}
        self.split = 0
        self._ids = Growing(np.int64)
        self._live = Growing(np.bool_)
        self._count = 0
        self._tail: dict[int, int] = {}

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: int) -> bool:
        return self._find(key) is not None

    @property
    def ids(self) -> NDArray[np.int64]:
        """(slots,) the id in every slot, removed ones included: see `live`."""
        found: NDArray[np.int64] = self._ids.view
        return found

    def live(self) -> Mask:
        """(slots,) a fresh mask of the slots that hold something."""
        return np.array(self._live.view, bool)

    def _find(self, key: int) -> int | None:
        slot = self._tail.get(key)
        if slot is not None:
            return slot
        if not self.split:
            return None
        base = self.ids[: self.split]
        place = int(np.searchsorted(base, key))
        if place < self.split and base[place] == key and self._live.view[place]:
            return place
        return None

    def slots(self, ids: Ids[int]) -> Slots:
        """The slots of those ids that are here."""
        found = (self._find(key) for key in ids)
        return np.asarray([slot for slot in found if slot is not None], np.int64)

    def nearest(
        self, vector: str, query: Any, k: int, allowed: Mask
    ) -> tuple[Slots, NDArray[np.float64]]:
        """The min(k, allowed) best slots by one named vector, best first; ties by smaller id.

        `allowed` is (slots,), at most `live`. Raises VectorInvalid.
        """
        shard = self.vectors[vector]
        slots = shard.search(query, k, allowed)
        scores = np.round(shard.scores(query, slots), 12)  # equal vectors tie, whatever stood by
        order = np.lexsort((self.ids[slots], -scores))[: max(k, 0)]
        return slots[order], scores[order]

    def apply(self, upserts: Sequence[Entry], removes: Ids[int] = ()) -> None:
        """Removes, then adds or replaces; all or nothing.

        Raises VectorInvalid (wrong dimension, NaN) and KeyError (a field is missing) before
        anything has changed. Of several entries with one id the last counts.
        """
        entries = list({entry.id: entry for entry in upserts}.values())
        rows = {
            name: _block([entry.vectors[name] for entry in entries], self.dim)
            for name in self.vectors
        }
        texts = {name: [entry.texts[name] for entry in entries] for name in self.texts}
        numbers = {name: [entry.numbers[name] for entry in entries] for name in self.numbers}
        values = {name: [entry.values[name] for entry in entries] for name in self.values}
        for column in numbers.values():
            NumberColumn().extend(column)
        for key in {*removes, *(entry.id for entry in entries)}:
            self._bury(key)
        if entries:
            ids = np.asarray([entry.id for entry in entries], np.int64)
            for name, shard in self.vectors.items():
                shard.extend(ids, rows[name])
            for name, postings in self.texts.items():
                postings.add(texts[name])
            for name, number in self.numbers.items():
                number.extend(numbers[name])
            for name, value in self.values.items():
                value.extend(values[name])
            first = self._ids.size
            self._tail.update((entry.id, first + n) for n, entry in enumerate(entries))
            self._ids.extend(ids)
            self._live.extend(np.ones(len(entries), bool))
            self._count += len(entries)
        size = self._ids.size - self.split
        if size - len(self._tail) > max(_MAX_DEAD, size // 4):
            self._compact()

    def _bury(self, key: int) -> None:
        slot = self._find(key)
        if slot is None:
            return
        self._tail.pop(key, None)
        self._live.view[slot] = False
        self._count -= 1
        for postings in self.texts.values():
            postings.remove(slot)

    def _compact(self) -> None:
        """Reclaims the tail's slots of removed entries."""
        late = np.flatnonzero(self._live.view[self.split :]).astype(np.int64) + self.split
        kept = np.concatenate([np.arange(self.split), late])
        for shard in self.vectors.values():
            shard.retain(self.split, late)
        for postings in self.texts.values():
            postings.retain(late)
        for number in self.numbers.values():
            number.keep(kept)
        for value in self.values.values():
            value.keep(kept)
        self._ids.replace(self.ids[kept])
        self._live.replace(self._live.view[kept])
        self._tail = {key: self.split + n for n, key in enumerate(self.ids[self.split :].tolist())}

    def open(self, ids: NDArray[np.int64]) -> None:
        """Takes over the ids of a loaded snapshot, whose fields are filled already.

        Raises ValueError when the fields do not have one row per id or ids do not ascend.
        """
        sizes = [len(shard) for shard in self.vectors.values()]
        sizes += [len(postings) for postings in self.texts.values()]
        sizes += [len(number.values) for number in self.numbers.values()]
        sizes += [len(value) for value in self.values.values()]
        if any(size != len(ids) for size in sizes) or np.any(np.diff(ids) <= 0):
            raise ValueError("快照里各列的行数或编号对不上。")
        self._ids.adopt(ids)
        self._live.replace(np.ones(len(ids), bool))
        self.split = self._count = len(ids)
        self._tail = {}


def _block(vectors: Sequence[Any], dim: int) -> NDArray[np.float32]:
    """(n, dim) vectors checked all at once; VectorInvalid names what is wrong with one of them."""
    if any(getattr(vector, "shape", None) != (dim,) for vector in vectors):
        vectors = [checked(vector, dim)[0] for vector in vectors]
    return checked(np.asarray(vectors).reshape(-1, dim), dim)

"""A collection of texts under one's own ids: vectors, postings and columns in the same slots.

A change is an append plus a tombstone, so it is visible in the very next search; slots of
removed texts are reclaimed when they are many. All of it is exact.
"""

from __future__ import annotations

from collections.abc import Collection as Ids
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexes.arrays import Growing
from indexes.columns import Mask, NumberColumn, ValueColumn
from indexes.postings import Background, Postings
from indexes.vectors import Slots, VectorIndex, checked

_MAX_DEAD = 64  # tombstones that are always tolerated; beyond, at most a quarter of the slots


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
    ):
        self.dim = dim
        self._background = background
        self.vectors = {name: VectorIndex(dim) for name in vectors}
        self.texts = {name: Postings(background) for name in texts}
        self.numbers = {name: NumberColumn() for name in numbers}
        self.values = {name: ValueColumn() for name in values}
        self._ids = Growing(np.int64)
        self._live = Growing(np.bool_)
        self._slots: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, key: int) -> bool:
        return key in self._slots

    @property
    def ids(self) -> NDArray[np.int64]:
        """(slots,) the id in every slot, removed ones included: see `live`."""
        found: NDArray[np.int64] = self._ids.view
        return found

    def live(self) -> Mask:
        """(slots,) a fresh mask of the slots that hold something."""
        return np.array(self._live.view, bool)

    def slots(self, ids: Ids[int]) -> Slots:
        """The slots of those ids that are here."""
        found = (self._slots.get(key, -1) for key in ids)
        return np.asarray([slot for slot in found if slot >= 0], np.int64)

    def apply(self, upserts: Sequence[Entry], removes: Ids[int] = ()) -> None:
        """Removes, then adds or replaces; all or nothing.

        Raises VectorInvalid (wrong dimension, NaN) and KeyError (a field is missing) before
        anything has changed. Of several entries with one id the last counts.
        """
        entries = list({entry.id: entry for entry in upserts}.values())
        rows = {
            name: [checked(entry.vectors[name], self.dim)[0] for entry in entries]
            for name in self.vectors
        }
        texts = {name: [entry.texts[name] for entry in entries] for name in self.texts}
        numbers = {name: [entry.numbers[name] for entry in entries] for name in self.numbers}
        values = {name: [entry.values[name] for entry in entries] for name in self.values}
        for column in numbers.values():
            NumberColumn().extend(column)
        for key in {*removes, *(entry.id for entry in entries)}:
            slot = self._slots.pop(key, None)
            if slot is not None:
                self._live.view[slot] = False
                for postings in self.texts.values():
                    postings.remove(slot)
        if entries:
            for name, index in self.vectors.items():
                index.add(np.stack(rows[name]))
            for name, postings in self.texts.items():
                postings.add(texts[name])
            for name, number in self.numbers.items():
                number.extend(numbers[name])
            for name, value in self.values.items():
                value.extend(values[name])
            first = self._ids.size
            self._slots.update((entry.id, first + n) for n, entry in enumerate(entries))
            self._ids.extend(np.asarray([entry.id for entry in entries], np.int64))
            self._live.extend(np.ones(len(entries), bool))
        dead = self._ids.size - len(self._slots)
        if dead > max(_MAX_DEAD, self._ids.size // 4):
            self.compact()

    def compact(self) -> None:
        """Reclaims the slots of removed entries."""
        kept = np.flatnonzero(self._live.view).astype(np.int64)
        for index in self.vectors.values():
            index.keep(kept)
        for postings in self.texts.values():
            postings.keep(kept)
        for number in self.numbers.values():
            number.keep(kept)
        for value in self.values.values():
            value.keep(kept)
        ids = self.ids[kept].copy()
        self._ids.replace(ids)
        self._live.replace(np.ones(len(ids), bool))
        self._slots = {key: slot for slot, key in enumerate(ids.tolist())}

    def restore_ids(self, ids: NDArray[np.int64]) -> None:
        """Takes over the ids of a loaded snapshot, whose fields are filled already.

        Raises ValueError when the fields do not have one row per id.
        """
        sizes = [len(index) for index in self.vectors.values()]
        sizes += [len(postings) for postings in self.texts.values()]
        sizes += [len(number.values) for number in self.numbers.values()]
        sizes += [len(value.values) for value in self.values.values()]
        if any(size != len(ids) for size in sizes) or len(np.unique(ids)) != len(ids):
            raise ValueError("快照里各列的行数对不上。")
        self._ids.replace(ids)
        self._live.replace(np.ones(len(ids), bool))
        self._slots = {key: slot for slot, key in enumerate(ids.tolist())}

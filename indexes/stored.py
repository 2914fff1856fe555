"""A collection as the files of a snapshot: what stands where, written in blocks and mapped back."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from indexes.checks import Slots
from indexes.collection import Collection
from indexes.rows import FrozenPostings, Rows, inverted
from indexes.snapshot import Reader, Writer

_BLOCK = 20_000  # texts copied at a time


class Frozen:
    """A collection at one moment: made in a moment under its owner's lock, written at leisure.

    Removed entries are left out; slots come in the order of ids.
    """

    def __init__(self, collection: Collection):
        live = np.flatnonzero(collection.live()).astype(np.int64)
        self._slots: Slots = live[np.argsort(collection.ids[live], kind="stable")]
        self._ids = collection.ids[self._slots].copy()
        self._numbers = {
            name: column.values[self._slots] for name, column in collection.numbers.items()
        }
        self._values = {
            name: column.packed(self._slots) for name, column in collection.values.items()
        }
        self._texts = {name: postings.frozen() for name, postings in collection.texts.items()}
        self._vectors = {
            name: shard.frozen(self._slots) for name, shard in collection.vectors.items()
        }

    def __len__(self) -> int:
        return len(self._ids)

    def write(self, out: Writer, name: str) -> None:
        """Writes everything under the name of the board; raises OSError when the disk refuses."""
        out.array(f"{name}.ids", self._ids)
        for field, numbers in self._numbers.items():
            out.array(f"{name}.number.{field}", numbers)
        for field, (distinct, codes) in self._values.items():
            out.words(f"{name}.value.{field}.words", [_plain(value) for value in distinct])
            out.array(f"{name}.value.{field}.codes", codes)
        for field, write in self._vectors.items():
            write(out.path(f"{name}.vector.{field}"))
        for field, texts in self._texts.items():
            _write_texts(out, f"{name}.text.{field}", texts, self._slots)


def _plain(value: Hashable) -> object:
    return sorted(value) if isinstance(value, frozenset) else value


def _write_texts(out: Writer, name: str, texts: FrozenPostings, slots: Slots) -> None:
    """The rows with only the terms they use, numbered anew, and the same by term."""
    used = np.zeros(len(texts.terms), bool)
    starts = np.zeros(len(slots) + 1, np.int64)
    for first in range(0, len(slots), _BLOCK):
        rows = texts.rows(slots[first : first + _BLOCK])
        used[rows.ids] = True
        starts[first + 1 : first + len(rows) + 1] = starts[first] + rows.starts[1:]
    numbers = np.cumsum(used, dtype=np.int32) - 1
    size = int(starts[-1])
    ids, counts = (
        out.mapped(f"{name}.ids", np.int32, size),
        out.mapped(f"{name}.counts", np.uint16, size),
    )
    for first in range(0, len(slots), _BLOCK):
        rows = texts.rows(slots[first : first + _BLOCK])
        place = slice(int(starts[first]), int(starts[first]) + len(rows.ids))
        ids[place], counts[place] = numbers[rows.ids], rows.counts
    terms = [texts.terms[number] for number in np.flatnonzero(used)]
    by_slot = out.mapped(f"{name}.by-term.slots", np.int32, size)
    by_count = out.mapped(f"{name}.by-term.counts", np.uint16, size)
    by_start, _, _ = inverted(Rows(starts, ids, counts), len(terms), 0, (by_slot, by_count))
    out.array(f"{name}.starts", starts)
    out.array(f"{name}.by-term.starts", by_start)
    out.words(f"{name}.terms", terms)


def restore(source: Reader, name: str, collection: Collection) -> None:
    """Fills an empty collection; raises KeyError or ValueError when the files do not fit."""
    ids = np.asarray(source.array(f"{name}.ids"), np.int64)
    for field, number in collection.numbers.items():
        number.open(source.array(f"{name}.number.{field}"))
    for field, value in collection.values.items():
        words: list[Any] = source.words(f"{name}.value.{field}.words")
        codes = source.array(f"{name}.value.{field}.codes")
        value.unpack([frozenset(w) if isinstance(w, list) else w for w in words], codes)
    for field, shard in collection.vectors.items():
        shard.open(source.path(f"{name}.vector.{field}"), ids)
    for field, postings in collection.texts.items():
        prefix = f"{name}.text.{field}"
        postings.open(
            source.words(f"{prefix}.terms"),
            Rows(*(source.array(f"{prefix}.{part}") for part in ("starts", "ids", "counts"))),
            source.array(f"{prefix}.by-term.starts"),
            source.array(f"{prefix}.by-term.slots"),
            source.array(f"{prefix}.by-term.counts"),
        )
    collection.open(ids)

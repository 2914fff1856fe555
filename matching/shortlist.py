"""Which listings can be among the best by the cheap part of the order, not all looked at exactly.

The sum that orders them has a few parts: what words add and what each vector adds. Of every part
it is known, before a listing is looked at, how much it is at least and at most: FAISS and the
postings have told so, and of a listing that FAISS did not return that it gets no more than the last
one returned. Those that could have most are looked at first; then, part after part, all that could
still be better than enough others. The rest is left alone, and the outcome is the same to the last
bit. (The threshold algorithm, Fagin, Lotem & Naor 2001.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexes.flat import Bounded

_FIRST = 2  # so many times as many as are wanted are looked at before anything is left out
_KNOWN = 1e-3  # bounds that are so near to each other need no look
_SPARE = 1e-9  # what float64 sums of a few numbers of this size are off by, and far more
Floats = NDArray[np.float64]
Slots = NDArray[np.int64]
Look = Callable[[Slots], tuple[Floats, float]]


@dataclass(frozen=True, slots=True)
class Part:
    """What one part of the sum is for some slots (ascending, the same for all parts)."""

    low: Floats
    high: Floats
    look: Look
    """This part of the sum of slots, and by how much it may be off."""

    @classmethod
    def of(cls, slots: Slots, found: Bounded, factor: float, look: Look) -> Part:
        """A vector's part: `factor` (positive) times the products, of which `found` tells (all
        of its slots are among these) and which `look` gives."""

        def times(some: Slots) -> tuple[Floats, float]:
            values, off = look(some)
            return factor * values, factor * off

        if np.array_equal(found.slots, slots):
            return cls(factor * found.low, factor * found.high, times)
        high, low = found.rest(slots), np.full(len(slots), -np.inf)
        places = np.searchsorted(slots, found.slots)
        high[places], low[places] = found.high, found.low
        return cls(factor * low, factor * high, times)


def promising(
    slots: Slots, parts: Sequence[Part], evident: NDArray[np.bool_], depth: int
) -> NDArray[np.int64] | None:
    """Places in `slots` of all that can be among the `depth` best of those with evidence.

    `evident` are those that surely have evidence; None when they are too few, as an exact look
    must then say which others have.
    """
    if int(np.count_nonzero(evident)) <= depth:
        return None
    low, high = (np.stack([getattr(p, side) for p in parts]) for side in ("low", "high"))
    between = high - low
    known = between <= _KNOWN

    def look(number: int, places: NDArray[np.int64]) -> None:
        """Makes one part of these known."""
        places = places[~known[number, places]]
        if len(places):
            values, off = parts[number].look(slots[places])
            low[number, places], high[number, places] = values - off, values + off
            known[number, places] = True

    def possible() -> NDArray[np.int64]:
        """Those that can have more than what `depth` others have at least."""
        least = low.sum(axis=0)[evident]
        bound = np.partition(least, len(least) - depth)[len(least) - depth]
        return np.flatnonzero(high.sum(axis=0) >= bound - _SPARE)

    if known.all():
        return possible()
    certain = np.flatnonzero(evident)
    first = min(_FIRST * depth, len(certain))
    most = high.sum(axis=0)[certain]
    nearest = certain[np.argpartition(-most, first - 1)[:first]]
    for number in range(len(parts)):
        look(number, nearest)
    # what is known least first: it tells most about who need not be looked at further
    told = np.isfinite(between)
    doubts = between.sum(axis=1, where=told) / np.maximum(told.sum(axis=1), 1)
    for number in np.argsort(-doubts, kind="stable").tolist():
        if not known[number].all():
            look(number, possible())
    return possible()

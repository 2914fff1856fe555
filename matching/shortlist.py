"""Which listings can be among the best by the cheap part of the order, not all looked at exactly.

FAISS and the postings have told, within what float32 sums can be wrong by, how much each listing
gets from every vector and from its words; of a listing that FAISS did not return it is known that
it gets no more than the last one returned. Those that could have most are looked at first, and as
soon as enough are better than what any other could have, the others are left alone: the outcome is
the same to the last bit. (The threshold algorithm, Fagin, Lotem & Naor 2001.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexes.flat import Ranked

_AT_ONCE = 256  # listings looked at between two decisions
_SPARE = 1e-9  # what float64 sums of a few numbers of this size are off by, and far more
Floats = NDArray[np.float64]
Slots = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lexical:
    """What words add to the weighted sum of some slots (ascending), within `error` each."""

    slots: Slots
    sums: Floats
    error: Floats

    def sharing(self) -> NDArray[np.bool_]:
        """(slots,) which of them share a word with the query."""
        return np.asarray(self.sums > 0)


def promising(
    lexical: Lexical,
    ranked: Sequence[Ranked],
    evident: NDArray[np.bool_],
    factor: float,
    depth: int,
    look: Callable[[Slots], Floats],
) -> NDArray[np.int64] | None:
    """Places in `lexical.slots` of all that can be among the `depth` best of those with evidence.

    `ranked` are the slots found by each vector, all of them among the lexical ones, for queries
    that are weighted already; `look` gives the sum of these products for some slots; `factor`
    (positive) is that of the scale of cosines. `evident` are those that surely have evidence;
    None when they are too few, as an exact look must then say which others have.
    """
    if int(np.count_nonzero(evident)) <= depth:
        return None
    error = sum(each.error for each in ranked)
    products = np.zeros(len(evident))
    known = np.ones(len(evident), bool)
    for found in ranked:
        high = np.full(len(evident), found.rest)
        listed = np.zeros(len(evident), bool)
        places = np.searchsorted(lexical.slots, found.slots)
        high[places] = found.scores
        listed[places] = True
        products += high
        known &= listed
    most = lexical.sums + lexical.error + factor * (products + error) + _SPARE
    doubt = 2.0 * (lexical.error + factor * error + _SPARE)
    while True:
        least = (most - doubt)[known & evident]
        bound = -np.inf
        if len(least) >= depth:
            bound = np.partition(least, len(least) - depth)[len(least) - depth]
        open_ = np.flatnonzero(~known & (most >= bound))
        if not len(open_):
            return np.flatnonzero(most >= bound)
        if len(open_) > _AT_ONCE:
            open_ = open_[np.argpartition(-most[open_], _AT_ONCE)[:_AT_ONCE]]
        exact = lexical.sums[open_] + factor * look(lexical.slots[open_])
        most[open_] = exact + 0.5 * doubt[open_]
        known[open_] = True

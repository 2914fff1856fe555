"""How often one listing is proposed: a few well-written ones must not fill everybody's list.

What somebody is sent unasked is capped; what they search for themselves is not. Everybody keeps
the best of their own list whatever happens to it elsewhere, so nobody loses what fits best.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

KEPT_ANYHOW = 3
"""The first places of a list are never taken away: the pairs most likely to be worth a meeting."""
SHARE = 4
"""Beyond those, nobody is proposed more than this many times an even share of all first places:
quality differs, so an even share would be unjust to the good ones."""
LEAST = 12
"""Nor is anybody capped below this: one proposal a month is no flood, and boards are small."""


def cap(askers: int, offered: int) -> int:
    """In how many lists one of `offered` listings may stand beyond the first places, when `askers`
    are sent lists."""
    even = KEPT_ANYHOW * askers / max(offered, 1)
    return max(LEAST, math.ceil(SHARE * even))


@dataclass(frozen=True, slots=True)
class Spread:
    """How the places of many lists are spread over what is offered."""

    coverage: float
    """Share of the offered listings that stand in any list."""
    gini: float
    """0: all equally often; near 1: a few have all places (Gini 1912)."""
    most: int
    """How many lists the most frequent one stands in."""


def spread(lists: Sequence[Sequence[int]], offered: int) -> Spread:
    """Measures lists over `offered` listings."""
    counts = Counter(one for ranked in lists for one in ranked)
    numbers = np.zeros(max(offered, len(counts), 1))
    numbers[: len(counts)] = list(counts.values())
    numbers.sort()
    total, size = float(numbers.sum()), len(numbers)
    if not total:
        return Spread(0.0, 0.0, 0)
    ranks = np.arange(1, size + 1)
    gini = float((2 * ranks - size - 1) @ numbers) / (size * total)
    return Spread(len(counts) / size, gini, int(numbers[-1]))

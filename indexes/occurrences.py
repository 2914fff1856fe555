"""Occurrences of a query's terms in texts, and the sum of what they count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hits = tuple[NDArray[Any], NDArray[Any], NDArray[np.uint16]]
"""Which slot, which term; counts."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Queries before the texts: which known terms they ask for, in order, and what one occurrence
    of each counts at most, (terms, queries)."""

    numbers: NDArray[np.int64]
    factors: NDArray[np.float32]


def sum_up(
    hits: Hits,
    penalties: NDArray[np.float32],
    asked: Asked,
    sums: Sequence[NDArray[np.float32]],
) -> None:
    """Adds occurrences to the scores of their texts. The sums are float32 and in the query's
    order, like those over the postings."""
    owner, term, counts = hits
    part = counts.astype(np.float32)
    part /= part + penalties[owner]
    factors = asked.factors[term]
    for number, total in enumerate(sums):
        np.add.at(total, owner, part * factors[:, number])

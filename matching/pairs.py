"""Every listing of one board against every listing of another: the dense part as block products.

`nearest` is one matrix product a block with a running top-k; `rank_block` makes of it full ranked
lists, the same that `Engine.search` gives for each listing alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.board import CANDIDATES, SCORE_ALL, Match
from matching.documents import Conditions, Kind
from matching.engine import Engine
from matching.filters import Filter
from matching.prepared import Prepared

BLOCK = 512
"""Queries a product: the product of a block with _ROWS listings is 64 MB of float32."""
_ROWS = 32_768
_SPARE = 64  # of the nearest some fall to a query's own filter

Floats = NDArray[np.float32]
Slots = NDArray[np.int64]
RowsOf = Callable[[Slots], Floats]


@dataclass(frozen=True, slots=True)
class Asking:
    """One listing that asks: see `Engine.search`."""

    query: Prepared
    where: Filter
    conditions: Conditions


def nearest(queries: Floats, rows: RowsOf, slots: Slots, k: int) -> tuple[Slots, Floats]:
    """(queries, k) slots with the largest inner products, and these, best first.

    `rows` gives the vectors of some slots. Fewer than k slots give fewer columns. Sums are
    float32: equal products may come in any order.
    """
    k = min(k, len(slots))
    best = np.zeros((len(queries), 0), np.float32)
    where = np.zeros((len(queries), 0), np.int64)
    for start in range(0, len(slots), _ROWS):
        part = slots[start : start + _ROWS]
        products = queries @ rows(part).T
        kept = min(k, len(part))
        if kept < len(part):
            chosen = np.argpartition(products, len(part) - kept, axis=1)[:, len(part) - kept :]
            products = np.take_along_axis(products, chosen, axis=1)
            here = part[chosen]
        else:
            here = np.broadcast_to(part, products.shape)
        best = np.concatenate([best, products], axis=1)
        where = np.concatenate([where, here], axis=1)
        if best.shape[1] > k:
            chosen = np.argpartition(best, best.shape[1] - k, axis=1)[:, best.shape[1] - k :]
            best = np.take_along_axis(best, chosen, axis=1)
            where = np.take_along_axis(where, chosen, axis=1)
    order = np.argsort(-best, axis=1, kind="stable")
    return np.take_along_axis(where, order, axis=1), np.take_along_axis(best, order, axis=1)


def rank_block(engine: Engine, kind: Kind, asking: Sequence[Asking], k: int) -> list[list[Match]]:
    """The ranked list of each listing that asks, as `Engine.search` with k gives it.

    The engine must not change meanwhile; see `Engine.board`.
    """
    board = engine.board(kind)
    live = np.flatnonzero(board.collection.live()).astype(np.int64)
    proposed: list[Slots | None] = [None] * len(asking)
    if len(live) > SCORE_ALL:
        wide = max(CANDIDATES, 5 * k) + _SPARE
        sought = [board.sought(each.query, "hybrid") for each in asking]
        found = []
        for name in sorted({name for each in sought for name in each}):
            queries = np.stack([each[name] for each in sought]).astype(np.float32)
            found.append(nearest(queries, board.collection.vectors[name].rows, live, wide)[0])
        proposed = [np.concatenate([slots[n] for slots in found]) for n in range(len(asking))]
    return [
        engine.search(each.query, kind, k, each.where, each.conditions, proposed=slots)
        for each, slots in zip(asking, proposed, strict=True)
    ]

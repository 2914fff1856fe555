"""Every row of one matrix against every row of another: the best few of each, block by block."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_BLOCK = 512  # rows asked at a time: a block of products stays a few dozen megabytes

Vectors = NDArray[np.float32]


def top_pairs(
    queries: Vectors, vectors: Vectors, k: int, block: int = _BLOCK
) -> Iterator[tuple[int, NDArray[np.int64], Vectors]]:
    """Blocks of (first row, (rows, k) places in `vectors`, (rows, k) products), best first.

    One matrix product per block; of equal products the smaller place comes first, but which of
    several that tie with the last one are there is not defined. `k` above the number of vectors
    gives as many as there are.
    """
    k = max(min(k, len(vectors)), 0)
    turned = np.ascontiguousarray(vectors, np.float32).T
    for first in range(0, len(queries), block):
        products = np.asarray(queries[first : first + block], np.float32) @ turned
        if not k:
            best = np.zeros((len(products), 0), np.int64)
        elif k < len(vectors):
            best = np.argpartition(products, len(vectors) - k, axis=1)[:, len(vectors) - k :]
        else:
            best = np.broadcast_to(np.arange(len(vectors)), products.shape)
        scores = np.take_along_axis(products, best, axis=1)
        order = np.lexsort((best, -scores), axis=1)
        yield (
            first,
            np.take_along_axis(best, order, axis=1).astype(np.int64),
            np.take_along_axis(scores, order, axis=1),
        )

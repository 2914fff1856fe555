"""Products with float16 vectors, summed in float64 or, quicker, in float32.

numpy turns float16 into float64 a number at a time, which takes longer than all the rest. Moved 13
bits to the left, the bits of a float16 are those of a float32 that is the same number times 2**-112
(IEEE 754: five bits of exponent with bias 15 beside eight with bias 127), subnormal ones included.
So whole arrays are turned by a few integer operations, and the numbers are the same to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

# Vectors at a time: what is made of them stays in the cache, and numpy is called seldom.
_BLOCK, _QUICK_BLOCK = 128, 256
_ALIKE = 16  # so many are always multiplied in the same way: equal vectors have equal products
_DIGITS = np.int32(-0x70002000)  # sign, exponent and digits; not the sign's copies between
_SMALLER = 2.0**112
_LARGE = 2.0**14  # of a query's components: times `_SMALLER` they must remain float32 numbers

Slots = NDArray[np.int64]
Taken = Callable[[Slots], NDArray[np.float16]]
"""Gives the vectors of some slots, (n, dim), all finite."""


def products(
    taken: Taken, slots: Slots, rows: Sequence[NDArray[np.float64]]
) -> list[NDArray[np.float64]]:
    """(slots,) inner products with each of these (dim,) rows."""
    out = [np.zeros(len(slots), np.float64) for _ in rows]
    if not rows:
        return out
    larger = [row * _SMALLER for row in rows]
    wide = np.zeros((_height(slots, _BLOCK), len(rows[0])), np.float64)
    for place, bits in _smaller(taken, slots, wide.shape):
        wide[:] = bits
        for row, scores in zip(larger, out, strict=True):
            scores[place] = (wide @ row)[: len(scores[place])]
    return out


def quick_products(taken: Taken, slots: Slots, row: NDArray[np.float32]) -> NDArray[np.float32]:
    """(slots,) inner products with one (dim,) row, off by no more than float32 sums are."""
    if float(np.abs(row).max(initial=0.0)) > _LARGE:
        return products(taken, slots, [row.astype(np.float64)])[0].astype(np.float32)
    larger = row * np.float32(_SMALLER)
    out = np.zeros(len(slots), np.float32)
    for place, bits in _smaller(taken, slots, (_height(slots, _QUICK_BLOCK), len(row))):
        out[place] = (bits @ larger)[: len(out[place])]
    return out


def _height(slots: Slots, most: int) -> int:
    return min(most, -(-len(slots) // _ALIKE) * _ALIKE)


def _smaller(
    taken: Taken, slots: Slots, shape: tuple[int, int]
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """The vectors times 2**-112, block by block, with what is left of the former one below the
    last; always the same array."""
    bits = np.zeros(shape, np.int32)
    for start in range(0, len(slots), max(len(bits), 1)):
        part = slots[start : start + len(bits)]
        some = bits[: len(part)]
        some[...] = taken(part).view(np.int16)
        np.left_shift(some, 13, out=some)
        np.bitwise_and(some, _DIGITS, out=some)
        yield slice(start, start + len(part)), bits.view(np.float32)

"""Products with float16 vectors, summed in float64.

numpy turns float16 into float64 a number at a time, which takes longer than all the rest. Moved 13
bits to the left, the bits of a float16 are those of a float32 that is the same number times 2**-112
(IEEE 754: five bits of exponent with bias 15 beside eight with bias 127), subnormal ones included.
So whole arrays are turned by a few integer operations, and the numbers are the same to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

_BLOCK = 128  # vectors at a time: what is made of them stays in the cache
_ALIKE = 16  # so many are always multiplied in the same way: equal vectors have equal products
_DIGITS = np.int32(-0x70002000)  # sign, exponent and digits; not the sign's copies between
_SMALLER = 2.0**112

Slots = NDArray[np.int64]


def products(
    taken: Callable[[Slots], NDArray[np.float16]],
    slots: Slots,
    rows: Sequence[NDArray[np.float64]],
) -> list[NDArray[np.float64]]:
    """(slots,) inner products with each of these (dim,) rows; `taken` gives the vectors of some
    slots, (n, dim), all finite."""
    out = [np.zeros(len(slots), np.float64) for _ in rows]
    if not rows:
        return out
    larger = [row * _SMALLER for row in rows]
    height = min(_BLOCK, -(-len(slots) // _ALIKE) * _ALIKE)
    bits, wide = (np.zeros((height, len(rows[0])), kind) for kind in (np.int32, np.float64))
    for start in range(0, len(slots), _BLOCK):
        part = slots[start : start + _BLOCK]
        some, numbers = bits[: len(part)], wide[: len(part)]
        some[...] = taken(part).view(np.int16)
        np.left_shift(some, 13, out=some)
        np.bitwise_and(some, _DIGITS, out=some)
        numbers[...] = some.view(np.float32)
        for row, scores in zip(larger, out, strict=True):
            scores[start : start + len(part)] = (wide @ row)[: len(part)]
    return out

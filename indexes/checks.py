"""What every engine checks of the vectors, queries and filters it is given."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Slots = NDArray[np.int64]
Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]


class VectorInvalid(ValueError):
    """A vector of the wrong shape, with NaN or infinity in it, or beyond float16."""


def checked(vectors: Any, dim: int) -> Vectors:
    """(n, dim) float32, contiguous, rounded to float16; VectorInvalid has a Chinese reason."""
    found = plain(vectors, dim)
    with np.errstate(over="ignore"):
        rounded = found.astype(np.float16).astype(np.float32)
    if not np.isfinite(rounded).all():
        raise VectorInvalid("向量的分量超出范围：绝对值不能超过 65504。")
    return rounded


def plain(vectors: Any, dim: int) -> Vectors:
    """(n, dim) float32, contiguous, finite; raises VectorInvalid with the reason in Chinese."""
    try:
        found = np.ascontiguousarray(vectors, np.float32)
    except (TypeError, ValueError) as error:
        raise VectorInvalid(f"向量读不成数字：{error}") from error
    if found.ndim == 1:
        found = found[None, :]
    if found.ndim != 2 or found.shape[1] != dim:
        raise VectorInvalid(f"向量应为 {dim} 维，实为 {found.shape}。")
    if not np.isfinite(found).all():
        raise VectorInvalid("向量里有 NaN 或无穷大。")
    return found


def positive(dim: int) -> int:
    """A dimension; raises VectorInvalid."""
    if dim < 1:
        raise VectorInvalid(f"向量维数应为正数，实为 {dim}。")
    return dim


def fitting(allowed: Mask, size: int) -> int:
    """How many slots a filter's bitmap allows; raises VectorInvalid for one of another size."""
    if allowed.shape != (size,):
        raise VectorInvalid(f"筛选位图应有 {size} 位，实为 {allowed.shape}。")
    return int(np.count_nonzero(allowed))

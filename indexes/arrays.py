"""An array that grows at its end in amortised constant time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Growing:
    """A one- or two-dimensional array; `view` is the filled part, without a copy."""

    def __init__(self, dtype: DTypeLike, width: int | None = None):
        self._shape = () if width is None else (width,)
        self._data: NDArray[Any] = np.zeros((16, *self._shape), dtype)
        self.size = 0

    @property
    def view(self) -> NDArray[Any]:
        """(size,) or (size, width); valid until the next `extend`."""
        return self._data[: self.size]

    def adopt(self, rows: NDArray[Any]) -> None:
        """Forgets everything and stands on `rows` themselves, which may lie in a mapped file; they
        are copied when something is appended, so `view` must not be written to before."""
        self._data = np.asarray(rows, self._data.dtype).reshape(len(rows), *self._shape)
        self.size = len(rows)

    def extend(self, rows: NDArray[Any]) -> None:
        """Appends `rows`, of shape (n,) or (n, width)."""
        if not len(rows):
            return
        need = self.size + len(rows)
        if need > len(self._data):
            grown = np.zeros((max(need, 2 * len(self._data)), *self._shape), self._data.dtype)
            grown[: self.size] = self.view
            self._data = grown
        self._data[self.size : need] = rows
        self.size = need

    def replace(self, rows: NDArray[Any]) -> None:
        """Forgets everything and holds `rows` instead."""
        self._data = np.array(rows, self._data.dtype).reshape(len(rows), *self._shape)
        self.size = len(rows)

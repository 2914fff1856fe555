"""Filter columns: one value per slot, kept as numpy arrays beside vectors and postings."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexes.arrays import Growing

MISSING = int(np.iinfo(np.int64).min)  # "not stated" in a number column
Mask = NDArray[np.bool_]
_FEW = 8  # values that are compared one by one


class NumberColumn:
    """int64 per slot; None is stored as MISSING."""

    def __init__(self) -> None:
        self._values = Growing(np.int64)

    def extend(self, values: Iterable[int | None]) -> None:
        """Appends one value per new slot; raises ValueError when one does not fit 64 bits."""
        try:
            found = np.asarray([MISSING if v is None else v for v in values], np.int64)
        except (OverflowError, TypeError, ValueError) as error:
            raise ValueError(f"筛选列只接受 64 位整数：{error}") from error
        self._values.extend(found)

    def open(self, values: NDArray[np.int64]) -> None:
        """Becomes these (n,) stored values, MISSING included, where they lie."""
        self._values.adopt(values)

    @property
    def values(self) -> NDArray[np.int64]:
        """(slots,)"""
        found: NDArray[np.int64] = self._values.view
        return found

    def stated(self) -> Mask:
        """(slots,) True where there is a value."""
        return np.asarray(self.values != MISSING)

    def keep(self, slots: NDArray[np.int64]) -> None:
        """Keeps these slots, in this order."""
        self._values.replace(self.values[slots])


class ValueColumn:
    """Any hashable per slot (words, sets of words), stored as the number of a distinct value."""

    def __init__(self) -> None:
        self._codes = Growing(np.int32)
        self._numbers: dict[Hashable, int] = {}

    def extend(self, values: Iterable[Hashable]) -> None:
        """Appends one value per new slot."""
        numbers = self._numbers
        codes = [numbers.setdefault(value, len(numbers)) for value in values]
        self._codes.extend(np.asarray(codes, np.int32))

    def __len__(self) -> int:
        return self._codes.size

    @property
    def values(self) -> list[Any]:
        """The value of every slot."""
        return self.at(np.arange(len(self)))

    def at(self, slots: NDArray[np.int64]) -> list[Any]:
        """The values of these slots."""
        distinct = list(self._numbers)
        return [distinct[code] for code in self._codes.view[slots]]

    def where(self, wanted: Callable[[Any], bool]) -> Mask:
        """(slots,) True where `wanted(value)`; asked once per distinct value, not per slot."""
        codes = self._codes.view
        chosen = [number for value, number in self._numbers.items() if wanted(value)]
        if len(chosen) > _FEW:
            table = np.zeros(len(self._numbers), bool)
            table[chosen] = True
            return np.asarray(table[codes])
        found = np.zeros(len(codes), bool)
        for number in chosen:  # to compare all with one number is ten times as quick as a table
            found |= codes == number
        return found

    def keep(self, slots: NDArray[np.int64]) -> None:
        """Keeps these slots, in this order."""
        self._codes.replace(self._codes.view[slots])

    def packed(self, slots: NDArray[np.int64]) -> tuple[list[Hashable], NDArray[np.int32]]:
        """(distinct values, code of each of these slots)."""
        used, codes = np.unique(self._codes.view[slots], return_inverse=True)
        distinct = list(self._numbers)
        return [distinct[code] for code in used], codes.astype(np.int32)

    def unpack(self, distinct: Iterable[Hashable], codes: NDArray[np.int32]) -> None:
        """Becomes what `packed` described; raises ValueError when a code has no value."""
        numbers = {value: number for number, value in enumerate(distinct)}
        if len(codes) and not 0 <= codes.min() <= codes.max() < len(numbers):
            raise ValueError("筛选列的编号越界。")
        self._numbers = numbers
        self._codes.adopt(codes)

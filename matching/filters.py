"""What a search may be restricted to: the columns beside a listing, and the filter over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from operator import eq
from typing import Any

import numpy as np

from indexes.collection import Collection
from indexes.columns import Mask, NumberColumn

NUMBERS = ("visibility", "organisation", "trl", "money_low", "money_high", "deadline")
VALUES = ("industry", "chain", "region", "education", "modes")


@dataclass(frozen=True, slots=True)
class Attributes:
    """The filter columns of one listing. Money is in fen."""

    visibility: int = 0  # 0 public or anonymous, 1 registered users only, 2 invited only
    organisation: int = 0  # the owner's id; 0 unknown
    industry: str = ""
    chain: str = ""
    region: str = ""
    modes: frozenset[str] = frozenset()
    trl: int | None = None
    money_low: int | None = None
    money_high: int | None = None
    deadline: date | None = None
    education: str = ""

    def numbers(self) -> dict[str, int | None]:
        """The number columns; a date is its proleptic day number."""
        return {
            "visibility": self.visibility,
            "organisation": self.organisation,
            "trl": self.trl,
            "money_low": self.money_low,
            "money_high": self.money_high,
            "deadline": self.deadline.toordinal() if self.deadline else None,
        }

    def values(self) -> dict[str, Any]:
        """The word columns."""
        return {name: getattr(self, name) for name in VALUES}


@dataclass(frozen=True, slots=True)
class Filter:
    """All parts must hold; None means "any". A listing that does not state a value fails the
    conditions on that value, except `open_on`: no deadline means open.

    `max_visibility` and `allowed_ids` work together: a listing passes when it is public enough
    or among `allowed_ids` (its owner's, or one the viewer was invited to).
    """

    max_visibility: int = 0
    allowed_ids: frozenset[int] | None = None
    exclude_organisation: int | None = None
    industry: str | None = None
    chain: str | None = None
    region: str | None = None  # prefix: 济南市 finds 济南市历下区
    mode: str | None = None
    trl_at_least: int | None = None
    money_at_most: int | None = None  # fen; compares the lower end of a listing's range
    deadline_after: date | None = None
    open_on: date | None = None
    only_ids: frozenset[int] | None = None
    education: str | None = None

    def mask(self, collection: Collection) -> Mask:
        """(slots,) True for the live slots that pass."""
        allowed = collection.live()
        if not len(allowed):
            return allowed
        numbers = collection.numbers
        seen = numbers["visibility"].values <= self.max_visibility
        if self.allowed_ids:
            seen[collection.slots(self.allowed_ids)] = True
        allowed &= seen
        if self.only_ids is not None:
            only = np.zeros(len(allowed), bool)
            only[collection.slots(self.only_ids)] = True
            allowed &= only
        if self.exclude_organisation is not None:
            allowed &= numbers["organisation"].values != self.exclude_organisation
        if self.trl_at_least is not None:
            allowed &= _at_least(numbers["trl"], self.trl_at_least)
        if self.money_at_most is not None:
            low, high = numbers["money_low"], numbers["money_high"]
            lowest = np.where(low.stated(), low.values, high.values)
            stated = low.stated() | high.stated()
            allowed &= stated & (lowest <= self.money_at_most)
        if self.deadline_after is not None:
            allowed &= _at_least(numbers["deadline"], self.deadline_after.toordinal() + 1)
        if self.open_on is not None:
            deadline = numbers["deadline"]
            allowed &= ~deadline.stated() | (deadline.values >= self.open_on.toordinal())
        for name, wanted in self._wanted():
            allowed &= collection.values[name].where(wanted)
        return allowed

    def _wanted(self) -> list[tuple[str, Callable[[Any], bool]]]:
        found: list[tuple[str, Callable[[Any], bool]]] = []
        for name in ("industry", "chain", "education"):
            value = getattr(self, name)
            if value is not None:
                found.append((name, partial(eq, value)))
        if self.region is not None:
            region = self.region
            found.append(("region", lambda stored: stored.startswith(region)))
        if self.mode is not None:
            mode = self.mode
            found.append(("modes", lambda stored: mode in stored))
        return found


def _at_least(column: NumberColumn, limit: int) -> Mask:
    return np.asarray(column.stated() & (column.values >= limit))

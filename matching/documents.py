"""What is matched: the six kinds of listing and the conditions they may carry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """The six boards; each has exactly one opposite board."""

    NEED = "need"
    OUTCOME = "outcome"
    DEMAND = "demand"
    PRODUCT = "product"
    ORDER = "order"
    PROGRAMME = "programme"


OPPOSITE: dict[Kind, Kind] = {
    Kind.NEED: Kind.OUTCOME,
    Kind.OUTCOME: Kind.NEED,
    Kind.DEMAND: Kind.PRODUCT,
    Kind.PRODUCT: Kind.DEMAND,
    Kind.ORDER: Kind.PROGRAMME,
    Kind.PROGRAMME: Kind.ORDER,
}

DEMAND_SIDE: frozenset[Kind] = frozenset({Kind.NEED, Kind.DEMAND, Kind.ORDER})


@dataclass(frozen=True, slots=True)
class Conditions:
    """The checkable conditions of a listing; None or empty means "not stated".

    Money is in fen (1/100 yuan). What a field means depends on the side: on the demand side
    `trl` is the minimum asked, money the budget, `deadline` the day it is needed (or training
    starts) and `quantity` the amount or headcount asked; on the supply side `trl` is what was
    reached, money the price, `lead_days` the lead time and `quantity` the monthly capacity or
    the places per year.
    """

    trl: int | None = None
    money_low: int | None = None
    money_high: int | None = None
    negotiable: bool = False
    deadline: date | None = None
    lead_days: int | None = None
    region: str = ""
    modes: frozenset[str] = frozenset()
    industry: str = ""
    chain: str = ""
    quantity: int | None = None
    education: str = ""

    def empty(self) -> bool:
        """True when nothing at all is stated (a free-text query)."""
        return self == Conditions()


@dataclass(frozen=True, slots=True)
class Document:
    """A listing, or a free-text query (then `conditions` is empty)."""

    id: int
    kind: Kind
    title: str
    body: str
    conditions: Conditions = Conditions()

"""What a field of a listing is: one declaration serves form, import, page, template and index."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FieldType(StrEnum):
    """How a value is typed in, checked and stored."""

    LINE = "line"
    """One line of text."""
    TEXT = "text"
    """Several lines of text."""
    CHOICE = "choice"
    """One of `options`."""
    CHOICES = "choices"
    """Any number of `options`."""
    INTEGER = "integer"
    DATE = "date"
    """A calendar day in 北京时间."""
    MOMENT = "moment"
    """A point in time; typed in 北京时间, stored in UTC."""
    FLAG = "flag"
    MONEY = "money"
    """A range in integer fen: `money_low`, `money_high`, and `negotiable` for 面议."""
    AMOUNT = "amount"
    """One amount in integer fen."""
    ROWS = "rows"
    """A small table; `columns` says which."""


@dataclass(frozen=True, slots=True)
class Option:
    """One allowed value: `value` is stored, `label` is shown and accepted on import."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a listing.

    `limit` counts characters for texts, rows for tables, and the largest value for integers.
    `weight` is the field's share in the completeness meter (0: not counted).
    `required` fields must be there before a listing is submitted; a draft may lack them.
    `protected` text stays hidden until the owner lets somebody in, whatever the listing's level.
    `search` names the part of the search text the value belongs to; protected text never has one.
    `shared` values live on the listing itself, the others on its details.
    `headings` are further column names that an import recognises.
    """

    name: str
    label: str
    type: FieldType
    help: str = ""
    unit: str = ""
    limit: int = 0
    minimum: int = 0
    options: tuple[Option, ...] = ()
    columns: tuple[Field, ...] = ()
    weight: int = 0
    required: bool = False
    protected: bool = False
    search: bool = False
    shared: bool = False
    headings: tuple[str, ...] = ()
    example: str = ""

    def label_of(self, value: str) -> str:
        """The label shown for a stored option value; the value itself if it is unknown."""
        return next((o.label for o in self.options if o.value == value), value)


def options(**labels: str) -> tuple[Option, ...]:
    """Options from `value="标签"` pairs, in the order given."""
    return tuple(Option(value, label) for value, label in labels.items())

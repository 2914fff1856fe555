"""The fields of the six boards, declared once."""

from __future__ import annotations

from .procurement import DEMAND, PRODUCT
from .spec import Field, FieldType, Option
from .talent import ORDER, PROGRAMME
from .technology import NEED, OUTCOME

FIELDS: dict[str, tuple[Field, ...]] = {
    "need": NEED,
    "outcome": OUTCOME,
    "demand": DEMAND,
    "product": PRODUCT,
    "order": ORDER,
    "programme": PROGRAMME,
}
"""All fields of a board in the order in which people fill them in."""

__all__ = ["FIELDS", "Field", "FieldType", "Option", "fields_of"]


def fields_of(kind: str) -> tuple[Field, ...]:
    """The fields of one board; KeyError for an unknown kind."""
    return FIELDS[kind]

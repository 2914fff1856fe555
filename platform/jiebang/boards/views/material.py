"""A listing's open fields for those who judge it: reviewers, advisors, experts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .. import storage
from ..documents import is_open
from ..fields import Field, FieldType, fields_of
from ..fields.values import display
from ..models import Listing


@dataclass(frozen=True, slots=True)
class Material:
    """What `boards/_material.html` draws: texts, tables, and labels of what stays hidden."""

    rows: list[tuple[str, str]]
    tables: list[tuple[Field, list[dict[str, Any]]]]
    hidden: list[str]


def material(listing: Listing) -> Material:
    """Judges read what the board's readers would, never protected text."""
    values = storage.read(listing)
    fields = fields_of(listing.board)
    opened = [field for field in fields if is_open(field, listing.disclosure)]
    return Material(
        [
            (field.label, display(field, values.get(field.name)))
            for field in opened
            if field.type is not FieldType.ROWS and field.name != "title"
        ],
        [
            (field, list(values.get(field.name) or []))
            for field in opened
            if field.type is FieldType.ROWS
        ],
        [f.label for f in fields if f not in opened and values.get(f.name)],
    )

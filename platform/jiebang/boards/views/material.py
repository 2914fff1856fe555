"""A listing's open fields for those who judge it: reviewers, advisors, experts."""

from __future__ import annotations

from collections.abc import Collection
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


SEALED = frozenset({"ceiling"})
"""Opened by nobody but the owner: a ceiling known to anybody before the quotes are opened would
make sealed quotes worthless (DOMAIN.md, procurement)."""


def behind(listing: Listing, *, protected: bool) -> Material:
    """What a listing's level hides from its readers, for those whose look is logged; `protected`:
    with the fields that even a confidentiality agreement does not open."""
    values = storage.read(listing)
    closed = [
        field
        for field in fields_of(listing.board)
        if not is_open(field, listing.disclosure)
        and field.name != "disclosure"
        and values.get(field.name)
    ]
    opened = [
        field for field in closed if field.name not in SEALED and (protected or not field.protected)
    ]
    return Material(
        [
            (field.label, display(field, values[field.name]))
            for field in opened
            if field.type is not FieldType.ROWS
        ],
        [(field, list(values[field.name])) for field in opened if field.type is FieldType.ROWS],
        [field.label for field in closed if field not in opened],
    )


def openable(listing: Listing) -> list[Field]:
    """The protected fields that have a value: what an owner may open to one counterpart, each on
    its own. Never what is sealed."""
    values = storage.read(listing)
    return [
        field
        for field in fields_of(listing.board)
        if field.protected and field.name not in SEALED and values.get(field.name)
    ]


def opened(listing: Listing, names: Collection[str]) -> Material:
    """The protected fields that were opened by name; what is empty by now is not there."""
    values = storage.read(listing)
    found = [field for field in openable(listing) if field.name in names]
    return Material(
        [(f.label, display(f, values[f.name])) for f in found if f.type is not FieldType.ROWS],
        [(f, list(values[f.name])) for f in found if f.type is FieldType.ROWS],
        [],
    )


def labels(found: Material) -> list[str]:
    """The names of what is shown, for the log."""
    return [label for label, _ in found.rows] + [field.label for field, _ in found.tables]

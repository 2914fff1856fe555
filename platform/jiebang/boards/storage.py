"""Between a listing's rows and its plain values: {field name: typed value} for one board."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from jiebang.core.money import MoneyRange

from .details import DETAIL_MODELS, ROW_MODELS
from .fields import Field, FieldType, fields_of
from .models import Disclosure, Listing, Track

Values = dict[str, Any]


def empty(field: Field) -> Any:
    """The value of a field that nobody filled in."""
    if field.type in (FieldType.ROWS, FieldType.CHOICES):
        return []
    if field.type in (FieldType.LINE, FieldType.TEXT, FieldType.CHOICE):
        return ""
    return False if field.type is FieldType.FLAG else None


def read(listing: Listing) -> Values:
    """All values of a listing, hidden ones included: for its owner and for the index's maker."""
    return {field.name: _read_one(listing, field) for field in fields_of(listing.board)}


def _read_one(listing: Listing, field: Field) -> Any:
    if field.type is FieldType.MONEY:
        if listing.money_low is None and listing.money_high is None and not listing.negotiable:
            return None
        return MoneyRange(listing.money_low, listing.money_high, listing.negotiable)
    source = listing if field.shared else listing.details
    if source is None:
        return empty(field)
    value = getattr(source, field.name)
    if field.type is FieldType.ROWS:
        names = [column.name for column in field.columns]
        return [{name: getattr(row, name) for name in names} for row in value]
    if field.type is FieldType.CHOICES:
        return list(value or [])
    return str(value) if isinstance(value, StrEnum) else value


def write(listing: Listing, values: Mapping[str, Any]) -> list[str]:
    """Writes those values that are given; returns the names of the fields that changed."""
    if listing.details is None:
        details = DETAIL_MODELS[listing.board]()
        for field in fields_of(listing.board):
            if field.type is FieldType.ROWS:  # known to be empty: nothing to load later
                setattr(details, field.name, [])
        setattr(listing, listing.board.value, details)
    changed = []
    for field in fields_of(listing.board):
        if field.name not in values:
            continue
        value = values[field.name]
        if value is None:
            value = empty(field)
        if _same(_read_one(listing, field), value):
            continue
        _write_one(listing, field, value)
        changed.append(field.name)
    return changed


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, list) and before and isinstance(before[0], dict):
        return [_tidy(row) for row in before] == [_tidy(row) for row in after]
    return bool(before == after)


def _tidy(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value not in (None, "")}


def _write_one(listing: Listing, field: Field, value: Any) -> None:
    if field.type is FieldType.MONEY:
        money = value or MoneyRange()
        listing.money_low, listing.money_high = money.low, money.high
        listing.negotiable = money.negotiable
        return
    if field.name == "disclosure":
        value = Disclosure(value or Disclosure.PUBLIC)
    elif field.name == "track":
        value = Track(value or Track.MARKET)
    elif field.type is FieldType.ROWS:
        model = ROW_MODELS[field.name]
        value = [model(position=i, **_row(field, row)) for i, row in enumerate(value)]
    setattr(listing if field.shared else listing.details, field.name, value)


def _row(field: Field, row: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for column in field.columns:
        value = row.get(column.name)
        found[column.name] = empty(column) if value is None else value
    return found


def filled(board: str, given: Mapping[str, Any]) -> Values:
    """All values of a new listing that is given these, as `read` would find them once kept.

    Not to be changed: new listings share the empty lists of what they are not given.
    """
    by_name, nothing = _nothing(board)
    found = dict(nothing)
    for name, value in given.items():
        if value is not None and name in by_name:
            found[name] = _filled(by_name[name], value)
    return found


@cache
def _nothing(board: str) -> tuple[dict[str, Field], Values]:
    """The fields of a board by name, and all values of a listing that is given none."""
    fields = fields_of(board)
    by_name = {field.name: field for field in fields}
    return by_name, {field.name: _filled(field, None) for field in fields}


def _filled(field: Field, value: Any) -> Any:
    if field.name == "disclosure":
        return str(Disclosure(value or Disclosure.PUBLIC))
    if field.name == "track":
        return str(Track(value or Track.MARKET))
    if value is None:
        return empty(field)
    if field.type is FieldType.MONEY:
        nothing = value.low is None and value.high is None and not value.negotiable
        return None if nothing else value
    if field.type is FieldType.ROWS:
        return [_row(field, row) for row in value]
    return list(value) if field.type is FieldType.CHOICES else value


def columns(
    board: str, values: Values
) -> tuple[dict[str, Any], dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """A new listing's values by column: its own, its details', and the lines of small tables."""
    places = _places(board)
    shared = {name: values[name] for name in places.shared}
    for name, read in places.read:
        shared[name] = read(values[name])
    for name in places.money:
        money = values[name] or MoneyRange()
        shared["money_low"], shared["money_high"] = money.low, money.high
        shared["negotiable"] = money.negotiable
    details = {name: values[name] for name in places.details}
    return shared, details, {name: values[name] for name in places.small}


class _Places(NamedTuple):
    """A board's fields by where their values are kept."""

    shared: list[str]
    details: list[str]
    small: list[str]
    money: list[str]
    read: list[tuple[str, Callable[[str], Any]]]
    """Those of the listing's own columns that hold an enum."""


@cache
def _places(board: str) -> _Places:
    found = _Places([], [], [], [], [])
    for field in fields_of(board):
        if field.type is FieldType.MONEY:
            found.money.append(field.name)
        elif field.type is FieldType.ROWS:
            found.small.append(field.name)
        elif field.name in _ENUMS:
            found.read.append((field.name, _ENUMS[field.name]))
        else:
            (found.shared if field.shared else found.details).append(field.name)
    return found


_ENUMS: dict[str, Callable[[str], Any]] = {"disclosure": Disclosure, "track": Track}


def to_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values in a form that a JSON column keeps."""
    return {
        name: value if value is None or isinstance(value, str) else _json(value)
        for name, value in values.items()
    }


def _json(value: Any) -> Any:
    if isinstance(value, MoneyRange):
        return {"low": value.low, "high": value.high, "negotiable": value.negotiable}
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _json(item) for name, item in value.items()}
    return value


def from_json(board: str, kept: Mapping[str, Any]) -> Values:
    """The inverse of `to_json` for one board's fields; fields that are gone are left out."""
    return {
        field.name: _typed(field, kept[field.name])
        for field in fields_of(board)
        if field.name in kept
    }


def _typed(field: Field, value: Any) -> Any:
    if value is None:
        return empty(field)
    if field.type is FieldType.MONEY:
        return MoneyRange(value["low"], value["high"], value["negotiable"])
    if field.type is FieldType.DATE and isinstance(value, str):
        return date.fromisoformat(value) if value else None
    if field.type is FieldType.MOMENT and isinstance(value, str):
        return datetime.fromisoformat(value)
    if field.type is FieldType.ROWS:
        return [
            {column.name: _typed(column, row.get(column.name)) for column in field.columns}
            for row in value
        ]
    return value

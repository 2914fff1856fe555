"""The values of a listing: {field name: typed value}, the same for form, import, page and storage.

Texts are str, CHOICE the stored value, CHOICES a list of them, DATE a date, MOMENT an aware
datetime in UTC, MONEY a MoneyRange, AMOUNT an int in fen, ROWS a list of dicts by column name.
Nothing said is None, and an empty list for CHOICES and ROWS.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from ...core import clock
from ...core.money import MoneyRange, money_text, range_text
from . import scalars, tables
from .cleaning import as_text, clean, fold, is_blank, says_something, short, split_items
from .spec import Field, FieldType, Option
from .words import MODE_WORDS, MODES_WITHOUT_COUNTERPART, industry_of

NAMES = frozenset({"title", "name"})
"""Fields without which not even a draft is kept."""
WHOLE_TEXTS = frozenset({"title", "name", "summary"})
"""Texts that must say something: punctuation alone is refused."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of the weighted fields is filled in; `missing` are labels, heaviest first."""

    done: int
    total: int
    missing: list[str]

    @property
    def percent(self) -> int:
        """0 to 100."""
        return 100 * self.done // self.total if self.total else 100


def coerce(
    field: Field, raw: object, *, lenient: bool = False, notes: list[str] | None = None
) -> Any:
    """The typed value of a text, a JSON value or a spreadsheet cell.

    Raises ValueError with a Chinese sentence that names the field, and nothing else. `lenient` is
    for lists of other platforms: their words are mapped, and what cannot be mapped goes to `notes`.
    """
    if is_blank(raw):
        return [] if field.type in (FieldType.CHOICES, FieldType.ROWS) else None
    match field.type:
        case FieldType.LINE | FieldType.TEXT:
            return scalars.line(field, raw)
        case FieldType.CHOICE:
            return _choice(field, raw, lenient, notes)
        case FieldType.CHOICES:
            return _choices(field, raw, lenient, notes)
        case FieldType.INTEGER:
            return scalars.integer(field, raw)
        case FieldType.DATE:
            return scalars.day(field, raw)
        case FieldType.MOMENT:
            return scalars.moment(field, raw)
        case FieldType.FLAG:
            return scalars.flag(field, raw)
        case FieldType.MONEY:
            return scalars.money(field, raw)
        case FieldType.AMOUNT:
            return scalars.amount(field, raw)
        case FieldType.ROWS:
            return tables.rows(field, raw, coerce)


def _choice(field: Field, raw: object, lenient: bool, notes: list[str] | None) -> str | None:
    try:
        return scalars.choice(field, raw)
    except ValueError:
        if not (lenient and field.name == "industry" and isinstance(raw, str)):
            raise
    text = clean(raw)
    found = industry_of(text)
    if found is None and notes is not None:
        notes.append(short(text))
    return found or "other"


def _choices(field: Field, raw: object, lenient: bool, notes: list[str] | None) -> list[str]:
    items: Iterable[object]
    if isinstance(raw, list | tuple | set | frozenset):
        items = raw
    else:
        try:
            items = _items(field, as_text(raw))
        except ValueError as error:
            raise ValueError(f"“{field.label}”{error}") from error
    found: list[str] = []
    for item in items:
        if is_blank(item):
            continue
        try:
            values = [scalars.choice(field, item)]
        except ValueError:
            if not lenient:
                raise
            values = _mapped(field, str(item), notes)
        found += [value for value in values if value not in found]
    return found


def _items(field: Field, text: str) -> list[str]:
    """Separated items; spaces separate only where the pieces do not make one label."""
    items = []
    for item in split_items(text):
        whole = scalars.find_option(field.options, item)
        items += [item] if whole is not None else item.split()
    return items


@lru_cache(maxsize=64)
def _vocabulary(options: tuple[Option, ...]) -> tuple[dict[str, str | None], re.Pattern[str]]:
    """Words for options or for none of them, and the pattern that finds the longest first."""
    labels = {fold(option.label): option.value for option in options}
    known: dict[str, str | None] = {fold(word): None for word in MODES_WITHOUT_COUNTERPART}
    known.update({fold(word): labels.get(fold(to)) for word, to in MODE_WORDS.items()})
    known.update(labels)
    return known, re.compile("|".join(sorted(map(re.escape, known), key=len, reverse=True)))


def _mapped(field: Field, text: str, notes: list[str] | None) -> list[str]:
    known, pattern = _vocabulary(field.options)
    found, rest = [], fold(text)
    for match in pattern.finditer(rest):
        value = known[match[0]]
        if value is not None:
            found.append(value)
        elif notes is not None:
            notes.append(match[0])
    unknown = pattern.sub("", rest).strip("和与及或、，,。")
    if unknown and notes is not None:
        notes.append(short(unknown))
    return found


def display(field: Field, value: Any) -> str:
    """The value as pages and exports show it; `coerce` reads it back. Empty for nothing."""
    if value is None or value in ("", []):
        return ""
    match field.type:
        case FieldType.CHOICE:
            return field.label_of(str(value))
        case FieldType.CHOICES:
            return "、".join(field.label_of(str(item)) for item in value)
        case FieldType.INTEGER:
            return f"{value:,}{field.unit}"
        case FieldType.DATE:
            return clock.day_text(value)
        case FieldType.MOMENT:
            return clock.moment_text(value)
        case FieldType.FLAG:
            return "是" if value else "否"
        case FieldType.MONEY:
            return range_text(value.low, value.high, value.negotiable)
        case FieldType.AMOUNT:
            return money_text(value)
        case FieldType.ROWS:
            return "\n".join(tables.row_text(field, row, display) for row in value)
        case FieldType.LINE | FieldType.TEXT:
            return str(value)


def search_text(field: Field, value: Any) -> str:
    """What the index may read of a value: nothing of protected or unsearchable fields."""
    if field.protected or not field.search:
        return ""
    if field.type is FieldType.ROWS:
        lines = (tables.row_text(field, row, display).replace(" | ", " ") for row in value or [])
        return "；".join(lines)
    return display(field, value)


def is_filled(field: Field, value: Any) -> bool:
    """Whether a value says something: neither nothing nor punctuation alone."""
    if value is None or value in ("", []):
        return False
    if field.type in (FieldType.LINE, FieldType.TEXT):
        return says_something(value)
    return not (field.type is FieldType.MONEY and value == MoneyRange())


def completeness(fields: Sequence[Field], values: Mapping[str, Any]) -> Completeness:
    """How much of what matters is there, by weight."""
    counted = counting(fields)
    missing = [field for field in counted if not is_filled(field, values.get(field.name))]
    total = sum(field.weight for field in counted)
    done = total - sum(field.weight for field in missing)
    return Completeness(done, total, [field.label for field in missing])


def counting(fields: Sequence[Field]) -> list[Field]:
    """The fields that completeness counts, heaviest first."""
    return sorted((field for field in fields if field.weight), key=lambda field: -field.weight)


def check(fields: Sequence[Field], values: Mapping[str, Any], *, complete: bool) -> dict[str, str]:
    """What is wrong with typed values, by field name: empty when they can be kept.

    `complete` asks for every required field and every minimum, as submitting does; a draft needs
    its title alone.
    """
    errors: dict[str, str] = {}
    for field in fields:
        value = values.get(field.name)
        if value is None and not complete and field.name not in NAMES:
            continue  # nothing said, and nothing asked
        message = _problem(field, value, complete)
        if message:
            errors[field.name] = message
    return errors


def _problem(field: Field, value: Any, complete: bool) -> str:
    if not is_filled(field, value):
        if isinstance(value, str) and value and field.name in WHOLE_TEXTS:
            return f"“{field.label}”请写出实际内容"
        needed = field.name in NAMES or (complete and field.required)
        return f"请填写“{field.label}”" if needed and field.type is not FieldType.FLAG else ""
    if field.type in (FieldType.LINE, FieldType.TEXT):
        if field.limit and len(value) > field.limit:
            return f"“{field.label}”最多 {field.limit} 字，现在 {len(value)} 字"
        if complete and len(value) < field.minimum:
            return f"“{field.label}”至少 {field.minimum} 字，现在 {len(value)} 字"
    if field.type is FieldType.ROWS:
        if field.limit and len(value) > field.limit:
            return f"“{field.label}”最多 {field.limit} 行，现在 {len(value)} 行"
        return _row_problem(field, value) if complete else ""
    if field.type is FieldType.DATE and (
        not isinstance(value, date) or isinstance(value, datetime)
    ):
        return f"“{field.label}”应为日期"
    return ""


def _row_problem(field: Field, rows: Sequence[Mapping[str, Any]]) -> str:
    for number, row in enumerate(rows, 1):
        for column in field.columns:
            waived = column.name == "value" and row.get("comparator") == tables.QUALITATIVE
            if column.required and not waived and row.get(column.name) in (None, ""):
                return f"“{field.label}”第 {number} 行请填写“{column.label}”"
    return ""

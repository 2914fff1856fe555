"""Forms made from the fields' declarations: one way to type, check and keep a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms import Form as PlainForm
from wtforms.validators import Length
from wtforms.widgets import CheckboxInput, DateInput, ListWidget, NumberInput

from jiebang.core import clock
from jiebang.core.errors import Invalid
from jiebang.core.money import MoneyRange, money_text, range_text
from jiebang.web.wtf import Form

from .fields import Field, FieldType
from .fields.values import coerce

SUGGESTED = frozenset({"chain", "region"})
"""One-line fields whose options are only suggestions."""


class MultipleField(SelectMultipleField):  # type: ignore[misc]
    """Check boxes; values that the board does not know are refused by `coerce`, not dropped."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


@lru_cache(maxsize=64)
def form_class(fields: tuple[Field, ...]) -> type[Form]:
    """The form of some fields. All inputs are texts; `values` turns them into typed values."""
    members: dict[str, Any] = {field.name: _input(field) for field in fields}
    return type("ListingForm", (Form,), members)


def _input(field: Field) -> Any:
    common: dict[str, Any] = {"label": field.label, "description": field.help}
    if field.type is FieldType.TEXT:
        return TextAreaField(validators=[Length(max=field.limit)], **common)
    if field.type is FieldType.CHOICE:
        choices = [(option.value, option.label) for option in field.options]
        if len(choices) <= 5 and field.required:
            return RadioField(choices=choices, validate_choice=False, **common)
        return SelectField(choices=[("", "请选择"), *choices], validate_choice=False, **common)
    if field.type is FieldType.CHOICES:
        choices = [(option.value, option.label) for option in field.options]
        return MultipleField(choices=choices, validate_choice=False, **common)
    if field.type is FieldType.FLAG:
        return BooleanField(**common)
    if field.type is FieldType.ROWS:
        row = type("Row", (PlainForm,), {c.name: _input(c) for c in field.columns})
        return FieldList(FormField(row), min_entries=1, max_entries=field.limit or None, **common)
    if field.type is FieldType.DATE:
        return StringField(widget=DateInput(), **common)
    if field.type is FieldType.INTEGER:
        keywords = {"unit": field.unit} if field.unit else {}
        return StringField(
            widget=NumberInput(min=field.minimum, max=field.limit), render_kw=keywords, **common
        )
    if field.type in (FieldType.MONEY, FieldType.AMOUNT):
        return StringField(render_kw={"placeholder": _money_example(field)}, **common)
    keywords = {"list": f"{field.name}-options"} if field.name in SUGGESTED else {}
    if field.example:
        keywords["placeholder"] = field.example
    limits = [Length(max=field.limit)] if field.limit else []
    return StringField(validators=limits, render_kw=keywords, **common)


def _money_example(field: Field) -> str:
    return "例如 80-120万元" if field.unit == "万元" else "例如 6500-9000元"


def to_input(field: Field, value: Any) -> Any:
    """How a typed value stands in its input; `coerce` reads it back to the same value."""
    if field.type is FieldType.ROWS:
        return [
            {column.name: to_input(column, row.get(column.name)) for column in field.columns}
            for row in value or []
        ]
    if value is None:
        return ""
    if isinstance(value, MoneyRange):
        return range_text(value.low, value.high, value.negotiable)
    if field.type is FieldType.AMOUNT:
        return money_text(value)
    if isinstance(value, datetime):
        return clock.to_beijing(value).strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if field.type is FieldType.INTEGER:
        return str(value)
    return value


def make(fields: tuple[Field, ...], values: Mapping[str, Any], *, fresh: bool = False) -> Form:
    """The form with stored values in it, or with what was just typed when it was submitted.

    `fresh`: with the values whatever was submitted, for an answer to another form.
    """
    data = {field.name: to_input(field, values.get(field.name)) for field in fields}
    if fresh:
        return form_class(fields)(formdata=None, data=data)
    return form_class(fields)(data=data)


def values(form: Form, fields: Sequence[Field]) -> dict[str, Any]:
    """The typed values of a submitted form.

    Raises Invalid and writes each message to its input, a table's to the cell it is about.
    """
    form.validate()
    found: dict[str, Any] = {}
    errors: dict[str, str] = {
        name: str(messages[0] if isinstance(messages, (list, tuple)) else messages)
        for name, messages in form.errors.items()
        if messages
    }
    for field in fields:
        bound = form[field.name]
        if field.name in errors:
            continue
        if field.type is FieldType.ROWS:
            rows = _rows(field, bound, errors)
            if rows is not None:
                found[field.name] = rows
            continue
        try:
            found[field.name] = coerce(field, bound.data)
        except ValueError as error:
            errors[field.name] = str(error)
            bound.errors = [str(error)]
    if errors:
        raise Invalid(errors)
    return found


def readable(form: Form, fields: Sequence[Field]) -> dict[str, Any]:
    """What can be read of a form that is still being filled in; the rest is left out silently."""
    found: dict[str, Any] = {}
    for field in fields:
        bound = form[field.name]
        try:
            if field.type is FieldType.ROWS:
                rows = _rows(field, bound, {})
                if rows is not None:
                    found[field.name] = rows
            else:
                found[field.name] = coerce(field, bound.data)
        except ValueError:
            continue
    return found


def _rows(field: Field, bound: Any, errors: dict[str, str]) -> list[dict[str, Any]] | None:
    rows, failed = [], False
    for number, entry in enumerate(bound.entries, 1):
        texts = {column.name: entry.form[column.name].data for column in field.columns}
        if not any(str(text or "").strip() for text in texts.values()):
            continue
        row = {}
        for column in field.columns:
            cell = entry.form[column.name]
            try:
                row[column.name] = coerce(column, cell.data)
                if column.required and row[column.name] in (None, ""):
                    raise ValueError(f"请填写“{column.label}”")
            except ValueError as error:
                failed = True
                cell.errors = [str(error)]
                errors.setdefault(field.name, f"“{field.label}”第 {number} 行：{error}")
        rows.append(row)
    return None if failed else rows


def show(form: Form, errors: Mapping[str, str]) -> None:
    """Puts a service's messages beside the inputs they are about, the rest on top."""
    for name, message in errors.items():
        if name in form:
            if not form[name].errors:
                form[name].errors = [message]
        else:
            form.form_errors = [*form.form_errors, message]


def change_rows(form: Form, add: str | None, remove: str | None) -> bool:
    """Adds or removes a table row when one of those buttons was pressed; says whether."""
    if add and add in form and isinstance(form[add], FieldList):
        field = form[add]
        if field.max_entries is None or len(field.entries) < field.max_entries:
            field.append_entry()
        return True
    if remove and "-" in remove:
        name, _, index = remove.rpartition("-")
        if name in form and isinstance(form[name], FieldList):
            field = form[name]
            kept = [entry.data for i, entry in enumerate(field.entries) if str(i) != index]
            while field.entries:
                field.pop_entry()
            for data in kept or [None]:
                field.append_entry(data)
        return True
    return False

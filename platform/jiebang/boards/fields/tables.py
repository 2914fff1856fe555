"""Small tables inside a listing: from forms, JSON, or lines of text such as 抗拉强度≥980MPa."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from .cleaning import clean, fold, is_blank, one_line, short
from .spec import Field, FieldType

Row = dict[str, Any]
Coerce = Callable[[Field, object], Any]

QUALITATIVE = "定性"
LONGEST = 100_000
"""Characters of a whole table as text."""
LONGEST_LINE = 500
"""A longer line is no row of a table: it is refused by its first column's limit."""

_NUMBERING = re.compile(
    r"^\s*(?:[（(]\s*\d{1,2}\s*[）)]|\d{1,2}\s*[）)、]|\d{1,2}\.(?!\d)|[①-⑳])\s*"
)
_COMPARATORS = {
    "≥": "≥", ">=": "≥", "≧": "≥", "⩾": "≥", "不低于": "≥", "不少于": "≥", "不小于": "≥",
    "大于等于": "≥", "大于或等于": "≥", "至少": "≥",
    "≤": "≤", "<=": "≤", "≦": "≤", "⩽": "≤", "不高于": "≤", "不大于": "≤", "不超过": "≤",
    "小于等于": "≤", "小于或等于": "≤", "至多": "≤",
    ">": ">", "大于": ">", "高于": ">", "超过": ">", "<": "<",
    "小于": "<", "低于": "<", "少于": "<",
    "±": "±", "=": "=", "等于": "=", "达到": "≥",
}  # fmt: skip
_COMPARATOR = re.compile("|".join(sorted(map(re.escape, _COMPARATORS), key=len, reverse=True)))
_NUMBER = r"[+-]?\d[\d,]*(?:\.\d+)?(?:\s*[×x*]\s*10\s*\^?\s*[+-]?\d+)?"
_VALUE = re.compile(rf"^({_NUMBER})\s*(?:(~|～|—|–|-|至|到|±)\s*({_NUMBER}))?\s*(.*)$")
_NAMED_VALUE = re.compile(rf"^(.*[^\d\s.+-])\s+({_NUMBER}.*)$")
_COUNTED = re.compile(r"^(.+?)[\s，,：:×x*（(]*(\d[\d,]*)\s*([^\d\s）)]{0,10})[）)]?$")
_WIDE = {ord("＞"): ">", ord("＜"): "<", ord("＝"): "=", ord("％"): "%", ord("｜"): "|"}


def rows(field: Field, raw: object, coerce: Coerce) -> list[Row]:
    """The rows of a table, typed column by column; empty rows are left out."""
    if isinstance(raw, str):
        raw = _from_text(field, raw)
    elif isinstance(raw, Mapping):
        raw = [raw]
    if not isinstance(raw, list | tuple):
        raise ValueError(f"“{field.label}”应为多行内容，现在是“{short(raw)}”")
    found = []
    for number, item in enumerate(raw, 1):
        try:
            row = _row(field, item, coerce)
        except ValueError as error:
            raise ValueError(f"“{field.label}”第 {number} 行：{error}") from error
        if row:
            found.append(row)
    if field.limit and len(found) > field.limit:
        raise ValueError(f"“{field.label}”最多 {field.limit} 行，现在 {len(found)} 行")
    return found


def _row(field: Field, item: object, coerce: Coerce) -> Row:
    if isinstance(item, str):
        item = _line(field, item)
    elif isinstance(item, list | tuple):
        item = dict(zip((column.name for column in field.columns), item, strict=False))
    if not isinstance(item, Mapping):
        raise ValueError(f"看不懂“{short(item)}”")
    names: dict[str, Field] = {}
    for column in field.columns:
        for name in (column.name, column.label, *column.headings):
            names.setdefault(fold(name), column)
    row: Row = {}
    for name, value in item.items():
        if is_blank(value):
            continue
        known = names.get(fold(str(name)))
        if known is None:
            expected = "、".join(column.label for column in field.columns)
            raise ValueError(f"没有“{short(name)}”这一列，应为：{expected}")
        row[known.name] = coerce(known, value)
    if row:
        _must_have(field, row)
    return row


def _must_have(field: Field, row: Row) -> None:
    """The first column and counts cannot be left open; the rest may wait for completion."""
    for position, column in enumerate(field.columns):
        countable = column.type is FieldType.INTEGER
        if column.required and (position == 0 or countable) and row.get(column.name) is None:
            raise ValueError(f"请填写“{column.label}”")


def _from_text(field: Field, text: str) -> list[object]:
    text = clean(text)
    if len(text) > LONGEST:
        raise ValueError(f"“{field.label}”最多 {LONGEST} 字，现在 {len(text)} 字")
    if text.startswith(("[{", "[ {", "[\n", "{")) or text == "[]":
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"“{field.label}”不是有效的 JSON，请检查括号和引号") from error
        return list(found) if isinstance(found, list) else [found]
    text = text.translate(_WIDE)
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) == 1:
        pieces = [piece for piece in re.split(r"[；;]", lines[0]) if piece.strip()]
        if "|" not in lines[0] or all("|" in piece for piece in pieces):
            lines = pieces
    elif not any("|" in line or "\t" in line for line in lines):
        lines = [piece for line in lines for piece in re.split(r"[；;]", line) if piece.strip()]
    if lines and _is_header(field, _cells(lines[0])):
        lines = lines[1:]
    return list(lines)


def _is_header(field: Field, cells: list[str]) -> bool:
    labels = [fold(column.label) for column in field.columns]
    return bool(cells) and [fold(cell) for cell in cells] == labels[: len(cells)]


def _cells(line: str) -> list[str]:
    """The cells of a line with bars; empty when it has none."""
    mark = "|" if "|" in line else "\t"
    return [cell.strip() for cell in line.strip("\n ").split(mark)] if mark in line else []


def _line(field: Field, line: str) -> Row:
    line = line.translate(_WIDE)
    cells = _cells(line)
    if cells:
        if len(cells) > len(field.columns) and any(cells[len(field.columns) :]):
            expected = "|".join(column.label for column in field.columns)
            raise ValueError(f"多于 {len(field.columns)} 列，应为：{expected}")
        return dict(zip((column.name for column in field.columns), cells, strict=False))
    line = _NUMBERING.sub("", one_line(line)).strip("。，,、 ")
    names = [column.name for column in field.columns]
    if len(line) > LONGEST_LINE:
        return {names[0]: line}
    if "comparator" in names:
        return indicator(line)
    counted = next(
        (c.name for c in field.columns if c.type is FieldType.INTEGER and c.required), ""
    )
    if counted and (match := _COUNTED.match(line)):
        row: Row = {names[0]: match[1].rstrip("（( ：:"), counted: match[2]}
        if "unit" in names:
            row["unit"] = match[3]
        elif match[3] and match[3] not in ("人", "名", "个"):
            return {names[0]: line}
        return row
    return {names[0]: line}


def indicator(line: str) -> Row:
    """抗拉强度≥980MPa as name, comparator, value and unit.

    What holds no number is 定性: the words after a colon are the value, or it has none.
    """
    name, comparator, rest = _split(line)
    if not name:
        return {"name": line, "comparator": QUALITATIVE}
    match = _VALUE.match(rest)
    if match is None or len(match[4]) > 20:
        if comparator in ("", "="):
            return {"name": name, "comparator": QUALITATIVE, "value": rest} if rest else {
                "name": line, "comparator": QUALITATIVE}  # fmt: skip
        return {"name": name, "comparator": comparator, "value": rest}
    first, between, second, unit = match.groups()
    if between == "±" or comparator == "±":
        value = f"{first}±{second}" if second else first
        return {"name": name, "comparator": "±", "value": value, "unit": unit}
    if second:
        return {"name": name, "comparator": "范围", "value": f"{first}~{second}", "unit": unit}
    return {"name": name, "comparator": comparator or "=", "value": first, "unit": unit}


def _split(line: str) -> tuple[str, str, str]:
    found = _COMPARATOR.search(line)
    if found and found.start() and not line[found.start() - 1].isdigit():
        name = line[: found.start()].rstrip("：:， 应须需要为")
        return name, _COMPARATORS[found[0]], line[found.end() :].strip("：: ")
    if colon := re.search(r"[：:]", line):
        return line[: colon.start()].strip(), "", line[colon.end() :].strip()
    if match := _NAMED_VALUE.match(line):
        return match[1].strip(), "", match[2]
    return "", "", ""


def row_text(field: Field, row: Mapping[str, Any], show: Callable[[Field, Any], str]) -> str:
    """One row as a line that `rows` reads back."""
    texts = {column.name: show(column, row.get(column.name)) for column in field.columns}
    if "comparator" not in texts:
        return " | ".join(texts.values()).rstrip(" |")
    name, sign, value, unit = (texts[key] for key in ("name", "comparator", "value", "unit"))
    if sign == QUALITATIVE:
        return f"{name}：{value}{unit}" if value else name
    if sign == "±":
        return f"{name}：{value}{unit}" if "±" in value else f"{name}±{value}{unit}"
    if sign in ("范围", ""):
        return f"{name}：{value}{unit}".rstrip("：")
    return f"{name}{sign}{value}{unit}"

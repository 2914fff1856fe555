"""CSV and JSON as people save them: UTF-8 with or without BOM, UTF-16 from Excel, GB18030."""

from __future__ import annotations

import codecs
import csv
import json
import unicodedata
from collections.abc import Iterator
from io import StringIO

from .reading import ImportRefused, IsHeading, RawRow, Table, at_least_one, find_header, named

MAX_CELL = 100_000
"""Characters of one cell: several times the longest field."""
_SAMPLE = 65_536
_DELIMITERS = ",;\t，；"
_NOT_TEXT = "文件不是文本，打不开；请用 Excel 或 WPS 另存为 .xlsx 或 UTF-8 编码的 .csv"


def decode(data: bytes) -> str:
    """The text of a file in whichever encoding it is; ImportRefused for binary junk."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")  # type: ignore[assignment]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _looks_like_text(text):
            return text
        break
    raise ImportRefused(_NOT_TEXT)


def _looks_like_text(text: str) -> bool:
    sample = text[:_SAMPLE]
    strange = sum(
        unicodedata.category(character) in ("Cc", "Cn", "Co", "Cs")
        for character in sample
        if character not in "\t\r\n\f"
    )
    return "\0" not in text and strange <= len(sample) // 100


def read_delimited(data: bytes, is_heading: IsHeading) -> Table:
    """CSV, or the same with semicolons or tabs."""
    text = decode(data)
    if not text.strip():
        raise ImportRefused("文件是空的，没有可导入的内容")
    header, rows = find_header(_records(text), is_heading)
    return at_least_one(Table([h for h in header if h], named(header, rows)))


def _delimiter(text: str) -> str:
    """The mark that the first lines hold most of, outside quotes."""
    lines = [line for line in text[:_SAMPLE].splitlines()[:20] if line.strip()]
    for line in lines:
        bare = "".join(line.split('"')[::2])
        counts = {mark: bare.count(mark) for mark in _DELIMITERS}
        best = max(counts, key=lambda mark: counts[mark])
        if counts[best]:
            return best
    return ","


def _records(text: str) -> Iterator[tuple[int, list[object]]]:
    csv.field_size_limit(max(csv.field_size_limit(), MAX_CELL))
    reader = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    number = 0
    while True:
        number += 1
        try:
            record = next(reader, None)
        except csv.Error as error:
            raise ImportRefused(
                f"第 {number} 行的双引号不成对或单元格过长，请检查这一行（CSV 里的双引号要写两个）"
            ) from error
        if record is None:
            return
        yield number, list(record)


def read_json(data: bytes) -> Table:
    """JSON Lines, or one JSON array of objects."""
    text = decode(data).strip()
    if not text:
        raise ImportRefused("文件是空的，没有可导入的内容")
    if not text.startswith("["):
        return at_least_one(Table(None, _lines(text)))
    try:
        items = json.loads(text)
    except (ValueError, RecursionError) as error:
        at = getattr(error, "lineno", 1)
        raise ImportRefused(f"第 {at} 行附近不是有效的 JSON，请检查括号、引号和逗号") from error
    if not items:
        raise ImportRefused("文件是空的，没有可导入的内容")
    return Table(None, (_row(number, item) for number, item in enumerate(items, 1)))


def _lines(text: str) -> Iterator[RawRow]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except (ValueError, RecursionError):
            yield RawRow(number, {}, "不是有效的 JSON，请检查括号、引号和逗号")
        else:
            yield _row(number, item)


def _row(number: int, item: object) -> RawRow:
    if not isinstance(item, dict):
        return RawRow(number, {}, '应为一个 JSON 对象，例如 {"标题": "……"}')
    return RawRow(number, item)

"""Text as people and spreadsheets hand it over, made fit to keep: no control characters."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal

from ...core import clock

QUOTED = 24
"""So much of a wrong value is repeated in a message."""

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_ESCAPED = "_x000"
_EXCEL_ESCAPE = re.compile(r"_x000[aAdD]_")
_SPACES = re.compile(r"\s+")
_GAPS = re.compile(r"\n{3,}")
_BRACKETS = re.compile(r"[(（\[【〔].*?[)）\]】〕]")


def clean(text: str) -> str:
    """Several lines of text: line ends are \\n, control and invisible characters are gone."""
    if text.isprintable() and _ESCAPED not in text:  # most texts: one line without any of them
        return text.strip()
    text = _EXCEL_ESCAPE.sub("\n", text).replace("\r\n", "\n").replace("\r", "\n")
    lines = (line.rstrip() for line in _HIDDEN.sub("", text).split("\n"))
    return _GAPS.sub("\n\n", "\n".join(lines)).strip()


def one_line(text: str) -> str:
    """One line of text with single spaces."""
    if text.isprintable() and _ESCAPED not in text and "  " not in text:
        return text.strip()
    return _SPACES.sub(" ", clean(text)).strip()


def fold(text: str) -> str:
    """The form in which two spellings of a label are equal: width, case and spaces ignored."""
    return _SPACES.sub("", unicodedata.normalize("NFKC", clean(text))).casefold()


def without_brackets(text: str) -> str:
    """The text without what stands in brackets."""
    return _BRACKETS.sub("", text)


def short(raw: object) -> str:
    """The beginning of a value, to name it in a message."""
    text = one_line(str(raw)[:200])
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}…"


def number_text(value: float | Decimal) -> str:
    """6.0 is "6" and 0.1 is "0.1"; never an exponent. ValueError for infinities and NaN."""
    if isinstance(value, int):
        if value.bit_length() > 256:
            raise ValueError("数字太大")
        return str(value)
    if not math.isfinite(value):
        raise ValueError("不是数字")
    text = f"{Decimal(repr(value)) if isinstance(value, float) else value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def as_text(raw: object) -> str:
    """What a cell says, whatever type a spreadsheet or JSON gave it; ValueError for structures."""
    if isinstance(raw, str):
        return raw
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "是" if raw else "否"
    if isinstance(raw, int | float | Decimal):
        return number_text(raw)
    if isinstance(raw, datetime):
        plain = (raw.hour, raw.minute, raw.second) == (0, 0, 0)
        return clock.day_text(raw.date()) if plain else f"{raw:%Y-%m-%d %H:%M}"
    if isinstance(raw, date):
        return clock.day_text(raw)
    raise ValueError("应为文字")


def is_blank(raw: object) -> bool:
    """Whether a cell says nothing."""
    if isinstance(raw, str):
        return not (raw[:1].isalnum() or clean(raw))  # no letter is ever cleaned away
    return raw is None or (isinstance(raw, list | dict) and not raw)


def says_something(text: object) -> bool:
    """Whether a text has at least one letter, digit or Chinese character."""
    return isinstance(text, str) and (
        text[:1].isalnum() or any(character.isalnum() for character in text)
    )


def split_items(text: str) -> list[str]:
    """The items of a list typed as text, separated by commas, semicolons, bars or spaces."""
    return [item for item in re.split(r"[，,、;；/|\n\t]+", clean(text)) if item.strip()]


def shorten(text: str, limit: int) -> str:
    """The beginning of a text up to the last sentence end within the limit.

    A first sentence longer than the limit is cut at a comma, else at the limit, with "……".
    """
    text = one_line(text)
    if len(text) <= limit:
        return text
    head = text[:limit]
    end = max(head.rfind(mark) for mark in "。！？；!?;")
    if end >= limit // 4:
        return head[: end + 1]
    head = text[: limit - 2]
    comma = max(head.rfind(mark) for mark in "，、,：")
    return f"{head[:comma] if comma >= limit // 4 else head}……"

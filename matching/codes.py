"""Designations (Q345B, 6061-T6, GB/T 1591, M8×30), numbers with units, and their variants.

Everything here works on folded text (`text.normalise`: NFKC, lower case).
"""

from __future__ import annotations

import re

# Standards bodies whose numbers are written with or without a space and with or without "/T".
_BODIES = (
    "gb|gbz|gjb|hg|hb|jb|jg|jt|jc|cj|yb|ys|yy|yc|sj|qb|qc|dl|nb|ny|nj|fz|sn|sy|sh|tb|yd|wb|ly|ls"
    "|iso|iec|din|astm|jis|ansi|ieee|asme|sae|aws|aashto|rohs|tsg|ul|en|bs|db[1-6][0-9]"
)
# Unit as written (folded) -> unit as we write it.
_UNITS = {
    "摄氏度": "°c", "度": "°c", "°c": "°c", "°f": "°f", "华氏度": "°f",
    "毫米": "mm", "mm": "mm", "厘米": "cm", "公分": "cm", "cm": "cm", "分米": "dm",
    "千米": "km", "公里": "km", "km": "km", "米": "m", "m": "m", "英寸": "inch", "寸": "inch",
    "inch": "inch", "微米": "um", "μm": "um", "um": "um", "纳米": "nm", "nm": "nm",
    "平方米": "m2", "平米": "m2", "m2": "m2", "m²": "m2", "立方米": "m3", "m3": "m3", "亩": "亩",
    "千克": "kg", "公斤": "kg", "kg": "kg", "克": "g", "g": "g", "毫克": "mg", "mg": "mg",
    "微克": "ug", "μg": "ug", "ug": "ug", "吨": "t", "t": "t",
    "毫升": "ml", "ml": "ml", "升": "l", "l": "l", "立方": "m3",
    "小时": "h", "h": "h", "分钟": "min", "min": "min", "秒": "s", "s": "s", "毫秒": "ms",
    "ms": "ms", "天": "d",
    "千赫": "khz", "khz": "khz", "兆赫": "mhz", "mhz": "mhz", "吉赫": "ghz", "ghz": "ghz",
    "赫兹": "hz", "hz": "hz",
    "千瓦时": "kwh", "kwh": "kwh", "kw·h": "kwh", "千瓦": "kw", "kw": "kw", "兆瓦": "mw",
    "mw": "mw", "瓦": "w", "w": "w", "马力": "hp", "hp": "hp",
    "千伏": "kv", "kv": "kv", "伏": "v", "v": "v", "mv": "mv", "安培": "a", "毫安时": "mah",
    "mah": "mah", "毫安": "ma", "ma": "ma", "安时": "ah", "ah": "ah",
    "兆帕": "mpa", "mpa": "mpa", "千帕": "kpa", "kpa": "kpa", "吉帕": "gpa", "gpa": "gpa",
    "帕": "pa", "pa": "pa", "bar": "bar", "牛顿": "n", "千牛": "kn", "kn": "kn", "n·m": "n·m",
    "分贝": "db", "db": "db", "ppm": "ppm", "ppb": "ppb", "目": "目",
    "转/分钟": "rpm", "转/分": "rpm", "r/min": "rpm", "rpm": "rpm", "转": "rpm",
    "m/s": "m/s", "米/秒": "m/s", "km/h": "km/h", "公里/小时": "km/h", "mm/s": "mm/s",
    "mg/l": "mg/l", "毫克/升": "mg/l", "g/l": "g/l", "mg/m3": "mg/m3", "w/m2": "w/m2",
    "%": "%", "百分之": "%", "‰": "‰",
    "万元": "万元", "亿元": "亿元", "元": "元", "万吨": "万吨", "像素": "px", "px": "px",
}  # fmt: skip


def _unit_pattern() -> str:
    parts = []
    for unit in sorted(_UNITS, key=len, reverse=True):
        edge = "(?![a-z0-9])" if unit[-1].isascii() and unit[-1].isalnum() else ""
        parts.append(re.escape(unit) + edge)
    return "|".join(parts)


STANDARD = (
    rf"(?:{_BODIES})(?:\s?/\s?[a-z]{{1,3}})?\s?\d{{2,6}}(?:\.\d{{1,3}})?"
    r"(?:[-–—]\d{2,4})?(?![a-z0-9])"
)
SIZE = r"m?\d{1,6}(?:\.\d{1,4})?(?:\s?[x×*]\s?\d{1,6}(?:\.\d{1,4})?){1,3}(?![a-z0-9])"
NUMBER = rf"\d{{1,12}}(?:,\d{{3}}){{0,4}}(?:\.\d{{1,6}})?\s?(?:{_unit_pattern()})"
_NUMBER_PARTS = re.compile(r"([\d.,]+)\s?(.+)", re.DOTALL)
_GRADE = re.compile(r"([a-z]{1,4}\d{2,5})[a-z]{1,2}")
_FAMILY = re.compile(r"([a-z]{2,6}\d{1,4})[a-z]+\d.*")
_YEAR = re.compile(r"-\d{2,4}$")
_PART = re.compile(r"[-./_]")
_PURE_NUMBER = re.compile(r"[\d.,\-/_]+")
_SPACE = re.compile(r"\s+")


def code_pattern(han: str) -> str:
    """Letters of any script but Han, and digits, with inner - . / _ and a final + or #."""
    part = rf"[^\W_{han}]{{1,64}}"
    return rf"{part}(?:[-./_]{part}){{0,6}}[+#]{{0,2}}"


def standard(text: str) -> list[str]:
    """`gb/t 1591-2018` -> itself without blanks, without the year, and without "/t"."""
    whole = _SPACE.sub("", text).replace("–", "-").replace("—", "-")
    short = _YEAR.sub("", whole)
    return _unique([whole, short, re.sub(r"/[a-z]+", "", short)])


def size(text: str) -> list[str]:
    """`m8×30` -> `m8x30`, `m8`; `100*200` -> `100x200`."""
    whole = re.sub(r"\s?[×*x]\s?", "x", text)
    return [whole, whole.split("x")[0]] if whole.startswith("m") else [whole]


def number(text: str) -> list[str]:
    """`120 度` -> `120°c`; `1,500.0mm` -> `1500mm`."""
    match = _NUMBER_PARTS.fullmatch(text)
    if match is None:
        return [text]
    value = match[1].replace(",", "")
    if "." in value:
        value = value.rstrip("0").rstrip(".")
    return [value + _UNITS.get(match[2], match[2])]


def code(text: str) -> list[str]:
    """`6061-t6` -> itself, `6061t6`, `6061`, `t6`; `q345b` -> itself, `q345`; ..."""
    if _PURE_NUMBER.fullmatch(text):
        return [text] if len(text) > 2 else []  # "1" and "12" only number the paragraphs
    if text.isalpha():
        return [text] if len(text) > 1 else []
    found = [text]
    if _PART.search(text):
        found.append(_PART.sub("", text))
        found += [p for p in _PART.split(text) if len(p) > 1 and not (p.isdigit() and len(p) < 3)]
    else:
        for pattern in (_GRADE, _FAMILY):
            match = pattern.fullmatch(text)
            if match:
                found.append(match[1])
    return _unique(found)


def _unique(items: list[str]) -> list[str]:
    return list(dict.fromkeys(items))

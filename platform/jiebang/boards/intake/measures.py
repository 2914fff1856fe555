"""Numbers with units in everyday sentences, as rows for the table of indicators."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_UNITS = (
    "Wh/kg", "mAh/g", "W/(m·K)", "W/m·K", "kJ/m2", "MPa·m", "N·m", "N/mm", "N/m", "kN/m",
    "mg/L", "μg/L", "g/L", "mg/kg", "μg/kg", "mg/m3", "g/cm3", "kg/m3", "g/m2", "kg/h", "t/h",
    "m3/h", "m3/d", "L/min", "L/h", "mL/min", "m/min", "m/s", "mm/s", "km/h", "r/min", "rpm",
    "次/分钟", "次/分", "件/小时", "件/h", "件/分钟", "吨/年", "吨/天", "吨/日", "t/a", "元/吨",
    "kWh", "MWh", "kW", "MW", "GW", "mW", "kV", "mV", "kA", "mA", "μA", "kΩ", "MΩ", "GHz", "MHz",
    "kHz", "Hz", "GPa", "MPa", "kPa", "Pa", "bar", "kN", "HRC", "HRA", "HBW", "HB", "HV", "dBm",
    "dB", "ppm", "ppb", "mol/L", "mmol/L", "cP", "mPa·s", "Gbps", "Mbps", "kbps", "TB", "GB",
    "MB", "fps", "TOPS", "km", "cm", "mm", "μm", "nm", "dm", "kg", "mg", "μg", "ng", "mL", "μL",
    "ms", "μs", "ns", "min", "cd", "lm", "lx", "m3", "m2", "mm2", "cm2", "℃", "°C", "°", "%",
    "‰", "Ω", "摄氏度", "毫米", "微米", "纳米", "厘米", "平方米", "立方米", "千米", "公里", "毫克",
    "千克", "公斤", "微克", "毫升", "毫秒", "微秒", "分钟", "小时", "万吨", "万次", "万小时",
    "万公里", "千瓦时", "千瓦", "兆瓦", "兆帕", "千赫", "兆赫", "伏", "安培", "个百分点", "分贝",
    "倍", "米", "克", "吨", "升", "秒", "帧", "周", "天", "次", "级", "m", "g", "t", "L", "h", "s",
    "V", "A", "W", "N", "J", "K",
)  # fmt: skip
_NUMBER = r"\d[\d,]*(?:\.\d+)?(?:\s*[×x]\s*10\^?-?\d+)?"
_RANGE = rf"{_NUMBER}(?:\s*(?:~|-|—|–|至|到)\s*{_NUMBER})?"
_BEFORE = {
    "≥": r"≥|>=|不低于|不小于|不少于|不短于|至少|(?:提高|提升)[到至]|达到|可达|达",
    "≤": r"≤|<=|不超过|不大于|不高于|不长于|最多|控制在|(?:降|降低|缩短|减少)[到至]",
    ">": r">|大于|高于|超过|长于|多于|优于",
    "<": r"<|小于|低于|少于|短于",
    "±": r"±",
    "=": r"=|等于|为|是|约为|约",
}
_AFTER = {"≥": "以上|及以上", "≤": "以内|以下|之内|及以下"}
_MEASURE = re.compile(
    rf"(?P<mark>{'|'.join(_BEFORE[key] for key in _BEFORE)})?\s*"
    rf"(?P<sign>[±-]?)\s*(?P<value>{_RANGE})\s*"
    rf"(?P<unit>(?:{'|'.join(re.escape(u) for u in sorted(_UNITS, key=len, reverse=True))})"
    r"(?:/(?:min|h|d|a|s|kg|m[23]|L|t|小时|分钟|秒|天|年|吨|台|件|次))?)"
    rf"(?![A-Za-z])(?P<after>{'|'.join(_AFTER.values())})?"
)
_GRADE = re.compile(r"(?:\d|[A-Za-z][-–]?)$")
"""What makes a number part of a grade or a type: TC4, HJ-1A, 6061."""
_CLAUSE = re.compile(r"[，,。；;！!？?\n：:（）()、]")
_LEADING = re.compile(
    r"^(?:并且|同时|以及|其中|要求|目标|希望|实现|使得|使|把|将|且|和|与|及|而|其|该|\d+[.、)）])+"
)
_TRAILING = re.compile(
    r"(?:可以|能够|应当|必须|需要|要|应|需|可|能|的|在|由|从|仅|只|已|均|都|也|有|\s)+$"
)
_NAME = re.compile(r"[A-Za-z一-鿿][\w一-鿿/·-]{0,13}$")


@dataclass(frozen=True, slots=True)
class Measure:
    """One number with its unit: `name` may be empty; `quote` is how the text says it."""

    name: str
    comparator: str
    value: str
    unit: str
    quote: str

    @property
    def row(self) -> dict[str, str]:
        """As a row of the table of indicators."""
        return {
            "name": self.name, "comparator": self.comparator, "value": self.value,
            "unit": self.unit,
        }  # fmt: skip


def find(text: str) -> list[Measure]:
    """The measures of a text in order, each once; years, sums of money and numbers alone are none.

    >>> [m.quote for m in find("焊后平面度不超过1mm，节拍2分钟以内")]
    ['平面度不超过1mm', '节拍2分钟以内']
    """
    text = unicodedata.normalize("NFKC", text).replace("㎜", "mm")
    found: dict[tuple[str, str, str, str], Measure] = {}
    for match in _MEASURE.finditer(text):
        if _GRADE.search(text[: match.start("value")]):
            continue
        measure = _measure(text, match)
        found.setdefault((measure.name, measure.comparator, measure.value, measure.unit), measure)
    return list(found.values())


def _measure(text: str, match: re.Match[str]) -> Measure:
    comparator = _comparator(match)
    value = match["value"].replace(" ", "")
    if match["sign"] == "-":
        value = f"-{value}"
    if re.search(r"[~—–至到]|\d-\d", value):
        comparator = "范围"
    name = _name(text[max(0, match.start() - 30) : match.start()])
    return Measure(
        name=name,
        comparator=comparator,
        value=value,
        unit=match["unit"],
        quote=f"{name}{match[0].strip()}",
    )


def _comparator(match: re.Match[str]) -> str:
    if match["sign"] == "±":
        return "±"
    for key, words in _AFTER.items():
        if match["after"] and re.fullmatch(words, match["after"]):
            return key
    for key, words in _BEFORE.items():
        if match["mark"] and re.fullmatch(words, match["mark"]):
            return key
    return "="


def _name(before: str) -> str:
    clause = _CLAUSE.split(before)[-1].strip()
    clause = _TRAILING.sub("", _LEADING.sub("", clause))
    found = _NAME.search(clause)
    return found[0] if found else ""

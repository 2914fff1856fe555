"""Money is integer fen. Text such as 80万元-120万元 is read and written here, nowhere else."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

FEN = 100
WAN = 10_000 * FEN
YI = 10_000 * WAN
LARGEST = 10_000 * YI
"""一万亿元: beyond it a typing error is certain."""

_UNITS = {"元": FEN, "块": FEN, "千元": 1_000 * FEN, "万": WAN, "万元": WAN, "亿": YI, "亿元": YI}
_NUMBER = r"(\d[\d,]*(?:\.\d+)?)\s*(亿元|万元|千元|亿|万|元|块)?"
_RANGE = re.compile(rf"^{_NUMBER}\s*(?:-|~|—|–|至|到)+\s*{_NUMBER}$")
_SINGLE = re.compile(rf"^{_NUMBER}$")
_AT_MOST = re.compile(rf"^(?:不超过|不高于|最高|≤|<=|<){_NUMBER}$|^{_NUMBER}(?:以内|以下|之内)$")
_AT_LEAST = re.compile(rf"^(?:不低于|不少于|最低|≥|>=|>){_NUMBER}$|^{_NUMBER}(?:以上|起)$")
_NEGOTIABLE = re.compile(r"面议|面谈|协商|议价|洽谈|待定")


@dataclass(frozen=True, slots=True)
class MoneyRange:
    """A range in fen; either end may be open. `negotiable` is 面议."""

    low: int | None = None
    high: int | None = None
    negotiable: bool = False


def parse_money(text: str, default_unit: str = "万元") -> MoneyRange:
    """Reads a range, one number, 不超过/以上, or 面议; ValueError with a Chinese sentence.

    A number without a unit is taken in `default_unit`; in "80-120万元" the unit counts for both.
    """
    value = unicodedata.normalize("NFKC", text).strip().replace(" ", "")
    value = value.removeprefix("人民币").removeprefix("¥").removesuffix("/月").removesuffix("/年")
    if not value:
        return MoneyRange()
    if (bare := re.sub(r"[(,，;；、]?(?:可议|可面议|可商议)\)?$", "", value)) not in (value, ""):
        fixed = parse_money(bare, default_unit)
        return MoneyRange(fixed.low, fixed.high, negotiable=True)
    if _NEGOTIABLE.search(value) and not re.search(r"\d", value):
        return MoneyRange(negotiable=True)
    if match := _RANGE.match(value):
        first, first_unit, second, second_unit = match.groups()
        unit = second_unit or first_unit or default_unit
        low, high = _fen(first, first_unit or unit), _fen(second, unit)
        if low > high:
            raise ValueError(f"金额区间“{text}”的下限大于上限")
        return MoneyRange(low, high)
    if match := _SINGLE.match(value):
        fen = _fen(match[1], match[2] or default_unit)
        return MoneyRange(fen, fen)
    if match := _AT_MOST.match(value):
        number, unit = (match[1], match[2]) if match[1] else (match[3], match[4])
        return MoneyRange(None, _fen(number, unit or default_unit))
    if match := _AT_LEAST.match(value):
        number, unit = (match[1], match[2]) if match[1] else (match[3], match[4])
        return MoneyRange(_fen(number, unit or default_unit), None)
    raise ValueError(f"看不懂金额“{text}”，请写成“80万元-120万元”“200万元”或“面议”")


def _fen(number: str, unit: str) -> int:
    try:
        fen = Decimal(number.replace(",", "")) * _UNITS[unit]
    except InvalidOperation as error:
        raise ValueError(f"看不懂数字“{number}”") from error
    if fen > LARGEST:
        raise ValueError(f"金额 {number}{unit} 过大，请核对单位")
    if fen != fen.to_integral_value():
        raise ValueError(f"金额 {number}{unit} 精确到分之后还有余数，请核对")
    return int(fen)


def money_text(fen: int) -> str:
    """3,500元 · 120万元 · 1.2亿元; exact, without floating point."""
    if abs(fen) >= YI:
        return f"{_plain(Decimal(fen) / YI)}亿元"
    if abs(fen) >= WAN:
        return f"{_plain(Decimal(fen) / WAN)}万元"
    return f"{_plain(Decimal(fen) / FEN)}元"


def range_text(low: int | None, high: int | None, negotiable: bool = False) -> str:
    """The range as people write it; an empty string when nothing is known."""
    if low is not None and high is not None:
        text = money_text(low) if low == high else f"{money_text(low)}–{money_text(high)}"
    elif high is not None:
        text = f"不超过{money_text(high)}"
    elif low is not None:
        text = f"{money_text(low)}以上"
    else:
        return "面议" if negotiable else ""
    return f"{text}（可议）" if negotiable else text


def _plain(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

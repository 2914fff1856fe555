"""One typed value from what a form, a file or JSON hands over. Every refusal names the field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from ...core import clock
from ...core.money import LARGEST, MoneyRange, parse_money
from .cleaning import as_text, clean, fold, number_text, one_line, short, without_brackets
from .spec import Field, FieldType, Option

_COUNTERS = ("级", "人", "名", "个", "台", "件", "套", "项", "天", "日")
_DIGITS = {character: str(n) for n, character in enumerate("零一二三四五六七八九")}
_INTEGER = re.compile(r"^(?:trl|第)?[-:=]?([+-]?[\d,]{1,18}(?:\.\d{1,6})?)(万|亿)?(\D{0,6})$")
_DAY = re.compile(
    r"^(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?"
    r"(?:[ t]*(\d{1,2})[:时](\d{1,2})分?(?::(\d{1,2})(?:\.\d+)?)?(z|[+-]\d\d:?\d\d)?)?$"
)
_COMPACT = re.compile(r"^(\d{4})(\d\d)(\d\d)$")
_VAGUE = re.compile(r"^\d{4}(?:[-/.年]|$)|年|月|季|底|初|长期|尽快|待定")
_YES = frozenset({"是", "有", "对", "真", "1", "true", "yes", "y", "on", "t", "√", "✓", "☑"})
_NO = frozenset(
    {"否", "无", "没有", "不", "假", "0", "false", "no", "n", "off", "f", "×", "x", "✗"}
)
_EXCEL_EPOCH = date(1899, 12, 30)
_EXCEL_DAYS = range(36526, 73051)
"""Serial numbers of the years 2000 to 2100."""
_YEARS = range(1950, 2101)
_MONEY_LENGTH = 60
_LABEL_LENGTH = 200


def line(field: Field, raw: object) -> str | None:
    """One line or several lines of text within the field's limit."""
    try:
        text = as_text(raw)
    except ValueError as error:
        raise ValueError(f"“{field.label}”{error}") from error
    text = one_line(text) if field.type is FieldType.LINE else clean(text)
    if field.limit and len(text) > field.limit:
        raise ValueError(f"“{field.label}”最多 {field.limit} 字，现在 {len(text)} 字")
    return text or None


@lru_cache(maxsize=256)
def _spellings(options: tuple[Option, ...]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Folded values and labels, and folded labels without brackets, with the stored values."""
    exact: dict[str, str] = {}
    for option in options:
        exact.setdefault(fold(option.value), option.value)
        exact.setdefault(fold(option.label), option.value)
    return exact, [(fold(without_brackets(option.label)), option.value) for option in options]


def find_option(options: tuple[Option, ...], text: str) -> str | None:
    """The stored value that a value, a label or an obvious near form of them means."""
    if len(text) > _LABEL_LENGTH:
        return None
    exact, bare = _spellings(options)
    wanted = fold(text)
    if wanted in exact:
        return exact[wanted]
    wanted = fold(without_brackets(wanted)) or wanted
    same = [value for label, value in bare if label == wanted]
    near = same or [value for label, value in bare if len(wanted) >= 2 and wanted in label]
    return near[0] if len(near) == 1 else None


def choice(field: Field, raw: object) -> str:
    """The stored value of one option."""
    try:
        text = as_text(raw)
    except ValueError as error:
        raise ValueError(f"“{field.label}”{error}") from error
    value = find_option(field.options, text)
    if value is None:
        raise ValueError(f"“{field.label}”没有“{short(text)}”这一项，{_offer(field)}")
    return value


def _offer(field: Field) -> str:
    return f"可填：{'、'.join(option.label for option in field.options)}"


def integer(field: Field, raw: object) -> int:
    """A whole number between the field's minimum and limit; 6级, TRL 6, 3万 and 6.0 are fine."""
    value = _whole(field, raw)
    if value < field.minimum:
        raise ValueError(f"“{field.label}”不能小于 {field.minimum}，现在是 {value}")
    if field.limit and value > field.limit:
        raise ValueError(f"“{field.label}”不能大于 {field.limit}，现在是 {short(value)}")
    return value


def _whole(field: Field, raw: object) -> int:
    refusal = f"“{field.label}”应为整数，现在是“{short(raw)}”"
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal | str):
        raise ValueError(refusal)
    try:
        text = number_text(raw) if not isinstance(raw, str) else fold(raw)
    except ValueError as error:
        raise ValueError(refusal) from error
    text = re.sub(r"^([零一二三四五六七八九])(?=\D?$)", lambda found: _DIGITS[found[1]], text)
    match = _INTEGER.match(text)
    if not match:
        raise ValueError(refusal)
    number, power, suffix = match.groups()
    if suffix and suffix != fold(field.unit) and (field.unit or suffix not in _COUNTERS):
        unit = f"（单位：{field.unit}）" if field.unit else ""
        raise ValueError(f"{refusal}，请只填数字{unit}")
    try:
        value = Decimal(number.replace(",", "")) * {"万": 10_000, "亿": 10**8}.get(power, 1)
    except InvalidOperation as error:
        raise ValueError(refusal) from error
    if value != value.to_integral_value():
        raise ValueError(refusal)
    return int(value)


def day(field: Field, raw: object) -> date:
    """A calendar day; a year or a month alone is refused with advice."""
    if isinstance(raw, datetime):
        _likely(field, raw.date())  # far years cannot be converted
        return (clock.to_beijing(raw) if raw.tzinfo else raw).date()
    if isinstance(raw, date):
        return _likely(field, raw)
    return _moment(field, raw)[0]


def _likely(field: Field, found: date) -> date:
    if found.year not in _YEARS:
        raise ValueError(f"“{field.label}”的年份 {found.year} 不对，请核对")
    return found


def moment(field: Field, raw: object) -> datetime:
    """A point in time in UTC; without a zone it is 北京时间."""
    if isinstance(raw, datetime):
        value = raw
    elif isinstance(raw, date):
        value = datetime.combine(raw, time())
    else:
        found, at, zone = _moment(field, raw)
        value = datetime.combine(found, at)
        if zone:
            value = datetime.fromisoformat(value.isoformat() + zone)
    _likely(field, value.date())
    try:
        return (value if value.tzinfo else value.replace(tzinfo=clock.BEIJING)).astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise ValueError(f"“{field.label}”的时间“{short(raw)}”超出范围") from error


def _moment(field: Field, raw: object) -> tuple[date, time, str]:
    advice = "请写成 2027-06-30 或 2027年6月30日"
    if isinstance(raw, int | float) and not isinstance(raw, bool) and raw in _EXCEL_DAYS:
        return _EXCEL_EPOCH + timedelta(days=int(raw)), time(), ""
    try:
        text = unicodedata.normalize("NFKC", one_line(as_text(raw))).casefold()
    except ValueError as error:
        raise ValueError(f"“{field.label}”应为日期，{advice}") from error
    match = _DAY.match(text.replace("年 ", "年").replace("月 ", "月")) or _COMPACT.match(text)
    if not match:
        if _VAGUE.search(text):
            raise ValueError(
                f"“{field.label}”要写到日，“{short(text)}”请改为某一天，例如 2027-12-31"
            )
        raise ValueError(f"“{field.label}”看不懂日期“{short(text)}”，{advice}")
    hour, minute, second, zone = (*match.groups()[3:], "", "", "", "")[:4]
    try:
        found = date(int(match[1]), int(match[2]), int(match[3]))
        at = time(int(hour or 0), int(minute or 0), int(second or 0))
        if zone and zone != "z" and int(zone[1:3]) > 14:
            raise ValueError
    except ValueError:
        raise ValueError(f"“{field.label}”没有“{short(text)}”这一天，{advice}") from None
    return _likely(field, found), at, "+00:00" if zone == "z" else zone or ""


def flag(field: Field, raw: object) -> bool:
    """是 or 否."""
    if isinstance(raw, bool):
        return raw
    text = fold(as_text(raw)) if isinstance(raw, str | int | float) else ""
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise ValueError(f"“{field.label}”应填“是”或“否”，现在是“{short(raw)}”")


def money(field: Field, raw: object) -> MoneyRange | None:
    """A range in fen; a number without a unit is in the field's unit. None for nothing."""
    if isinstance(raw, MoneyRange):
        found = raw
    elif isinstance(raw, Mapping):
        found = _from_mapping(field, raw)
    else:
        try:
            text = as_text(raw) if not isinstance(raw, bool) else "？"
        except ValueError as error:
            raise ValueError(f"“{field.label}”应为金额") from error
        text = one_line(text)
        if len(text) > _MONEY_LENGTH:
            raise ValueError(
                f"“{field.label}”：看不懂金额“{short(text)}”，请写成“80万元-120万元”或“面议”"
            )
        try:
            found = parse_money(text, field.unit or "万元")
        except (ValueError, KeyError, ArithmeticError) as error:
            raise ValueError(f"“{field.label}”：{error}") from error
    return None if found == MoneyRange() else found


def _from_mapping(field: Field, raw: Mapping[object, object]) -> MoneyRange:
    low, high = (raw.get("low", raw.get("money_low")), raw.get("high", raw.get("money_high")))
    for fen in (low, high):
        if fen is not None and (
            not isinstance(fen, int) or isinstance(fen, bool) or not 0 <= fen <= LARGEST
        ):
            raise ValueError(f"“{field.label}”的上下限应为整数（单位：分）")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        raise ValueError(f"“{field.label}”的下限大于上限")
    return MoneyRange(
        low if isinstance(low, int) else None,
        high if isinstance(high, int) else None,
        raw.get("negotiable") is True,
    )


def amount(field: Field, raw: object) -> int | None:
    """One amount in fen, read like money."""
    found = money(field, raw)
    if found is None:
        return None
    if found.low is None or found.low != found.high:
        raise ValueError(f"“{field.label}”请填一个金额，不要填区间或“面议”")
    return found.low

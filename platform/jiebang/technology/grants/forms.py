"""A table of rules as a form: flat fields in the closed vocabulary, and back again.

Rows are added by kind, so that each shows the fields of its kind alone: `guards-N-…`,
`instalments-N-…` with `instalments-N-bands-M-…`, `caps-N-…`; `…-kind` says which it is. Amounts
are typed as people write them (100万元), percentages with or without %, factors as 4 or 4倍.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jiebang.core.errors import Invalid
from jiebang.core.money import money_text, parse_money

from .rules import (
    GUARD_LABELS,
    INPUT_LABELS,
    KIND_LABELS,
    MOST,
    GuardKind,
    Input,
    Kind,
    parse,
)

CAP_LABELS = {"total": "合计上限", "input": "不超过某项金额"}
BANDED = (Kind.FLAT.value, Kind.MARGINAL.value)
ADDED: dict[str, dict[str, str]] = {
    "guards": {kind.value: label for kind, label in GUARD_LABELS.items()},
    "instalments": {kind.value: label for kind, label in KIND_LABELS.items()},
    "caps": CAP_LABELS,
}
"""What may be added to each group, by kind."""
GROUPS = {"guards": "条件", "instalments": "拨付", "caps": "上限"}
FIELDS = {
    "name": "名称",
    "when": "拨付时间",
    "kind": "算法",
    "amount": "金额",
    "percent": "比例",
    "of": "计算基数",
    "cap": "本笔上限",
    "bands": "分档",
    "up_to": "这一档到多少",
    "left": "比较的一项",
    "right": "与之比较的一项",
    "factor": "倍数",
    "value": "不超过多少",
    "input": "哪一项金额",
}
_PATH = re.compile(r"(guards|instalments|caps)\[(\d+)\]\.(\w+)(?:\[(\d+)\]\.(\w+))?")
_NAME = re.compile(r"(guards|instalments|caps)-(\d{1,3})-kind")
_BAND = re.compile(r"(instalments-\d{1,3})-bands-(\d{1,3})-(?:up_to|percent)")


def of_rules(key: str) -> bool:
    """Whether a field belongs to the rules, and not to their version or the preview."""
    return key == "rounding" or re.match(r"(guards|instalments|caps)-\d", key) is not None


def flat(rules: Mapping[str, Any]) -> dict[str, str]:
    """A checked table as the form's fields."""
    typed = {"rounding": str(rules.get("rounding", "down"))}
    for group in GROUPS:
        for number, row in enumerate(rules.get(group, [])):
            prefix = f"{group}-{number}"
            for name, value in row.items():
                if name == "bands":
                    for place, band in enumerate(value):
                        up_to = band.get("up_to")
                        typed[f"{prefix}-bands-{place}-up_to"] = money_text(up_to) if up_to else ""
                        typed[f"{prefix}-bands-{place}-percent"] = str(band["percent"])
                elif value is not None:
                    typed[f"{prefix}-{name}"] = _written(name, value, row)
    return typed


def _written(name: str, value: Any, row: Mapping[str, Any]) -> str:
    months = name == "value" and row.get("left") == Input.MONTHS.value
    if isinstance(value, int) and not months:
        return money_text(value)
    return str(value)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a group as it is drawn: `prefix` begins its fields' names."""

    prefix: str
    kind: str
    label: str
    bands: tuple[str, ...] = ()
    """Prefixes of its bands."""


def rows(typed: Mapping[str, str], group: str) -> list[Row]:
    """The rows of a group in order; a kind that is not in the vocabulary is no row."""
    numbers = sorted(
        int(match[2]) for key in typed if (match := _NAME.fullmatch(key)) and match[1] == group
    )
    found = []
    for number in numbers:
        prefix = f"{group}-{number}"
        kind = typed[f"{prefix}-kind"]
        if kind in ADDED[group]:
            found.append(Row(prefix, kind, ADDED[group][kind], tuple(_bands(typed, prefix))))
    return found


def _bands(typed: Mapping[str, str], prefix: str) -> list[str]:
    numbers = {
        int(match[2]) for key in typed if (match := _BAND.fullmatch(key)) and match[1] == prefix
    }
    return [f"{prefix}-bands-{number}" for number in sorted(numbers)]


def move_rows(typed: dict[str, str]) -> str:
    """Answers the buttons that add and remove rows; returns the id of what to show next, or "".

    `add_row` is a group with a kind (guards:times) or an instalment (instalments-2), which gets
    another band; `remove_row` is a row or a band.
    """
    added, gone = typed.pop("add_row", ""), typed.pop("remove_row", "")
    group, _, kind = added.partition(":")
    if group in ADDED and kind in ADDED[group] and len(rows(typed, group)) < MOST:
        number = max((int(_tail(row.prefix)) for row in rows(typed, group)), default=-1) + 1
        prefix = f"{group}-{number}"
        typed[f"{prefix}-kind"] = kind
        if kind in BANDED:
            for place in range(2):
                typed[f"{prefix}-bands-{place}-up_to"] = ""
                typed[f"{prefix}-bands-{place}-percent"] = ""
        return prefix
    known = {row.prefix: row for row in rows(typed, "instalments")}
    if added in known and known[added].kind in BANDED and len(known[added].bands) < MOST:
        place = max((int(_tail(each)) for each in known[added].bands), default=-1) + 1
        typed[f"{added}-bands-{place}-up_to"] = typed[f"{added}-bands-{place}-percent"] = ""
        return f"{added}-bands-{place}-percent"
    if re.fullmatch(r"(guards|instalments|caps)-\d{1,3}(-bands-\d{1,3})?", gone):
        for key in [key for key in typed if key.startswith(f"{gone}-")]:
            del typed[key]
        return gone.partition("-")[0] if "-bands-" not in gone else gone.rpartition("-bands-")[0]
    return ""


def _tail(prefix: str) -> str:
    return prefix.rpartition("-")[2]


def read(typed: Mapping[str, str]) -> dict[str, Any]:
    """The table that the fields say. Invalid names what is wrong by field, in words."""
    reader = _Reader(typed)
    body: dict[str, Any] = {"rounding": typed.get("rounding", "down")}
    places: dict[str, list[Row]] = {}
    for group in GROUPS:
        places[group] = rows(typed, group)
        body[group] = [reader.row(group, n, each) for n, each in enumerate(places[group], 1)]
    if reader.errors:
        raise Invalid(reader.errors)
    try:
        parse(body)
    except Invalid as error:
        raise Invalid(in_words(error.errors, places)) from error
    return body


def in_words(errors: Mapping[str, str], places: Mapping[str, list[Row]]) -> dict[str, str]:
    """The vocabulary's own errors, by the form's fields and in its words."""
    found = {}
    for path, message in errors.items():
        text = message.removeprefix(f"{path}：")
        match = _PATH.fullmatch(path)
        if match is None or int(match[2]) > len(places.get(match[1], [])):
            found[path] = f"{GROUPS.get(path, FIELDS.get(path, path))}：{text}"
            continue
        group, number, name, place, part = match.groups()
        row = places[group][int(number) - 1]
        if part is None:
            field = f"{row.prefix}-{name}"
            found[field] = f"{_said(group, int(number), name)}：{text}"
        else:
            band = row.bands[int(place) - 1] if int(place) <= len(row.bands) else row.prefix
            words = f"{GROUPS[group]}第 {number} 笔第 {place} 档的“{FIELDS[part]}”"
            found[f"{band}-{part}"] = f"{words}：{text}"
    return found


def _said(group: str, number: int, name: str) -> str:
    counted = {"guards": "个", "instalments": "笔", "caps": "个"}[group]
    return f"{GROUPS[group]}第 {number} {counted}的“{FIELDS.get(name, name)}”"


class _Reader:
    """Typed texts into the vocabulary's values; what cannot be read is named by field."""

    def __init__(self, typed: Mapping[str, str]) -> None:
        self.typed = typed
        self.errors: dict[str, str] = {}

    def text(self, key: str) -> str:
        return self.typed.get(key, "").strip()

    def row(self, group: str, number: int, row: Row) -> dict[str, Any]:
        made: dict[str, Any] = {"kind": row.kind}

        def take(name: str, how: Callable[[str, str], Any] | None = None) -> None:
            key = f"{row.prefix}-{name}"
            said = _said(group, number, name)
            made[name] = how(key, said) if how else self.text(key)

        if group == "guards":
            take("left", self.choice)
            if row.kind == GuardKind.AT_MOST.value:
                months = made["left"] == Input.MONTHS.value
                take("value", self.months if months else self.money)
            else:
                take("right", self.choice)
                times = row.kind == GuardKind.TIMES.value
                take("factor" if times else "percent", self.number)
        elif group == "caps":
            total = row.kind == "total"
            take("amount" if total else "input", self.money if total else self.choice)
        else:
            take("name")
            take("when", self.choice)
            if row.kind == Kind.FIXED.value:
                take("amount", self.money)
            else:
                take("of", self.choice)
            if row.kind == Kind.PERCENT.value:
                take("percent", self.number)
            elif row.kind in BANDED:
                made["bands"] = self.bands(number, row)
            if self.text(f"{row.prefix}-cap"):
                take("cap", self.money)
        return made

    def bands(self, number: int, row: Row) -> list[dict[str, Any]]:
        made = []
        for place, prefix in enumerate(row.bands, 1):
            said = f"{GROUPS['instalments']}第 {number} 笔第 {place} 档的"
            last = place == len(row.bands) and not self.text(f"{prefix}-up_to")
            up_to = None if last else self.money(f"{prefix}-up_to", f"{said}“{FIELDS['up_to']}”")
            percent = self.number(f"{prefix}-percent", f"{said}“{FIELDS['percent']}”")
            made.append({"up_to": up_to, "percent": percent})
        return made

    def choice(self, key: str, said: str) -> str:
        if not self.text(key):
            self.errors[key] = f"{said}：请选择一项。"
        return self.text(key)

    def money(self, key: str, said: str) -> int:
        text = self.text(key)
        try:
            asked = parse_money(text)
        except ValueError as error:
            # the parser's own advice speaks of ranges, which no rule takes
            words = f"看不懂“{text[:30]}”，请写成 100万元 或 5000元 的样子"
            known = str(error) if not str(error).startswith("看不懂") else words
            self.errors[key] = f"{said}：{known}。".replace("。。", "。")
            return 1
        if asked.low is None or asked.low != asked.high or asked.low <= 0:
            self.errors[key] = f"{said}：请填一个大于 0 的金额，例如 100万元。"
            return 1
        return asked.low

    def months(self, key: str, said: str) -> int:
        text = self.text(key).removesuffix("个月").removesuffix("月").strip()
        if not (text.isascii() and text.isdigit() and 0 < int(text[:5]) <= 1200):
            self.errors[key] = f"{said}：请填 1 到 1200 的整数，单位是月，例如 36。"
            return 1
        return int(text)

    def number(self, key: str, said: str) -> str:
        text = self.text(key).removesuffix("%").removesuffix("％").removesuffix("倍").strip()
        if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text):
            self.errors[key] = f"{said}：请填大于 0 的数，例如 20 或 12.5。"
            return "1"
        return text


def asked(typed: Mapping[str, str]) -> list[Input]:
    """What the fields, right or wrong, ask about a project: the preview wants a number for each."""
    named = {
        value
        for key, value in typed.items()
        if re.fullmatch(r"(guards|instalments|caps)-\d{1,3}-(left|right|of|input)", key)
    }
    return [each for each in Input if each.value in named]


def choices(*, amounts: bool) -> list[tuple[str, str]]:
    """What a rule may ask about a project; `amounts`: money alone."""
    return [
        (each.value, label)
        for each, label in INPUT_LABELS.items()
        if not (amounts and each is Input.MONTHS)
    ]

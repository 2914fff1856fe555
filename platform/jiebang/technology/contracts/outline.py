"""A version as labelled texts: what is compared side by side, and how two texts differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher

from jiebang.boards.agreements.content import Content
from jiebang.boards.agreements.stages import role
from jiebang.core import clock
from jiebang.core.money import money_text

from .joint import drawn, is_joint
from .kinds import library

CLEAR = 6_000
"""Characters on both sides together up to which a text is compared by characters; beyond, by
sentences."""


@dataclass(frozen=True, slots=True)
class Line:
    """One labelled text of a version."""

    group: str
    label: str
    text: str


def day(value: str) -> str:
    """2026年12月31日, or "" for none."""
    return clock.day_text(date.fromisoformat(value)) if value else ""


def period(content: Content) -> str:
    """From when to when."""
    starts = day(content["starts"]) or "协议成立之日"
    return f"{starts}起，至{day(content['ends']) or '（未填）'}止"


def shares(content: Content, row: dict[str, dict[str, int]]) -> str:
    """甲方 50%、乙方 50%."""
    return "、".join(
        f"{role(each['position'])} {row['shares'].get(str(each['position']), 0)}%"
        for each in content["parties"]
    )


def lines(content: Content) -> list[Line]:
    """Everything a version says, in order."""
    found = [
        Line("基本", "合同名称", content["title"]),
        Line("基本", "合同类型", library().kind(content["kind"]).label),
        Line("基本", "起止时间", period(content)),
        Line("基本", "合作内容", content["subject"]),
    ]
    found += [
        Line("验收指标", row["name"], f"{row['target']}；检验：{row['method'] or '（未填）'}")
        for row in content["criteria"]
    ]
    found.append(Line("金额与付款", "总金额", money_text(content["total"])))
    found += [
        Line(
            "金额与付款",
            row["label"],
            f"{money_text(row['amount'])}；{row['condition'] or '（条件未填）'}；"
            f"{day(row['due']) or '（日期未填）'}",
        )
        for row in content["instalments"]
    ]
    if is_joint(content):
        found += [
            Line(
                "联合体分工",
                f"{row['role']} {row['name']}",
                f"{money_text(row['amount'])}；收益 {row['gain']}%；"
                f"{row['work'] or '（分工未填）'}；知识产权：{row['rights'] or '（未填）'}",
            )
            for row in drawn(content)
        ]
    found += [
        Line("知识产权归属", row["what"], f"{shares(content, row)}；{row['use'] or '无其他约定'}")
        for row in content["ip"]
    ]
    found += [Line("条款", row["heading"], row["text"]) for row in content["clauses"]]
    return found


@dataclass(frozen=True, slots=True)
class Pair:
    """One label on both sides: `before` and `after` as pieces (text, differs)."""

    group: str
    label: str
    before: list[tuple[str, bool]]
    after: list[tuple[str, bool]]
    state: str
    """same, changed, added or removed."""


def compare(before: Content, after: Content) -> list[Pair]:
    """Two versions side by side, in the newer one's order; what is gone stands where it stood."""
    old, new = _keyed(lines(before)), _keyed(lines(after))
    keys = list(new)
    for number, key in enumerate(old):
        if key not in new:
            previous = [each for each in list(old)[:number] if each in keys]
            keys.insert(keys.index(previous[-1]) + 1 if previous else 0, key)
    return [_pair(key, old.get(key), new.get(key)) for key in keys]


def _keyed(found: Iterable[Line]) -> dict[tuple[str, str, int], str]:
    keyed: dict[tuple[str, str, int], str] = {}
    for each in found:
        number = sum(key[:2] == (each.group, each.label) for key in keyed)
        keyed[each.group, each.label, number] = each.text
    return keyed


def _pair(key: tuple[str, str, int], old: str | None, new: str | None) -> Pair:
    group, label, _ = key
    if old is None:
        return Pair(group, label, [], [(new or "", True)], "added")
    if new is None:
        return Pair(group, label, [(old, True)], [], "removed")
    if old == new:
        return Pair(group, label, [(old, False)], [(new, False)], "same")
    left, right = pieces(old, new)
    return Pair(group, label, left, right, "changed")


def pieces(old: str, new: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Both texts cut into what they share and what differs."""
    short = len(old) + len(new) <= CLEAR
    a, b = (list(old), list(new)) if short else (_sentences(old), _sentences(new))
    left: list[tuple[str, bool]] = []
    right: list[tuple[str, bool]] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        differs = tag != "equal"
        if i2 > i1:
            left.append(("".join(a[i1:i2]), differs))
        if j2 > j1:
            right.append(("".join(b[j1:j2]), differs))
    return left, right


def _sentences(text: str) -> list[str]:
    cut, start = [], 0
    for number, letter in enumerate(text, 1):
        if letter in "。；\n":
            cut.append(text[start:number])
            start = number
    return [*cut, text[start:]] if start < len(text) else cut

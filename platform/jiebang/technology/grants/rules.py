"""Grant rules: a closed vocabulary that is read and checked here, and never executed as code.

A table of rules is a JSON object:

- `rounding`: `down` or `half_up`, to the fen, once for each instalment;
- `guards`: conditions that must hold, or nothing is granted: `times` (left ≥ factor × right),
  `share` (left ≥ percent of right), `at_most` (left ≤ value);
- `instalments`: each `fixed` (amount), `percent` (of an input), or `bands` (of an input: `flat`,
  the band of the whole amount, or `marginal`, each part by its own band), at `start` or
  `accepted`, with a cap of its own where it has one;
- `caps`: over all instalments together: `total` (amount) and `input` (not more than an input).

Amounts are integer fen, percentages and factors decimal texts. Sources of the shipped tables
stand in their data file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from jiebang.core.errors import Invalid
from jiebang.core.money import LARGEST

MOST = 12
"""Guards, instalments, caps or bands of one table."""
NAME_LIMIT = 40
Word = TypeVar("Word", bound=StrEnum)
_NUMBER = re.compile(r"\d{1,6}(\.\d{1,6})?")


class Input(StrEnum):
    """What a rule may ask about a project; money in fen, `months` in months."""

    AGREEMENT = "agreement"
    CITY_MONEY = "city_money"
    RD_BUDGET = "rd_budget"
    SOLVER_SHARE = "solver_share"
    SOLVER_DUE = "solver_due"
    MONTHS = "months"


INPUT_LABELS = {
    Input.AGREEMENT: "合同金额",
    Input.CITY_MONEY: "财政资金",
    Input.RD_BUDGET: "企业研发预算",
    Input.SOLVER_SHARE: "财政资金中拨给揭榜方的部分",
    Input.SOLVER_DUE: "应付给揭榜方的金额",
    Input.MONTHS: "项目周期",
}


class When(StrEnum):
    """When an instalment falls due."""

    START = "start"
    ACCEPTED = "accepted"


WHEN_LABELS = {When.START: "项目启动", When.ACCEPTED: "验收通过"}


class Kind(StrEnum):
    """How an instalment is computed."""

    FIXED = "fixed"
    PERCENT = "percent"
    FLAT = "flat"
    MARGINAL = "marginal"


KIND_LABELS = {
    Kind.FIXED: "固定金额",
    Kind.PERCENT: "按比例",
    Kind.FLAT: "分档：全额按所在档",
    Kind.MARGINAL: "分档：各段分别计算",
}


class GuardKind(StrEnum):
    """What must hold before anything is granted."""

    TIMES = "times"
    SHARE = "share"
    AT_MOST = "at_most"


GUARD_LABELS = {
    GuardKind.TIMES: "不少于另一项的倍数",
    GuardKind.SHARE: "不少于另一项的百分比",
    GuardKind.AT_MOST: "不超过",
}


class Rounding(StrEnum):
    """To the fen, once for each instalment."""

    DOWN = "down"
    HALF_UP = "half_up"


ROUNDING_LABELS = {Rounding.DOWN: "不足一分舍去", Rounding.HALF_UP: "四舍五入到分"}


@dataclass(frozen=True, slots=True)
class Band:
    """One band: up to and including `up_to` fen; None for all above."""

    up_to: int | None
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Guard:
    """`value` is a factor, a percentage, or fen / months, by the kind."""

    kind: GuardKind
    left: Input
    value: Decimal
    right: Input | None = None


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment of a table."""

    name: str
    when: When
    kind: Kind
    amount: int = 0
    percent: Decimal = Decimal(0)
    of: Input | None = None
    bands: tuple[Band, ...] = ()
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """A checked table."""

    rounding: Rounding
    guards: tuple[Guard, ...]
    instalments: tuple[Instalment, ...]
    total_cap: int | None
    input_caps: tuple[Input, ...]

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What must be known to compute it, in the order of the form."""
        wanted: set[Input | None] = set(self.input_caps)
        for guard in self.guards:
            wanted |= {guard.left, guard.right}
        wanted |= {each.of for each in self.instalments}
        return tuple(each for each in Input if each in wanted)


class _Reader:
    """Collects what is wrong, by the path of the field."""

    def __init__(self) -> None:
        self.errors: dict[str, str] = {}

    def wrong(self, path: str, message: str) -> None:
        self.errors.setdefault(path, f"{path}：{message}")

    def only(self, row: Mapping[str, Any], path: str, known: set[str]) -> None:
        for name in row:
            if name not in known:
                self.wrong(f"{path}{name}", "不认识这一项，请删除或改正名称。")

    def rows(self, body: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
        found = body.get(name, [])
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            self.wrong(name, "应为若干行，每行是一组“名称: 值”。")
            return []
        if len(found) > MOST:
            self.wrong(name, f"最多 {MOST} 行，现在 {len(found)} 行。")
        return found[:MOST]

    def one_of(self, row: Mapping[str, Any], path: str, name: str, kind: type[Word]) -> Word:
        value = row.get(name)
        for each in kind:
            if each.value == value:
                return each
        words = "、".join(each.value for each in kind)
        self.wrong(f"{path}{name}", f"“{str(value)[:30]}”不在可用的选项里（{words}）。")
        return next(iter(kind))

    def money(self, row: Mapping[str, Any], path: str, name: str) -> int:
        value = row.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LARGEST:
            self.wrong(f"{path}{name}", "应为大于 0 的整数，单位是分。")
            return 1
        return value

    def number(self, row: Mapping[str, Any], path: str, name: str, most: int) -> Decimal:
        value = row.get(name)
        if not isinstance(value, str) or not _NUMBER.fullmatch(value):
            self.wrong(f"{path}{name}", '应为写成文字的正数，例如 "20" 或 "12.5"。')
            return Decimal(1)
        found = Decimal(value)
        if not 0 < found <= most:
            self.wrong(f"{path}{name}", f"应大于 0、不超过 {most}。")
        return found


def parse(body: Any) -> Rules:
    """Checks a table; Invalid names every field that is wrong."""
    reader = _Reader()
    if not isinstance(body, dict):
        raise Invalid({"rules": "rules：应为一组“名称: 值”。"})
    reader.only(body, "", {"rounding", "guards", "instalments", "caps"})
    rounding = reader.one_of(body, "", "rounding", Rounding)
    guards = [_guard(reader, row, f"guards[{n}].")
              for n, row in enumerate(reader.rows(body, "guards"), 1)]  # fmt: skip
    instalments = [_instalment(reader, row, f"instalments[{n}].")
                   for n, row in enumerate(reader.rows(body, "instalments"), 1)]  # fmt: skip
    names = [each.name for each in instalments]
    for n, name in enumerate(names, 1):
        if names.index(name) != n - 1:
            reader.wrong(f"instalments[{n}].name", f"“{name}”与前面一笔重名。")
    total, inputs = None, []
    for n, row in enumerate(reader.rows(body, "caps"), 1):
        path = f"caps[{n}]."
        if row.get("kind") == "total":
            reader.only(row, path, {"kind", "amount"})
            if total is not None:
                reader.wrong(f"{path}kind", "合计上限只能有一个。")
            total = reader.money(row, path, "amount")
        elif row.get("kind") == "input":
            reader.only(row, path, {"kind", "input"})
            of = reader.one_of(row, path, "input", Input)
            if of is Input.MONTHS:
                reader.wrong(f"{path}input", "周期不是金额，不能作为上限。")
            inputs.append(of)
        else:
            reader.wrong(f"{path}kind", "应为 total（合计上限）或 input（不超过某项金额）。")
    if not guards and not instalments:
        reader.wrong("instalments", "至少要有一笔拨付或一个条件。")
    if reader.errors:
        raise Invalid(reader.errors)
    return Rules(rounding, tuple(guards), tuple(instalments), total, tuple(inputs))


def _guard(reader: _Reader, row: Mapping[str, Any], path: str) -> Guard:
    kind = reader.one_of(row, path, "kind", GuardKind)
    left = reader.one_of(row, path, "left", Input)
    if kind is GuardKind.AT_MOST:
        reader.only(row, path, {"kind", "left", "value"})
        value = row.get("value")
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LARGEST:
            reader.wrong(f"{path}value", "应为大于 0 的整数，金额以分为单位，周期以月为单位。")
            value = 1
        return Guard(kind, left, Decimal(value))
    name = "factor" if kind is GuardKind.TIMES else "percent"
    reader.only(row, path, {"kind", "left", "right", name})
    right = reader.one_of(row, path, "right", Input)
    if Input.MONTHS in (left, right):
        reader.wrong(f"{path}left", "周期不能与金额相比，请改用“不超过”。")
    elif left is right:
        reader.wrong(f"{path}right", "两项不能相同。")
    value = reader.number(row, path, name, 1000 if kind is GuardKind.TIMES else 100)
    return Guard(kind, left, value, right)


def _instalment(reader: _Reader, row: Mapping[str, Any], path: str) -> Instalment:
    name = row.get("name")
    if not isinstance(name, str) or not 0 < len(name.strip()) <= NAME_LIMIT:
        reader.wrong(f"{path}name", f"请写这一笔的名称，最多 {NAME_LIMIT} 字。")
        name = "?"
    when = reader.one_of(row, path, "when", When)
    kind = reader.one_of(row, path, "kind", Kind)
    cap = reader.money(row, path, "cap") if row.get("cap") is not None else None
    common = {"name", "when", "kind", "cap"}
    if kind is Kind.FIXED:
        reader.only(row, path, common | {"amount"})
        return Instalment(name.strip(), when, kind, reader.money(row, path, "amount"), cap=cap)
    of = reader.one_of(row, path, "of", Input)
    if of is Input.MONTHS:
        reader.wrong(f"{path}of", "周期不是金额，不能作为计算基数。")
    if kind is Kind.PERCENT:
        reader.only(row, path, common | {"of", "percent"})
        percent = reader.number(row, path, "percent", 100)
        return Instalment(name.strip(), when, kind, percent=percent, of=of, cap=cap)
    reader.only(row, path, common | {"of", "bands"})
    return Instalment(name.strip(), when, kind, of=of, bands=_bands(reader, row, path), cap=cap)


def _bands(reader: _Reader, row: Mapping[str, Any], path: str) -> tuple[Band, ...]:
    rows = row.get("bands")
    if not isinstance(rows, list) or not rows or not all(isinstance(each, dict) for each in rows):
        reader.wrong(f"{path}bands", "分档计算至少要有一档。")
        return ()
    if len(rows) > MOST:
        reader.wrong(f"{path}bands", f"最多 {MOST} 档，现在 {len(rows)} 档。")
    found: list[Band] = []
    for n, each in enumerate(rows[:MOST], 1):
        here = f"{path}bands[{n}]."
        reader.only(each, here, {"up_to", "percent"})
        last = n == len(rows)
        up_to = None if each.get("up_to") is None else reader.money(each, here, "up_to")
        if (up_to is None) is not last:
            reader.wrong(f"{here}up_to", "只有最后一档不写上限，其余各档都要写。")
        if found and up_to is not None and found[-1].up_to is not None and up_to <= found[-1].up_to:
            reader.wrong(f"{here}up_to", "各档上限应从小到大。")
        found.append(Band(up_to, reader.number(each, here, "percent", 100)))
    return tuple(found)

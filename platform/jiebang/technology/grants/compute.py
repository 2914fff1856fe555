"""What a table of rules grants for given inputs, each step with the words that explain it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext

from jiebang.core.errors import Invalid
from jiebang.core.money import LARGEST, money_text

from .rules import (
    INPUT_LABELS,
    Guard,
    GuardKind,
    Input,
    Instalment,
    Kind,
    Rounding,
    Rules,
    When,
)

LONGEST = 1200
"""Months that a project may last at most: a typing error beyond."""
_PRECISION = 60
"""Digits: far more than an amount and its percentage have, so that nothing is lost on the way."""


@dataclass(frozen=True, slots=True)
class Check:
    """One guard with its outcome in words."""

    text: str
    holds: bool


@dataclass(slots=True)
class Line:
    """One instalment: how its amount came about; `amount` in fen after all caps."""

    name: str
    when: When
    steps: list[str]
    capped: list[str] = field(default_factory=list)
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is granted. Where a guard fails every amount is 0."""

    checks: tuple[Check, ...]
    lines: tuple[Line, ...]

    @property
    def eligible(self) -> bool:
        return all(each.holds for each in self.checks)

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    def line(self, name: str) -> Line | None:
        """An instalment by its name."""
        return next((each for each in self.lines if each.name == name), None)


def compute(
    rules: Rules, inputs: Mapping[Input, int], already: Mapping[str, int] | None = None
) -> Outcome:
    """Applies a table. `inputs` in fen (`months` in months); Invalid names those that are missing.

    `already` holds instalments that were granted with their amounts: they keep these, and caps
    over all instalments leave the rest.
    """
    errors = {}
    for each in rules.inputs:
        value = inputs.get(each)
        if value is None:
            errors[each.value] = f"请填写{INPUT_LABELS[each]}。"
        elif not 0 <= value <= (LONGEST if each is Input.MONTHS else LARGEST):
            errors[each.value] = f"{INPUT_LABELS[each]}超出范围，请核对单位。"
    if errors:
        raise Invalid(errors)
    with localcontext() as context:
        context.prec = _PRECISION
        checks = tuple(_check(guard, inputs) for guard in rules.guards)
        eligible = all(each.holds for each in checks)
        lines: list[Line] = []
        for instalment in rules.instalments:
            lines.append(_line(rules, instalment, inputs, already or {}, lines, eligible))
    return Outcome(checks, tuple(lines))


def shown(of: Input, value: int) -> str:
    """An input's value as people write it."""
    return f"{value} 个月" if of is Input.MONTHS else money_text(value)


def plain(value: Decimal) -> str:
    """A factor or a percentage without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _check(guard: Guard, inputs: Mapping[Input, int]) -> Check:
    left = inputs[guard.left]
    label = f"{INPUT_LABELS[guard.left]} {shown(guard.left, left)}"
    if guard.kind is GuardKind.AT_MOST:
        limit = int(guard.value)
        holds = left <= limit
        word = "≤" if holds else "＞"
        return Check(f"{label} {word} {shown(guard.left, limit)}", holds)
    assert guard.right is not None
    right = inputs[guard.right]
    other = f"{INPUT_LABELS[guard.right]} {shown(guard.right, right)}"
    if guard.kind is GuardKind.TIMES:
        holds = left >= guard.value * right
        needed = f"{plain(guard.value)} 倍{other}"
    else:
        holds = left * 100 >= guard.value * right
        needed = f"{other}的 {plain(guard.value)}%"
    return Check(f"{label} {'≥' if holds else '＜'} {needed}", holds)


def _line(
    rules: Rules,
    instalment: Instalment,
    inputs: Mapping[Input, int],
    already: Mapping[str, int],
    before: list[Line],
    eligible: bool,
) -> Line:
    line = Line(instalment.name, instalment.when, [])
    if instalment.name in already:
        line.amount = already[instalment.name]
        line.steps.append(f"已核定 {money_text(line.amount)}")
        return line
    if not eligible:
        line.steps.append("条件不满足，不予拨付")
        return line
    amount = _round(rules.rounding, _raw(instalment, inputs, line.steps), line.steps)
    spent = sum(each.amount for each in before) + sum(
        fen for name, fen in already.items() if name not in {each.name for each in before}
    )
    if instalment.cap is not None and amount > instalment.cap:
        amount = instalment.cap
        line.capped.append(f"本笔不超过 {money_text(instalment.cap)}")
    caps = [(f"合计不超过 {money_text(rules.total_cap)}", rules.total_cap)] if (
        rules.total_cap is not None
    ) else []  # fmt: skip
    caps += [
        (f"合计不超过{INPUT_LABELS[each]} {money_text(inputs[each])}", inputs[each])
        for each in rules.input_caps
    ]
    for words, cap in caps:
        left = max(0, cap - spent)
        if amount > left:
            amount = left
            line.capped.append(words + (f"，前面已核定 {money_text(spent)}" if spent else ""))
    line.amount = amount
    return line


def _raw(instalment: Instalment, inputs: Mapping[Input, int], steps: list[str]) -> Decimal:
    if instalment.kind is Kind.FIXED:
        steps.append(f"固定金额 {money_text(instalment.amount)}")
        return Decimal(instalment.amount)
    assert instalment.of is not None
    base, label = inputs[instalment.of], INPUT_LABELS[instalment.of]
    if instalment.kind is Kind.PERCENT:
        steps.append(f"{label} {money_text(base)} × {plain(instalment.percent)}%")
        return base * instalment.percent / 100
    if instalment.kind is Kind.FLAT:
        band = next(each for each in instalment.bands if each.up_to is None or base <= each.up_to)
        words = "最高一档" if band.up_to is None else f"不超过 {money_text(band.up_to)} 的一档"
        steps.append(f"{label} {money_text(base)} 属于{words}：全额 × {plain(band.percent)}%")
        return base * band.percent / 100
    total, low = Decimal(0), 0
    for band in instalment.bands:
        high = base if band.up_to is None else min(base, band.up_to)
        if high > low:
            steps.append(f"{money_text(low)} 至 {money_text(high)} 的部分 × {plain(band.percent)}%")
            total += (high - low) * band.percent / 100
            low = high
    return total


def _round(rounding: Rounding, exact: Decimal, steps: list[str]) -> int:
    mode = ROUND_DOWN if rounding is Rounding.DOWN else ROUND_HALF_UP
    whole = int(exact.quantize(Decimal(1), rounding=mode))
    if exact != whole:
        word = "不足一分舍去" if rounding is Rounding.DOWN else "四舍五入到分"
        steps.append(f"{word}，得 {money_text(whole)}")
    else:
        steps.append(f"得 {money_text(whole)}")
    return whole

"""A table of rules in sentences that people read."""

from __future__ import annotations

from jiebang.core.money import money_text

from .compute import plain, shown
from .rules import (
    INPUT_LABELS,
    ROUNDING_LABELS,
    WHEN_LABELS,
    Guard,
    GuardKind,
    Instalment,
    Kind,
    Rules,
)


def sentences(rules: Rules) -> list[str]:
    """Conditions, instalments, caps and rounding, one sentence each."""
    found = [_guard(each) for each in rules.guards]
    found += [_instalment(each) for each in rules.instalments]
    if rules.total_cap is not None:
        found.append(f"各笔合计不超过 {money_text(rules.total_cap)}")
    found += [f"各笔合计不超过{INPUT_LABELS[each]}" for each in rules.input_caps]
    if rules.instalments:
        found.append(f"每笔{ROUNDING_LABELS[rules.rounding]}")
    return found


def _guard(guard: Guard) -> str:
    left = INPUT_LABELS[guard.left]
    if guard.kind is GuardKind.AT_MOST:
        return f"条件：{left}不超过 {shown(guard.left, int(guard.value))}"
    assert guard.right is not None
    right = INPUT_LABELS[guard.right]
    if guard.kind is GuardKind.TIMES:
        return f"条件：{left}不少于{right}的 {plain(guard.value)} 倍"
    return f"条件：{left}不少于{right}的 {plain(guard.value)}%"


def _instalment(row: Instalment) -> str:
    start = f"{row.name}（{WHEN_LABELS[row.when]}）："
    cap = f"，本笔不超过 {money_text(row.cap)}" if row.cap is not None else ""
    if row.kind is Kind.FIXED:
        return f"{start}{money_text(row.amount)}{cap}"
    assert row.of is not None
    of = INPUT_LABELS[row.of]
    if row.kind is Kind.PERCENT:
        return f"{start}{of}的 {plain(row.percent)}%{cap}"
    bands = "、".join(
        f"{'以上' if band.up_to is None else '不超过 ' + money_text(band.up_to)}按 "
        f"{plain(band.percent)}%"
        for band in row.bands
    )
    how = "全额按所在档" if row.kind is Kind.FLAT else "各段分别计算"
    return f"{start}{of}{bands}（{how}）{cap}"

"""Money: people's ways of writing it, exactly, in integer fen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiebang.core.money import LARGEST, MoneyRange, money_text, parse_money, range_text

WAN = 1_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80万元-120万元", MoneyRange(80 * WAN, 120 * WAN)),
        ("80-120万元", MoneyRange(80 * WAN, 120 * WAN)),
        ("80万~1.2亿", MoneyRange(80 * WAN, 12_000 * WAN)),
        ("80 至 120 万", MoneyRange(80 * WAN, 120 * WAN)),
        ("８０－１２０万元", MoneyRange(80 * WAN, 120 * WAN)),
        ("200万元", MoneyRange(200 * WAN, 200 * WAN)),
        ("200", MoneyRange(200 * WAN, 200 * WAN)),
        ("3,500元", MoneyRange(350_000, 350_000)),
        ("¥3500.5元", MoneyRange(350_050, 350_050)),
        ("6000元/月", MoneyRange(600_000, 600_000)),
        ("不超过50万元", MoneyRange(None, 50 * WAN)),
        ("50万元以内", MoneyRange(None, 50 * WAN)),
        ("≤50万", MoneyRange(None, 50 * WAN)),
        ("100万元以上", MoneyRange(100 * WAN, None)),
        ("不低于100万", MoneyRange(100 * WAN, None)),
        ("面议", MoneyRange(negotiable=True)),
        ("双方协商", MoneyRange(negotiable=True)),
        ("", MoneyRange()),
        ("0", MoneyRange(0, 0)),
    ],
)
def test_ways_of_writing_are_understood(text: str, expected: MoneyRange) -> None:
    assert parse_money(text) == expected


def test_the_default_unit_is_the_callers() -> None:
    assert parse_money("4500-6000", "元") == MoneyRange(450_000, 600_000)


@pytest.mark.parametrize(
    "text",
    ["很多钱", "120万-80万", "1.234元", "100000000亿元", "-5万元", "五十万", "1万2万", "1e5"],
)
def test_what_is_not_understood_is_refused_in_chinese(text: str) -> None:
    with pytest.raises(ValueError, match=r"[一-鿿]"):
        parse_money(text)


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (0, "0元"),
        (1, "0.01元"),
        (350_000, "3,500元"),
        (120 * WAN, "120万元"),
        (12_000 * WAN, "1.2亿元"),
        (WAN + 1, "1.000001万元"),
        (-350_000, "-3,500元"),
    ],
)
def test_amounts_are_written_as_people_do(fen: int, text: str) -> None:
    assert money_text(fen) == text


@given(st.integers(0, LARGEST))
def test_what_is_written_reads_back_exactly(fen: int) -> None:
    assert parse_money(money_text(fen)) == MoneyRange(fen, fen)


amounts = st.none() | st.integers(0, LARGEST)


@given(amounts, amounts)
def test_ranges_read_back_exactly(low: int | None, high: int | None) -> None:
    if low is not None and high is not None and low > high:
        low, high = high, low
    assert parse_money(range_text(low, high)) == MoneyRange(low, high)


def test_negotiable_ranges_say_so() -> None:
    assert range_text(None, None, negotiable=True) == "面议"
    assert range_text(80 * WAN, 120 * WAN, negotiable=True) == "80万元–120万元（可议）"
    assert range_text(80 * WAN, None) == "80万元以上"
    assert range_text(None, 80 * WAN) == "不超过80万元"


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_never_a_crash(text: str) -> None:
    try:
        found = parse_money(text)
    except ValueError:
        return
    assert found.low is None or 0 <= found.low <= LARGEST
    assert found.high is None or 0 <= found.high <= LARGEST

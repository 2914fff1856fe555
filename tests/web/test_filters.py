"""Dates, money and texts as people in China write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask, render_template_string
from hypothesis import given
from hypothesis import strategies as st

from jiebang.web import filters

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def test_a_date_is_written_without_leading_zeros() -> None:
    assert filters.date_cn(date(2026, 1, 5)) == "2026年1月5日"


def test_a_moment_is_shown_in_beijing_even_when_that_is_the_next_day() -> None:
    late = datetime(2026, 11, 22, 17, 5, tzinfo=UTC)
    assert filters.datetime_cn(late) == "2026年11月23日 01:05"
    assert filters.date_cn(late) == "2026年11月23日"


@pytest.mark.parametrize("show", [filters.date_cn, filters.datetime_cn, filters.relative_cn])
def test_a_naive_moment_is_refused(show: object) -> None:
    with pytest.raises(ValueError, match="time zone"):
        show(datetime(2026, 11, 23, 9, 5))  # type: ignore[operator]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (0, "0元"),
        (5, "0.05元"),
        (350_000, "3,500元"),
        (999_900, "9,999元"),
        (1_000_000, "1万元"),
        (1_230_000, "1.23万元"),
        (1_234_500, "12,345元"),
        (120_000_000, "120万元"),
        (123_456_789, "1,234,567.89元"),
        (999_999_000_000, "999,999万元"),
        (12_000_000_000, "1.2亿元"),
        (12_345_000_000, "12,345万元"),
        (-120_000_000, "-120万元"),
    ],
)
def test_money_uses_the_largest_unit_that_is_exact(fen: int, text: str) -> None:
    assert filters.money_cn(fen) == text


@given(st.integers(min_value=0, max_value=10**18))
def test_money_never_loses_a_fen(fen: int) -> None:
    text = filters.money_cn(fen)
    scale = {"亿": 10**10, "万": 10**6}.get(text[-2], 100)
    assert Decimal(text.rstrip("元万亿").replace(",", "")) * scale == fen


@pytest.mark.parametrize("wrong", [1.5, True, Decimal(1), "100"])
def test_money_is_integer_fen(wrong: object) -> None:
    with pytest.raises(TypeError):
        filters.money_cn(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=59), "刚刚"),
        (timedelta(minutes=5), "5分钟前"),
        (timedelta(hours=23, minutes=59), "23小时前"),
        (timedelta(days=3), "3天前"),
        (timedelta(days=31), "2026年10月23日"),
        (-timedelta(seconds=5), "马上"),
        (-timedelta(hours=2), "2小时后"),
        (-timedelta(days=7), "7天后"),
    ],
)
def test_how_long_ago(ago: timedelta, text: str) -> None:
    assert filters.relative_cn(NOON - ago, now=NOON) == text


def test_days_are_calendar_days_in_beijing() -> None:
    two_evenings_ago = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
    morning = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    assert filters.relative_cn(two_evenings_ago, now=morning) == "2天前"


def test_paragraphs_keep_breaks_and_escape_markup() -> None:
    html = filters.nl2p("第一段<b>\r\n第二行\n\n\n  第二段")
    assert html == "<p>第一段&lt;b&gt;<br>第二行</p><p>  第二段</p>"
    assert filters.nl2p("  \n ") == ""


def test_the_filters_are_known_to_templates() -> None:
    app = Flask(__name__)
    filters.register(app)
    with app.app_context():
        assert render_template_string("{{ 350000|money_cn }}") == "3,500元"
        assert render_template_string("{{ 'a\n\nb'|nl2p }}") == "<p>a</p><p>b</p>"

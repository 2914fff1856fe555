"""Time: UTC inside, 北京时间 outside."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiebang.core import clock

days = st.dates(date(1992, 1, 1), date(2100, 1, 1))


def test_now_is_aware_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_today_is_beijings_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 22, 16, 0, tzinfo=UTC))
    assert clock.today() == date(2026, 11, 23)


def test_texts_are_in_beijing_time() -> None:
    moment = datetime(2026, 11, 23, 1, 5, tzinfo=UTC)
    assert clock.moment_text(moment) == "2026年11月23日 09:05"
    assert clock.day_text(date(2026, 1, 2)) == "2026年1月2日"


def test_naive_moments_are_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        clock.to_beijing(datetime(2026, 1, 1))  # noqa: DTZ001


@given(days)
def test_a_day_has_24_hours_and_ends_where_the_next_begins(day: date) -> None:
    assert clock.end_of_day(day) - clock.start_of_day(day) == timedelta(hours=24)
    assert clock.end_of_day(day) == clock.start_of_day(day + timedelta(days=1))
    assert clock.to_beijing(clock.end_of_day(day) - timedelta(microseconds=1)).date() == day

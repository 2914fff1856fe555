"""Working days: holidays are data with a source and a mark, years without data count by weekday."""

from __future__ import annotations

import json
from datetime import date

import pytest

from jiebang.core.working_days import DATA, add_working_days, is_working_day


def test_every_year_names_its_source_and_its_mark() -> None:
    years = json.loads(DATA.read_text(encoding="utf-8"))["years"]
    assert {2026, 2027} <= {each["year"] for each in years}
    for each in years:
        assert each["source"] and each["verified"] in (True, False)
        days = [date.fromisoformat(day) for day in (*each["off"], *each["work"])]
        assert {day.year for day in days} == {each["year"]} and len(days) == len(set(days))
        assert all(date.fromisoformat(day).weekday() >= 5 for day in each["work"])


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2027, 1, 1), False), (date(2027, 1, 4), True),
        (date(2027, 2, 5), False),  # 除夕
        (date(2027, 2, 8), False), (date(2027, 2, 9), True), (date(2027, 4, 5), False),
        (date(2027, 6, 9), False), (date(2027, 9, 15), False), (date(2027, 10, 1), False),
        (date(2026, 2, 28), True),  # a Saturday that is worked
        (date(2031, 1, 1), True),  # a year without data: a Wednesday
    ],
)  # fmt: skip
def test_days_off_and_days_worked(day: date, works: bool) -> None:
    assert is_working_day(day) is works


def test_a_clock_passes_over_the_spring_festival() -> None:
    assert add_working_days(date(2027, 2, 4), 1) == date(2027, 2, 9)

"""Working days in mainland China. Holidays are data with their source; unknown years fall back to
Monday–Friday."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data" / "holidays.json"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days off and 调休 working days as announced by the State Council's office."""

    off: frozenset[date]
    work: frozenset[date]


@cache
def calendar() -> Calendar:
    """The calendar that ships with the platform."""
    raw = json.loads(DATA.read_text(encoding="utf-8"))
    off: set[date] = set()
    work: set[date] = set()
    for year in raw["years"]:
        off.update(date.fromisoformat(day) for day in year["off"])
        work.update(date.fromisoformat(day) for day in year["work"])
    return Calendar(frozenset(off), frozenset(work))


def is_working_day(day: date) -> bool:
    """Whether offices work on this day."""
    known = calendar()
    if day in known.work:
        return True
    return day.weekday() < 5 and day not in known.off


def add_working_days(day: date, number: int) -> date:
    """The `number`-th working day after `day`; the day itself does not count."""
    while number > 0:
        day += timedelta(days=1)
        if is_working_day(day):
            number -= 1
    return day

"""Time: aware UTC inside, 北京时间 outside."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The calendar day in 北京时间."""
    return now().astimezone(BEIJING).date()


def to_beijing(moment: datetime) -> datetime:
    """An aware moment in 北京时间; ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("naive datetime refused")
    return moment.astimezone(BEIJING)


def end_of_day(day: date) -> datetime:
    """The first moment after a calendar day in 北京时间, in UTC: "24:00" of that day."""
    return datetime.combine(day + timedelta(days=1), time(), BEIJING).astimezone(UTC)


def start_of_day(day: date) -> datetime:
    """00:00 北京时间 of a calendar day, in UTC."""
    return datetime.combine(day, time(), BEIJING).astimezone(UTC)


def day_text(day: date) -> str:
    """2026年11月23日."""
    return f"{day.year}年{day.month}月{day.day}日"


def moment_text(moment: datetime) -> str:
    """2026年11月23日 09:05, in 北京时间."""
    local = to_beijing(moment)
    return f"{day_text(local.date())} {local:%H:%M}"

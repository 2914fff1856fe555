"""Rate limits: fixed windows that all processes share."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from jiebang.core import clock, limits
from jiebang.core.limits import RateWindow
from jiebang.db import Database

MINUTE = timedelta(minutes=1)


def hit(database: Database, name: str = "search:a", allowed: int = 3) -> int:
    with database.transaction() as session:
        return limits.hit(session, name, allowed, MINUTE)


def test_what_is_allowed_passes_and_the_next_waits(database: Database) -> None:
    assert [hit(database) for _ in range(3)] == [0, 0, 0]
    assert 0 < hit(database) <= 60
    assert hit(database, "search:b") == 0


def test_a_new_window_starts_anew(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        hit(database)
    later = clock.now() + MINUTE
    monkeypatch.setattr(clock, "now", lambda: later)
    assert hit(database) == 0


def test_old_windows_are_forgotten(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    hit(database)
    later = clock.now() + timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    hit(database, "search:b")
    with database.reading() as session:
        assert list(session.scalars(select(RateWindow.bucket))) == ["search:b"]


def test_first_uses_at_the_same_moment_all_count(database: Database) -> None:
    barrier = threading.Barrier(6)
    waits: list[int] = []

    def work() -> None:
        barrier.wait()
        waits.append(hit(database, allowed=3))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(waits) == 6
    assert waits.count(0) == 3


def test_a_bucket_does_not_show_the_address_it_counts() -> None:
    name = limits.bucket("search", "203.0.113.9", b"k" * 32)
    assert "203" not in name
    assert name == limits.bucket("search", "203.0.113.9", b"k" * 32)
    assert name != limits.bucket("search", "203.0.113.9", b"j" * 32)
    assert len(name) <= 100

"""The short form of `python -m tests.chaos.kill`: six kills on each database."""

from __future__ import annotations

from tests.chaos import kill
from tests.factories import World


def test_nothing_is_lost_when_processes_are_killed(any_world: World) -> None:
    report = kill.run(any_world, 6, seed=7, every=6)
    assert report.problems == [], str(report)
    assert sum(report.kills.values()) == 6 and report.promised > 10, str(report)

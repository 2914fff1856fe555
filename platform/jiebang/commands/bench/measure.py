"""Clocks, percentiles, memory and the report of a measurement."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import numpy as np


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """(what it returned, milliseconds on the clock, milliseconds of this thread's processor)."""
    wall, busy = time.perf_counter(), time.thread_time()
    found = work()
    return found, 1e3 * (time.perf_counter() - wall), 1e3 * (time.thread_time() - busy)


@dataclass
class Times:
    """Many measurements of one thing, in milliseconds: on the clock and of the processor."""

    wall: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)

    def run(self, work: Callable[[], Any]) -> Any:
        """Does it, keeps how long it took, and returns what it returned."""
        found, wall, busy = timed(work)
        self.wall.append(wall)
        self.busy.append(busy)
        return found

    def summary(self) -> dict[str, float]:
        """Percentiles; `cpu` are those of the processor, which other programs do not disturb."""
        if not self.wall:
            return {}
        found: dict[str, float] = {}
        for prefix, values in (("", self.wall), ("cpu_", self.busy)):
            for name, share in (("p50", 50), ("p95", 95), ("p99", 99)):
                found[f"{prefix}{name}"] = round(float(np.percentile(values, share)), 3)
        found["cpu_mean"] = round(float(np.mean(self.busy)), 3)
        return found


def ratio(measured: float, floor: float) -> float:
    """How many times the floor; 0 when the floor was too short to be seen."""
    return round(measured / floor, 2) if floor > 0 else 0.0


def memory() -> dict[str, int]:
    """Megabytes of this process: `rss` (VmRSS), of which `private` nobody else shares; `peak`.

    `pss` counts a page that n processes map as one n-th. 0 where the system does not tell.
    """
    found = {"rss": 0, "peak": 0, "pss": 0, "private": 0}
    names = {"VmRSS": "rss", "VmHWM": "peak", "Pss": "pss", "RssAnon": "private"}
    for file in ("status", "smaps_rollup"):
        try:
            lines = Path("/proc/self", file).read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            name, _, rest = line.partition(":")
            if name in names:
                found[names[name]] = int(rest.split()[0]) // 1024
    return found


def rows_of(text: str) -> list[int]:
    """Row counts from "10000,100000"; raises click.BadParameter."""
    try:
        found = [int(part.replace("_", "")) for part in text.split(",") if part.strip()]
    except ValueError:
        found = []
    if not found or min(found) < 1:
        raise click.BadParameter(f"“{text}”应为正整数，多个之间用逗号隔开，例如 10000,100000")
    return found


def tell(message: str) -> None:
    """Progress, for whoever waits."""
    click.echo(message, err=True)


class Progress:
    """Says now and then how far a long run is."""

    def __init__(self, what: str, total: int, every: float = 5.0):
        self._what, self._total, self._every = what, total, every
        self._began = self._told = time.monotonic()

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if now - self._told < self._every and done < self._total:
            return
        self._told = now
        tell(f"{self._what}：{done:,}/{self._total:,}（{now - self._began:.0f} 秒）")


def report(title: str, results: Sequence[dict[str, Any]], as_json: bool) -> None:
    """Prints a table for people, or everything as JSON."""
    if as_json:
        found = {"bench": title, "python": sys.version.split()[0], "results": list(results)}
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    click.echo(title)
    for result in results:
        click.echo("  " + _line(result.get("about", {})))
        for name, value in result.items():
            if name != "about":
                shown = _line(value) if isinstance(value, dict) else str(value)
                click.echo(f"    {_cell(name, 34)} {shown}")


def _line(values: dict[str, Any]) -> str:
    return "  ".join(f"{name}={value}" for name, value in values.items())


def _cell(text: str, width: int) -> str:
    return text + " " * (width - sum(2 if ord(char) > 0x2E7F else 1 for char in text))


def spread(values: Iterable[float]) -> dict[str, float]:
    """Median, least and greatest of a few runs."""
    found = sorted(values)
    return {
        "median": round(float(np.median(found)), 3),
        "min": round(found[0], 3),
        "max": round(found[-1], 3),
    }

"""Kills web processes and workers at random under load, then asks whether anything was lost.

    python -m tests.chaos.kill --kills 200 --database sqlite
    python -m tests.chaos.kill --kills 200 --database postgres

Two web processes, two workers, three browsers that publish, change and withdraw. After the kills
everything must be as the database alone says (`tests.chaos.truth`). A short form is in the suite.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from jiebang.core import clock, outbox
from jiebang.core.boards import Board
from jiebang.core.outbox import Job
from tests.chaos import truth
from tests.chaos.load import Listed, Load, cookie
from tests.chaos.victims import PATIENCE, Victim
from tests.factories import World, world_on
from tests.server import free_port


@dataclass
class Report:
    """What was done and what was found."""

    kills: dict[str, int] = field(default_factory=dict)
    promised: int = 0
    unknown: int = 0
    checks: int = 0
    waited: float = 0.0
    """Seconds: the longest that a process waited for SQLite's write lock, of those it logged."""
    held: float = 0.0
    """The longest that one held it, likewise."""
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kills = "、".join(f"{name} {number}" for name, number in sorted(self.kills.items()))
        lines = [
            f"kills {sum(self.kills.values())} ({kills})",
            f"steps promised {self.promised}, without an answer {self.unknown}",
            f"the write lock was waited for {self.waited} s and held {self.held} s at most",
            f"full checks {self.checks}, problems {len(self.problems)}",
            *(f"  {problem}" for problem in self.problems[:20]),
        ]
        return "\n".join(lines)


def run(
    world: World,
    kills: int,
    seed: int = 1,
    every: int = 25,
    say: Callable[[str], object] = lambda _text: None,
    *,
    cold: bool = False,
    **extra: str,
) -> Report:
    """`kills` kills on a world of its own; a full check after `every` of them and at the end."""
    dice, report = random.Random(seed), Report()
    with victims(world, cold=cold, **extra) as all_:
        load = Load(world, [v.port for v in all_ if v.port], cookie(world, world.operator()),
                    listings(world), seed)  # fmt: skip
        numbers = 0
        while sum(report.kills.values()) < kills and not report.problems:
            load.start()
            try:
                for _ in range(min(every, kills - sum(report.kills.values()))):
                    numbers += counting_jobs(world, numbers)
                    load.moved_on(load.promised, dice.choice([0.0, 5.0, 20.0]))
                    time.sleep(dice.uniform(0.0, 0.5))
                    victim = dice.choice(all_)
                    victim.kill()
                    report.kills[victim.name] = report.kills.get(victim.name, 0) + 1
                    victim.start()
                    if dice.random() < 0.6:  # now and then several are down at once
                        victim.wait()
            except OperationalError as error:
                report.problems.append(f"a writer was kept out: {error}")
            finally:  # its threads read the database, whose folder may be about to go
                load.stop()
            report.promised, report.unknown = load.promised, load.unknown
            report.problems += load.problems
            for victim in all_:
                victim.wait()
            try:
                report.problems += check(world, load, numbers)
            except OperationalError as error:
                report.problems.append(f"a writer was kept out: {error}")
            report.waited, report.held = locks([victim.log for victim in all_])
            report.checks += 1
            say(str(report))
    return report


def locks(logs: Sequence[Path]) -> tuple[float, float]:
    """The longest wait for the write lock and the longest hold that processes told of."""
    told = [(0.0, 0.0)]
    for log in logs:
        for line in log.read_text("utf-8", "replace").splitlines():
            if '"database.slow_write"' in line and line.startswith("{") and line.endswith("}"):
                entry = json.loads(line)
                told.append((entry["waited"], entry["held"]))
    return max(waited for waited, _ in told), max(held for _, held in told)


@contextmanager
def patiently(world: World) -> Iterator[Session]:
    """A transaction that asks for its lock up to five minutes: on a machine with many programs a
    holder may be without a processor for longer than the product waits. How long others waited
    and held is in the report."""
    until = time.monotonic() + PATIENCE
    with world.database.session(write=True) as session:
        while True:
            try:
                session.connection()
                break
            except OperationalError:
                session.rollback()
                if time.monotonic() > until:
                    raise
        yield session
        session.commit()


def counting_jobs(world: World, already: int) -> int:
    """Adds three jobs that leave a mark each; OperationalError when others keep it out."""
    with patiently(world) as session:
        for number in range(already + 1, already + 4):
            outbox.enqueue(session, "chaos", {"number": number})
    return 3


def check(world: World, load: Load, counted: int) -> list[str]:
    """Everything that must hold while nobody writes."""
    drained(world)
    found = []
    for listed in load.listings:
        try:
            load.verify(listed)
        except AssertionError as error:
            found.append(str(error))
    return [
        *found,
        *truth.database(world),
        *truth.rows(world),
        *truth.searches(world, load.ports),
        *truth.jobs(world, counted),
    ]


def drained(world: World) -> None:
    """Waits until no job is open. Leases of the killed are ended: two minutes need not pass."""
    until = time.monotonic() + PATIENCE
    with patiently(world) as session:
        session.execute(
            update(Job).where(Job.done_at.is_(None), Job.leased_by.is_not(None))
            .values(leased_until=clock.now(), run_after=clock.now())
        )  # fmt: skip
    while time.monotonic() < until:
        with patiently(world) as session:
            session.execute(
                update(Job).where(Job.done_at.is_(None), Job.attempts > 0, Job.leased_by.is_(None))
                .values(run_after=clock.now())
            )  # fmt: skip
            open_ = session.scalar(select(func.count()).where(truth.due()))
        if not open_:
            return
        time.sleep(0.3)


def listings(world: World) -> list[Listed]:
    """Needs of three organisations that wait for the operator, and outcomes that are published."""
    world.discovery.warm()  # not within a writing transaction
    found = []
    for _ in range(3):
        owner = world.owner()
        browser = cookie(world, owner)
        for _ in range(4):
            code = world.submitted(owner)
            found.append(Listed(code, browser, "submitted", world.listing(code).title))
        for number in range(2):
            world.published(owner, Board.OUTCOME, title=f"激光复合焊接控制变形{number}")
    return found


@contextmanager
def victims(world: World, *, cold: bool = False, **extra: str) -> Iterator[list[Victim]]:
    """Two web processes and two workers, ended at the end."""
    home = world.settings.home
    common = {
        "JIEBANG_HOME": str(home),
        "JIEBANG_DATABASE_URL": world.settings.database_url,
        "JIEBANG_WORKER": "0",
        "JIEBANG_THREADS": "4",
        "JIEBANG_SEARCH_PER_MINUTE": "100000",
        "OMP_NUM_THREADS": "1",
        **extra,
    }
    made = []
    for number in range(2):
        port = free_port()
        made += [
            Victim(f"web{number}", "serve", {**common, "PORT": str(port)},
                   home / f"web{number}.log", port, cold),
            Victim(f"worker{number}", "work", common, home / f"worker{number}.log", cold=cold),
        ]  # fmt: skip
    try:
        for victim in made:
            victim.start()
        for victim in made:
            victim.wait()
        yield made
    finally:
        for victim in made:
            victim.kill()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--every", type=int, default=25, help="kills between two full checks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=["faiss", "pgvector"], default="faiss")
    parser.add_argument("--cold", action="store_true", help="start each with an own interpreter")
    parser.add_argument("--keep", type=Path, help="a folder that keeps database and logs")
    asked = parser.parse_args()
    engine = {"JIEBANG_VECTOR_ENGINE": asked.engine}
    with _folder(asked.keep) as folder, world_on(asked.database, folder) as world:
        report = run(world, asked.kills, asked.seed, asked.every, _say, cold=asked.cold, **engine)
    raise SystemExit(1 if report.problems else 0)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="jb-kill-") as folder:
        yield Path(folder)


if __name__ == "__main__":
    main()

"""The worker: a killed one is replaced, and each effect happens exactly once."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from jiebang.core import clock, outbox
from jiebang.core.limits import RateWindow
from jiebang.core.outbox import Job
from jiebang.db import Database
from jiebang.worker import Worker, requeue_failed
from tests.processes import finish, run_many, start

PROGRAM = """
    import sys, time
    from jiebang.core import clock
    from jiebang.core.limits import RateWindow
    from jiebang.db import Database
    from jiebang.worker import Worker

    def count(session, payload):
        '''Leaves one row a job: a second time would break the primary key.'''
        session.add(RateWindow(bucket=str(payload["number"]), started_at=clock.now(), count=1))
        session.flush()

    def hang(session, payload):
        print("begun", flush=True)
        time.sleep(60)

    database = Database(sys.argv[1])
    """


def add(database: Database, kind: str, count: int = 1) -> None:
    with database.transaction() as session:
        for number in range(count):
            outbox.enqueue(session, kind, {"number": number})


def jobs(database: Database) -> list[Job]:
    with database.reading() as session:
        return list(session.scalars(select(Job).order_by(Job.id)))


def effects(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(RateWindow.bucket)))


def mark(session: Session, payload: dict[str, Any]) -> None:
    session.add(RateWindow(bucket=str(payload["number"]), started_at=clock.now(), count=1))


def test_a_worker_does_what_is_due(database: Database) -> None:
    add(database, "mark", 3)
    assert Worker(database, {"mark": mark}).drain() == 3
    assert sorted(effects(database)) == ["0", "1", "2"]
    assert all(job.done_at is not None and job.attempts == 1 for job in jobs(database))


def test_a_failing_job_leaves_no_effect_and_is_tried_again(database: Database) -> None:
    def fails(session: Session, payload: dict[str, Any]) -> None:
        mark(session, payload)
        session.flush()
        raise RuntimeError("坏了")

    add(database, "fails")
    Worker(database, {"fails": fails}).drain()
    (job,) = jobs(database)
    assert effects(database) == []
    assert job.done_at is None
    assert job.error == "RuntimeError: 坏了"
    assert job.run_after > clock.now()


def test_a_kind_that_nobody_knows_does_not_stop_the_others(database: Database) -> None:
    add(database, "unknown")
    add(database, "mark")
    Worker(database, {"mark": mark}).drain()
    first, second = jobs(database)
    assert "unknown" in (first.error or "")
    assert second.done_at is not None


def test_what_was_done_after_the_lease_was_lost_is_rolled_back(database: Database) -> None:
    taken = threading.Event()

    def slow(session: Session, payload: dict[str, Any]) -> None:
        if not taken.is_set():  # before the first statement: no lock is held yet
            taken.set()
            with database.transaction() as other:
                other.execute(update(Job).values(leased_by="another"))
        mark(session, payload)

    add(database, "slow")
    worker = Worker(database, {"slow": slow})
    assert worker.step()
    assert effects(database) == []
    assert jobs(database)[0].done_at is None


def test_a_job_that_kills_every_worker_is_given_up_and_can_be_put_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(database, "mark")
    for _ in range(outbox.ATTEMPTS):
        with database.transaction() as session:
            assert outbox.claim(session, "dead") is not None
        with database.transaction() as session:
            session.execute(update(Job).values(leased_until=clock.now()))
    worker = Worker(database, {"mark": mark})
    worker.drain()
    assert effects(database) == []
    assert jobs(database)[0].failed_at is not None
    assert requeue_failed(database) == 1
    worker.drain()
    assert effects(database) == ["0"]


def test_a_database_that_is_away_does_not_end_the_worker(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    worker = Worker(database, {"mark": mark}, pause=0.01)
    real, calls = outbox.is_due, []

    def is_due(session: Session) -> bool:
        calls.append(1)
        if len(calls) < 3:
            raise OperationalError("SELECT", {}, Exception("away"))
        return real(session)

    monkeypatch.setattr(outbox, "is_due", is_due)
    add(database, "mark")
    thread = threading.Thread(target=worker.run)
    thread.start()
    deadline = time.monotonic() + 20
    while not effects(database) and time.monotonic() < deadline:
        time.sleep(0.05)
    worker.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert effects(database) == ["0"]


def test_chores_are_done_when_it_is_quiet(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()

    def breaks() -> None:
        raise RuntimeError("坏了")

    monkeypatch.setattr("jiebang.worker.CHORES_EVERY", clock.now() - clock.now())
    worker = Worker(database, {}, chores=[breaks, done.set], pause=0.01)
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert done.wait(10)
    worker.stop()
    thread.join(10)


def test_a_killed_worker_is_replaced_after_its_lease(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(database, "mark")
    doomed = start(PROGRAM + "\n    Worker(database, {'mark': hang}).run()", database_url)
    assert doomed.stdout is not None
    assert doomed.stdout.readline() == "begun\n"
    doomed.kill()
    doomed.communicate(timeout=20)
    worker = Worker(database, {"mark": mark})
    assert worker.drain() == 0, "the lease still runs"
    with database.transaction() as session:
        session.execute(update(Job).values(leased_until=clock.now()))
    assert worker.drain() == 1
    assert effects(database) == ["0"]
    assert jobs(database)[0].attempts == 2


def test_eight_workers_do_each_job_exactly_once(database: Database, database_url: str) -> None:
    add(database, "count", 200)
    out = run_many(
        8, PROGRAM + "\n    print(Worker(database, {'count': count}).drain())", database_url
    )
    assert sorted(map(int, effects(database))) == list(range(200))
    assert sum(map(int, out)) >= 200
    assert all(job.done_at is not None and job.error is None for job in jobs(database))


def test_a_worker_told_to_stop_finishes_the_job_in_hand(
    database: Database, database_url: str
) -> None:
    source = (
        PROGRAM
        + """
    import signal
    def slow(session, payload):
        print("begun", flush=True)
        time.sleep(1)
        count(session, payload)
    worker = Worker(database, {"slow": slow})
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    worker.run()
    """
    )
    add(database, "slow", 5)
    process = start(source, database_url)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGTERM)
    finish(process, timeout=20)
    assert len(effects(database)) == 1

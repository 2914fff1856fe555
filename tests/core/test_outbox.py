"""The outbox: what is enqueued with a change is neither lost nor done twice."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from jiebang.core import clock, outbox
from jiebang.core.outbox import Job
from jiebang.db import Database


def add(database: Database, key: str | None = None, number: int = 0) -> None:
    with database.transaction() as session:
        outbox.enqueue(session, "test", {"number": number}, key=key)


def count(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Job)) or 0


def claim(database: Database, worker: str = "one") -> int | None:
    with database.transaction() as session:
        job = outbox.claim(session, worker)
        return None if job is None else job.id


def test_a_job_is_claimed_once_and_finished(database: Database) -> None:
    add(database)
    job_id = claim(database)
    assert job_id is not None
    assert claim(database, "two") is None
    with database.transaction() as session:
        assert outbox.finish(session, job_id, "one")
    with database.reading() as session:
        assert not outbox.is_due(session)


def test_jobs_are_taken_in_order(database: Database) -> None:
    for number in range(3):
        add(database, number=number)
    assert [claim(database) for _ in range(4)] == [1, 2, 3, None]


def test_a_job_for_later_waits(database: Database) -> None:
    with database.transaction() as session:
        outbox.enqueue(session, "test", {}, run_after=clock.now() + timedelta(hours=1))
    assert claim(database) is None


def test_while_a_job_waits_its_key_adds_no_second_one_but_brings_the_newest_payload(
    database: Database,
) -> None:
    add(database, key="a", number=1)
    add(database, key="a", number=2)
    add(database, key="b")
    assert count(database) == 2
    with database.reading() as session:
        assert session.get_one(Job, 1).payload == {"number": 2}


def test_a_change_made_while_the_job_runs_gets_a_job_of_its_own(database: Database) -> None:
    add(database, key="a", number=1)
    assert claim(database) == 1
    add(database, key="a", number=2)
    assert count(database) == 2


def test_a_waiting_job_is_not_taken_before_the_change_that_repeats_it_is_committed(
    database: Database,
) -> None:
    add(database, key="a", number=1)
    taken: list[int | None] = []
    thread = threading.Thread(target=lambda: taken.append(claim(database)))
    with database.transaction() as session:
        outbox.enqueue(session, "test", {"number": 2}, key="a")
        thread.start()
        thread.join(0.3)
    thread.join()
    if taken == [None]:  # PostgreSQL skips a locked row, SQLite waits for the lock
        taken = [claim(database)]
    assert taken == [1]
    with database.reading() as session:
        assert session.get_one(Job, 1).payload == {"number": 2}


def test_two_transactions_with_the_same_new_key_make_one_job(database: Database) -> None:
    barrier = threading.Barrier(4)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            barrier.wait()
            add(database, key="same")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert count(database) == 1


def test_a_lease_that_ran_out_is_taken_over_and_the_late_worker_finishes_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(database)
    assert claim(database, "dead") == 1
    later = clock.now() + outbox.LEASE + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert claim(database, "alive") == 1
    with database.transaction() as session:
        assert not outbox.finish(session, 1, "dead")
    with database.transaction() as session:
        assert outbox.finish(session, 1, "alive")


def test_a_failing_job_is_tried_again_later_and_later_and_then_given_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(database, key="a")
    moment, waits = clock.now(), []
    monkeypatch.setattr(clock, "now", lambda: moment)
    for _ in range(outbox.ATTEMPTS):
        assert claim(database) == 1
        with database.transaction() as session:
            outbox.fail(session, 1, "one", "坏了")
        with database.reading() as session:
            run_after = session.get_one(Job, 1).run_after
        waits.append(run_after - moment)
        moment = max(run_after, moment)
    assert waits[:-1] == sorted(waits[:-1])
    assert claim(database) is None
    with database.reading() as session:
        job = session.get_one(Job, 1)
        assert job.failed_at is not None
        assert job.error == "坏了"

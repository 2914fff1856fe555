"""The worker: takes jobs from the outbox one at a time, each done exactly once in the database.

A job is leased in one transaction; its effect and its end are committed together in another. A
worker that dies in between leaves a lease that runs out, and the next one begins anew.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from socket import gethostname
from uuid import uuid4

import structlog
from sqlalchemy import delete, update
from sqlalchemy.exc import SQLAlchemyError
from structlog.contextvars import bound_contextvars

from .core import clock, outbox
from .core.outbox import Handler, Job
from .db import Database

log = structlog.get_logger()

KEEP_DONE = timedelta(days=30)
CHORES_EVERY = timedelta(minutes=1)
LONGEST_PAUSE = 30.0
"""Seconds between attempts while the database does not answer."""


class _LeaseLost(Exception):
    """Another worker has the job now: what this one did is rolled back."""


class Worker:
    """Runs jobs until it is stopped; one thread, any number of processes.

    `chores` are done every minute when no job is due, such as saving a snapshot of the index.
    """

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        *,
        chores: Sequence[Callable[[], object]] = (),
        pause: float = 1.0,
    ) -> None:
        self.database = database
        self.handlers = handlers
        self.chores = (self._forget_done, *chores)
        self.pause = pause
        self.name = f"{gethostname()[:40]}:{os.getpid()}:{uuid4().hex[:8]}"
        self._stopping = threading.Event()
        self._chores_at = clock.now() + CHORES_EVERY

    def stop(self) -> None:
        """Ends `run` after the job in hand; safe in a signal handler and from other threads."""
        self._stopping.set()

    def run(self) -> None:
        """Works until `stop`; a database that is away is tried again, less and less often."""
        pause = self.pause
        while not self._stopping.is_set():
            try:
                busy = self.step()
                if not busy:
                    self._do_chores()
                pause = self.pause
            except SQLAlchemyError as error:
                log.error("worker.database", error=type(error).__name__, retry_in=pause)
                busy, pause = False, min(pause * 2, LONGEST_PAUSE)
            if not busy:
                self._stopping.wait(pause)

    def drain(self) -> int:
        """Does everything that is due now and returns how many jobs that were."""
        done = 0
        while not self._stopping.is_set() and self.step():
            done += 1
        return done

    def step(self) -> bool:
        """Does one job that is due; False when there is none."""
        with self.database.reading() as session:
            if not outbox.is_due(session):
                return False
        with self.database.transaction() as session:
            job = outbox.claim(session, self.name)
            if job is None:
                return False
            job_id, kind, payload, attempt = job.id, job.kind, job.payload, job.attempts
            if attempt > outbox.ATTEMPTS:
                # every worker that took it died: it must not take the next ones along
                outbox.fail(session, job_id, self.name, "每次执行时进程都中断，不再重试")
                return True
        with bound_contextvars(job=kind):
            self._do(job_id, kind, payload, attempt)
        return True

    def _do(self, job_id: int, kind: str, payload: dict[str, object], attempt: int) -> None:
        handler = self.handlers.get(kind)
        try:
            if handler is None:
                raise LookupError(f"没有处理“{kind}”任务的程序")
            with self.database.transaction() as session:
                handler(session, payload)
                if not outbox.finish(session, job_id, self.name):
                    raise _LeaseLost
        except _LeaseLost:
            log.warning("worker.lease_lost", job=job_id, kind=kind)
        except Exception as error:
            # the kind and the type of the error: payloads and messages may hold people's texts
            log.error("worker.failed", job=job_id, kind=kind, attempt=attempt, exc_info=error)
            with self.database.transaction() as session:
                outbox.fail(session, job_id, self.name, f"{type(error).__name__}: {error}")

    def _do_chores(self) -> None:
        if clock.now() < self._chores_at:
            return
        self._chores_at = clock.now() + CHORES_EVERY
        for chore in self.chores:
            try:
                with bound_contextvars(chore=getattr(chore, "__name__", "")):
                    chore()
            except SQLAlchemyError:
                raise
            except Exception as error:
                log.error("worker.chore_failed", exc_info=error)

    def _forget_done(self) -> None:
        with self.database.transaction() as session:
            session.execute(delete(Job).where(Job.done_at < clock.now() - KEEP_DONE))


def requeue_failed(database: Database) -> int:
    """Gives the jobs that were given up another round of attempts; returns how many."""
    with database.transaction() as session:
        result = session.execute(
            update(Job)
            .where(Job.failed_at.is_not(None))
            .values(failed_at=None, attempts=0, run_after=clock.now())
            .returning(Job.id)
        )
        return len(result.all())

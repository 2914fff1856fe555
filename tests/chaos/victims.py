"""The processes that are killed: web servers and workers, as `jiebang` starts them.

Each is forked from a server that has imported the program and done nothing with it (no database,
no search), so that a kill costs a fraction of a second of a processor and not five; `cold` ones
are started by an interpreter of their own.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from multiprocessing.process import BaseProcess
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

from tests.chaos import truth
from tests.processes import ROOT, environment

PATIENCE = 300.0
READY = b"victim is ready\n"
SNAPSHOT_AFTER = 20
"""So that kills meet snapshots half written."""
CHORES_EVERY = timedelta(seconds=2)


def preload() -> None:
    """Imports the program; called once, in the server that the others are forked from."""
    import jiebang
    from matching.encoder import load_encoder

    for found in walk_packages(jiebang.__path__, "jiebang."):
        if ".commands.bench" not in found.name and ".demo" not in found.name:
            import_module(found.name)
    load_encoder()


def serve() -> None:
    """`jiebang serve`."""
    from jiebang.cli import main

    sys.argv[1:] = ["serve"]
    main()


def work() -> None:
    """`jiebang worker`, in a hurry, and with a kind of job that leaves a mark."""
    from sqlalchemy.orm import Session

    from jiebang import config, wiring, worker
    from jiebang.core import clock, logs
    from jiebang.core.limits import RateWindow
    from jiebang.db import Database
    from jiebang.discovery import index

    def count(session: Session, payload: dict[str, Any]) -> None:
        """One mark a job: a second one would break the primary key."""
        bucket = f"chaos:{payload['number']}"
        session.add(RateWindow(bucket=bucket, started_at=clock.now(), count=1))
        session.flush()

    index.SNAPSHOT_AFTER = SNAPSHOT_AFTER
    worker.CHORES_EVERY = CHORES_EVERY
    logs.configure()
    settings = config.load()
    database = Database(settings.database_url)
    door = wiring.discovery(settings, database)
    jobs = {**wiring.jobs(settings, database, door), "chaos": count}
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    worker.Worker(database, jobs, chores=wiring.chores(door), pause=0.1).run()


WHAT = {"serve": serve, "work": work}


def become(what: str, settings: dict[str, str], log: str) -> None:
    """What a forked process does first: its own settings and its own log, then its work."""
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment(**settings))
    output = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    WHAT[what]()


@dataclass
class Victim:
    """A process that may be killed and started again."""

    name: str
    what: str
    settings: dict[str, str]
    log: Path
    port: int = 0
    cold: bool = False
    process: BaseProcess | None = None
    _said: int = 0

    def start(self) -> None:
        """Starts it and returns at once."""
        self.log.touch()
        self._said = self.log.stat().st_size
        context = multiprocessing.get_context("spawn" if self.cold else "forkserver")
        if not self.cold:
            os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when the server is started
            context.set_forkserver_preload(["tests.chaos.preloaded"])
        self.process = context.Process(
            target=become, args=(self.what, self.settings, str(self.log)), daemon=True
        )
        self.process.start()

    def wait(self) -> None:
        """Returns once it works; AssertionError with its output when it ends or takes too long."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            assert self.process is not None
            if not self.process.is_alive():
                break
            if self.port and truth.alive(self.port):
                return
            if not self.port and READY in self.log.read_bytes()[self._said :]:
                return
            time.sleep(0.05)
        text = self.log.read_text("utf-8", "replace")[-3000:]
        raise AssertionError(f"{self.name} does not start:\n{text}")

    def kill(self) -> None:
        """Ends it as a failing machine would, and waits for the end."""
        if self.process is not None and self.process.pid is not None:
            if self.process.is_alive():
                os.kill(self.process.pid, signal.SIGKILL)
            self.process.join()

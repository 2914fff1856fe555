"""A line before SQLite's one write lock: first come, first served, over all processes, once
somebody has waited for a moment.

SQLite lets waiting writers ask again after pauses of up to a tenth of a second, and whoever asks
in the right moment gets the lock: a worker with many jobs, which is back within a millisecond,
keeps a waiting request out for as long as its jobs last. Here who has waited for `GRACE` is passed
by nobody any more, and only the first in line asks. Until then whoever finds the lock free takes
it: handing it to one that must first be given a processor would leave it idle.

A place in line is a file, named by when it was taken and locked by whoever stands there. A killed
process's lock is gone, so those behind it clear its file away.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: there SQLite's own waiting remains
    fcntl = None  # type: ignore[assignment]

GRACE = 0.05
"""Seconds for which one may be passed."""
PAUSE = (0.001, 0.006)
"""Seconds between two looks at the line, drawn so that waiters do not move in step; for each who
stands before one, up to `FAR`."""
FAR = 5
_BEING_MADE = "."
_numbers = count()


class Line:
    """The line of one database. Safe for threads and processes, and across `fork`."""

    def __init__(self, folder: Path) -> None:
        """`folder` belongs to the line alone; it is made when somebody stands there first."""
        self.folder = folder

    def pressing(self) -> bool:
        """Whether somebody stands there who may not be passed any more."""
        try:
            names = sorted(each.name for each in self.folder.iterdir())
        except OSError:
            return False
        for name in names:
            if name[0] == _BEING_MADE:
                continue
            if time.monotonic_ns() - int(name.partition("-")[0]) < GRACE * 1e9:
                return False
            if not self._left(name):
                return True
        return False

    @contextmanager
    def turn(self, patience: float) -> Iterator[bool]:
        """Within, nobody who came later is first. After `patience` seconds one goes on anyhow;
        the value says whether it was one's turn."""
        try:
            place = self._stand() if fcntl is not None else None
        except OSError:  # a folder of somebody else's, a full disk: what follows will tell
            place = None
        if place is None:
            yield True
            return
        try:
            yield self._wait(place.name, time.monotonic() + patience)
        finally:
            place.leave()

    def _stand(self) -> _Place:
        while True:
            with suppress(FileNotFoundError):  # the folder, or a file that was taken for a dead one
                return _Place(self.folder)
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _wait(self, mine: str, until: float) -> bool:
        while True:
            names = (each.name for each in self.folder.iterdir())
            ahead = [name for name in names if name < mine and name[0] != _BEING_MADE]
            if not ahead:
                return True
            if self._left(min(ahead)):
                continue
            if time.monotonic() > until:
                return False
            time.sleep(random.uniform(*PAUSE) * min(len(ahead), FAR))  # noqa: S311 (no secret)

    def _left(self, name: str) -> bool:
        """Whether nobody stands at this place any more; then its file is gone, too."""
        path = self.folder / name
        try:
            opened = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        else:
            path.unlink(missing_ok=True)
            return True
        finally:
            os.close(opened)


class _Place:
    """One's place in line; it exists under its name only once it is locked."""

    def __init__(self, folder: Path) -> None:
        own = f"{os.getpid()}-{next(_numbers)}"
        made = folder / f"{_BEING_MADE}{own}"
        self._file = os.open(made, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.name = f"{time.monotonic_ns():020d}-{own}"
            self._path = folder / self.name
            made.rename(self._path)
        except OSError:
            os.close(self._file)
            raise

    def leave(self) -> None:
        """Gives the place up."""
        self._path.unlink(missing_ok=True)
        os.close(self._file)

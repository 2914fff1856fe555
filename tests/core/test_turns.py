"""The line before SQLite's write lock: who came first writes first, and the dead block nobody."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from jiebang import db
from jiebang.app import create_app
from jiebang.db import Database
from jiebang.turns import Line
from tests.conftest import post
from tests.factories import World
from tests.processes import start
from tests.worlds import world

__all__ = ["world"]

STANDS = """
import sys, time
from pathlib import Path
from jiebang.turns import Line
with Line(Path(sys.argv[1])).turn(60):
    print("ready", flush=True)
    time.sleep(600)
"""


def _kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.fixture
def url(tmp_path: Path) -> str:
    found = f"sqlite:///{tmp_path}/hogged.db"
    made = Database(found)
    with made.transaction() as session:
        session.execute(text("CREATE TABLE audit_head (last_id INTEGER)"))
        session.execute(text("INSERT INTO audit_head VALUES (0)"))
    made.dispose()
    return found


def until(holds: Callable[[], bool]) -> None:
    """Waits for what is certain to come."""
    for _ in range(60_000):
        if holds():
            return
        time.sleep(0.005)
    raise AssertionError("it did not come")


def test_who_has_waited_is_passed_by_nobody(url: str) -> None:
    """Without the line SQLite gives the lock to whoever asks in the right moment."""
    database, path = Database(url), url.removeprefix("sqlite:///")
    line, order = Line(Path(f"{path}-line")), []

    def write(name: str) -> None:
        with database.transaction() as session:
            session.execute(text("UPDATE audit_head SET last_id = last_id + 1"))
            order.append(name)

    for round_ in range(5):
        first = threading.Thread(target=write, args=(f"first {round_}",))
        later = [threading.Thread(target=write, args=(f"later {round_}",)) for _ in range(3)]
        with database.transaction() as session:
            session.execute(text("UPDATE audit_head SET last_id = last_id + 1"))
            first.start()
            until(line.pressing)
            for thread in later:
                thread.start()
            until(lambda: len(list(line.folder.iterdir())) == 4)
        for thread in (first, *later):
            thread.join()
    database.dispose()
    assert [name for name in order if name.startswith("first")] == order[::4]
    assert len(order) == 20


def test_nobody_stands_in_line_for_a_lock_that_is_free(url: str) -> None:
    database, path = Database(url), url.removeprefix("sqlite:///")
    for _ in range(3):
        with database.transaction() as session:
            session.execute(text("UPDATE audit_head SET last_id = last_id + 1"))
    database.dispose()
    assert not Path(f"{path}-line").exists()


def test_the_place_of_a_killed_process_is_given_up(tmp_path: Path) -> None:
    holder = start(STANDS, str(tmp_path / "line"))
    assert holder.stdout is not None and holder.stdout.readline() == "ready\n"
    line = Line(tmp_path / "line")
    until(line.pressing)
    with line.turn(0.05) as mine:
        assert not mine, "a living holder is waited for"
    _kill(holder)
    assert not line.pressing()
    with line.turn(60) as mine:
        assert mine
        assert len(list((tmp_path / "line").iterdir())) == 1, "the dead one's place is gone"
    assert list((tmp_path / "line").iterdir()) == []


def test_threads_are_served_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    line, order, waiting = Line(tmp_path / "line"), [], []

    def stand(number: int) -> None:
        with line.turn(60) as mine:
            assert mine
            order.append(number)

    with line.turn(60):
        for number in range(6):
            waiting.append(threading.Thread(target=stand, args=(number,)))
            waiting[-1].start()
            # a place counts by its name, which it gets only once it is locked
            while len(list((tmp_path / "line").glob("[0-9]*"))) < number + 2:
                time.sleep(0.001)
    for thread in waiting:
        thread.join()
    assert order == list(range(6))


def test_a_line_that_cannot_be_made_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "line").write_text("a file stands here")
    with Line(tmp_path / "line").turn(60) as mine:
        assert mine


def test_the_log_tells_who_holds_the_lock_for_long(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "LONG_WRITE", 0.0)
    database = Database(url)
    with capture_logs() as logs:
        with database.transaction() as session:
            session.execute(text("UPDATE audit_head SET last_id = 7"))
        with database.reading() as session:
            session.execute(text("SELECT 1"))
    database.dispose()
    assert [entry["event"] for entry in logs] == ["database.slow_write"]


def test_a_request_that_is_kept_out_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.2)
    app = create_app(world.settings, Database(str(world.settings.database_url)))
    app.testing = True
    busy = replace(world, app=app)
    owner = world.owner()
    code, browser = world.draft(owner), busy.browser(owner)
    with world.database.transaction() as session:
        session.execute(text("UPDATE audit_head SET last_id = last_id"))
        answer = post(browser, f"/listings/{code}/submit")
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "10"
    assert "系统正忙，这次操作没有生效" in answer.text
    assert post(browser, f"/listings/{code}/submit").status_code == 303


def test_a_lock_held_for_ever_is_an_error_in_the_end(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.2)
    first, second = Database(url), Database(url)
    with first.transaction() as session:
        session.execute(text("UPDATE audit_head SET last_id = 8"))
        with pytest.raises(OperationalError, match="locked"), second.transaction() as other:
            other.execute(text("UPDATE audit_head SET last_id = 9"))
    first.dispose()
    second.dispose()

"""A real server in a process of its own: waitress, worker and all, on a free port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.processes import ROOT, environment, jiebang

PATIENCE = 60.0


@dataclass(frozen=True)
class Server:
    """Where it listens and where its data lies."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def letters(self) -> list[str]:
        """Every letter sent so far, oldest first."""
        files = sorted((self.home / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime)
        return [path.read_text(encoding="utf-8") for path in files]

    def stop(self) -> int:
        """Ends it as an operator would and returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def free_port() -> int:
    """A port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def prepare(home: Path, *, demo: bool) -> None:
    """A database at `home`, with the demonstration data where asked for."""
    for command in ("init", "demo") if demo else ("init",):
        done = jiebang(command, JIEBANG_HOME=str(home), JIEBANG_DEMO="1" if demo else "0")
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def serving(
    home: Path, *, demo: bool = False, prepared: bool = False, **settings: str
) -> Iterator[Server]:
    """`jiebang init`, the demonstration data where asked for, and `jiebang serve`.

    With `prepared`, `home` already has all that (see `prepare`).
    """
    if not prepared:
        prepare(home, demo=demo)
    port = free_port()
    settings = {
        "JIEBANG_HOME": str(home),
        "JIEBANG_DEMO": "1" if demo else "0",
        "PORT": str(port),
        **settings,
    }
    log = home / "server.log"
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # tests started in a shell's background inherit a deaf ear for Ctrl-C and would pass it on
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", "from jiebang.cli import main; main()", "serve"],
            cwd=ROOT,
            env=environment(**settings),
            stdout=output,
            stderr=output,
        )
    server = Server(f"http://127.0.0.1:{port}", home, process, log)
    try:
        wait_for(server)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()


def wait_for(server: Server) -> None:
    """Returns once it answers; fails with its output when it ends or takes too long."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(server.url, timeout=5):
                return
        except urllib.error.HTTPError:
            return  # it answers, if only with a refusal
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the server does not answer:\n{server.log.read_text(encoding='utf-8')}")

"""Small programs in processes of their own, for what one process cannot show."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def environment(**settings: str) -> dict[str, str]:
    """The environment of a child: the checkout on its path and only these JIEBANG settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("JIEBANG_") and k != "PORT"}
    path = os.pathsep.join([str(ROOT / "platform"), str(ROOT)])
    return {**kept, "PYTHONPATH": path, **settings}


def start(source: str, *arguments: str, **settings: str) -> subprocess.Popen[str]:
    """Starts a program and returns at once."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(source), *arguments],
        env=environment(**settings),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(source: str, *arguments: str, **settings: str) -> str:
    """Runs a program to its end and returns what it printed; fails with its error output."""
    return finish(start(source, *arguments, **settings))


def finish(process: subprocess.Popen[str], timeout: float = 600) -> str:
    """Waits for a program, long enough for a machine with many others; fails with its error output
    unless it ended well. Nothing is left running."""
    try:
        out, err = process.communicate(timeout=timeout)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert process.returncode == 0, f"exit {process.returncode}\n{out}\n{err}"
    return out


def run_many(count: int, source: str, *arguments: str) -> list[str]:
    """Runs the same program in several processes at once, the number as last argument."""
    started = [start(source, *arguments, str(number)) for number in range(count)]
    return [finish(process) for process in started]


def jiebang(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`jiebang` as its users run it."""
    return subprocess.run(
        [sys.executable, "-c", "from jiebang.cli import main; main()", *arguments],
        env=environment(**settings),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,  # the demonstration takes two minutes where seven others want the machine
        check=False,
    )

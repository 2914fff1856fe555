"""Large blocks go back to the system, whichever thread asked for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import re, sys, threading
sys.path[:0] = ["platform", "."]
from jiebang import memory
if sys.argv[1] == "settled":
    assert memory.settle()
from argon2.low_level import Type, hash_secret_raw

def own():
    with open("/proc/self/status") as status:
        return int(re.search(r"RssAnon:\\s+(\\d+)", status.read())[1])

bytes(31 * 2**20)  # glibc learns from it: as the model is read
before = own()
turns = threading.Barrier(8)
def sign_in():
    turns.wait()  # all at once, so that each has a heap of its own
    hash_secret_raw(b"a password", b"salt" * 4, 2, 19_456, 1, 32, Type.ID)
    turns.wait()
threads = [threading.Thread(target=sign_in) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print((own() - before) // 1024)
"""


def kept(how: str) -> int:
    """MB that eight sign-ins leave behind."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, how],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc")
def test_eight_sign_ins_leave_nothing_behind() -> None:
    assert kept("settled") < 19, "less than one password's block"


def test_a_process_is_settled_before_numpy_comes(tmp_path: Path) -> None:
    """BLAS reads its number of threads once; whoever serves by `wsgi.py` gets it, too."""
    script = """
import os, sys
from jiebang import process
assert "numpy" not in sys.modules
process.settle()
assert os.environ["OMP_NUM_THREADS"] == {expected!r}
import wsgi
assert os.environ["OMP_NUM_THREADS"] == {expected!r}
"""
    for given, expected in (({}, "1"), ({"OMP_NUM_THREADS": "3"}, "3")):
        clean = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
        subprocess.run(
            [sys.executable, "-c", script.format(expected=expected)],
            cwd=ROOT, check=True, timeout=120,
            env={**clean, **given, "JIEBANG_HOME": str(tmp_path / "home"),
                 "PYTHONPATH": f"{ROOT}/platform:{ROOT}"},
        )  # fmt: skip

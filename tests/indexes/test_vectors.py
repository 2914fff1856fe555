"""FAISS in a forked child; what it answers is in test_contract.py."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_forked_after_a_search_still_searches() -> None:
    script = """
        import os, numpy as np
        from indexes.vectors import FaissVectors
        index = FaissVectors(32)
        index.extend(np.arange(20000), np.random.default_rng(1).standard_normal((20000, 32)))
        mask = np.ones(20000, bool)
        query = np.ones(32)
        first = index.search(query, 5, mask)[0].tolist()
        child = os.fork()
        if not child:
            os._exit(0 if index.search(query, 5, mask)[0].tolist() == first else 3)
        raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, timeout=60, check=False
    )
    assert done.returncode == 0

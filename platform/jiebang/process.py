"""What a process that goes on for long is set up with before anything large is imported."""

from __future__ import annotations

import os

from . import memory


def settle() -> None:
    """One thread for BLAS and FAISS, as it is the requests that run in parallel (an operator's
    own OMP_NUM_THREADS stands), and memory that goes back. To be called before numpy is imported:
    BLAS reads the setting once."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    memory.settle()

"""How memory is handed out and garbage looked for: by the C library, for processes that run for
weeks, and by Python, for those that make many objects.

glibc learns from the largest block that was ever given back: once the model's 31 MB have been
read, blocks of up to that size come from the heap of whichever thread asks and stay there. Argon2
takes 19 MB for each password, so every thread that signed somebody in kept as much. With fixed
bounds large blocks go back at once; two heaps are enough for threads that share one interpreter
lock.
"""

from __future__ import annotations

import ctypes
import gc
import sys

# malloc.h; a larger block than _MAPPED is mapped by itself and unmapped when it is given back
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
# above what a search over a million listings asks for at a time (8 MB), below a password's block
_MAPPED = 10 * 1024 * 1024


def settle() -> bool:
    """Sets the bounds; to be called before there are threads. False where there is no glibc."""
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    settings = ((_ARENA_MAX, 2), (_MMAP_THRESHOLD, _MAPPED), (_TRIM_THRESHOLD, 2 * _MAPPED))
    return sum(int(mallopt(name, value)) for name, value in settings) == len(settings)


def keep() -> None:
    """What is in memory now stays: from now on no garbage is looked for among it. To be called when
    an index has been loaded, as going through one of a million listings keeps every request of the
    process waiting for a tenth of a second. What is let go is still freed at once, unless it holds
    itself (an engine does not)."""
    gc.freeze()


def collect_seldom() -> None:
    """For a process that reads a file of many rows and ends: what it makes holds no cycles, and
    looking for them after every 700 objects takes a tenth of its time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)

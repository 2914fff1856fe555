"""FAISS's flat float16 index: searches with ties under a filter, and its codes as an array.

FAISS is imported at the first search, with one OpenMP thread: a process whose FAISS has made a
thread pool hangs in its forked children (facebookresearch/faiss issue 5206), and one thread per
worker is also the faster choice for small indexes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

_CLOSE = 1e-5  # beyond what float32 sums of a few hundred products of unit vectors differ by
_DEEPEST = 16  # so many times k is looked for ties before all that are near are asked for
_SPARSE = 64  # of so many vectors at most one is allowed: these are copied out and searched


@dataclass(frozen=True, slots=True)
class Ranked:
    """The slots that `VectorShard.search` finds, with float32 scores of theirs."""

    slots: NDArray[np.int64]
    scores: NDArray[np.float32]
    rest: float
    """No other allowed slot has more; -inf when there is none."""
    error: float
    """How much float32 sums of these may differ from exact ones, for vectors of length one."""


@dataclass(frozen=True, slots=True)
class Bounded:
    """Slots that were found with bounds of their scores, and a bound for all others."""

    slots: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    rest: Callable[[NDArray[np.int64]], NDArray[np.float64]]
    """What slots that were not found have at most."""


@cache
def faiss() -> ModuleType:
    """The library, with one thread."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SWIG types without __module__ on newer Pythons
        import faiss as module
    module.omp_set_num_threads(1)
    found: ModuleType = module
    return found


def empty(dim: int) -> Any:
    """An index without vectors: float16, inner products."""
    library = faiss()
    return library.IndexScalarQuantizer(
        dim, library.ScalarQuantizer.QT_fp16, library.METRIC_INNER_PRODUCT
    )


def sparse(count: int, size: int) -> bool:
    """Whether so few vectors are allowed that they are copied out."""
    return count * _SPARSE <= size


def codes(index: Any, dim: int) -> NDArray[np.float16]:
    """(n, dim) the codes of an index without a copy."""
    if not index.ntotal:
        return np.zeros((0, dim), np.float16)
    flat = faiss().rev_swig_ptr(index.codes.data(), index.ntotal * dim * 2)
    found: NDArray[np.float16] = flat.view(np.float16).reshape(index.ntotal, dim)
    return found


def chosen_by(allowed: NDArray[np.bool_], count: int) -> tuple[Any, Any]:
    """FAISS's search parameters for a bitmap of which `count` are set, and what must be kept
    while they are used."""
    if count == len(allowed):
        return None, None
    library = faiss()
    bits = np.packbits(allowed, bitorder="little")
    selector = library.IDSelectorBitmap(len(bits), library.swig_ptr(bits))
    return library.SearchParameters(sel=selector), (bits, selector)


def best(index: Any, row: NDArray[np.float32], k: int, allowed: NDArray[np.bool_]) -> Ranked:
    """The best slots of one part, ties with the last included; `error` is left open."""
    count = int(np.count_nonzero(allowed))
    if not count:
        return Ranked(np.zeros(0, np.int64), np.zeros(0, np.float32), -np.inf, 0.0)
    if sparse(count, len(allowed)):
        chosen = np.flatnonzero(allowed)
        part = empty(index.d)
        copied = codes(index, index.d)[chosen]
        part.add_sa_codes(copied.view(np.uint8).reshape(count, -1))
        found = best(part, row, k, np.ones(count, bool))
        return Ranked(chosen[found.slots], found.scores, found.rest, 0.0)
    options, _kept = chosen_by(allowed, count)
    wanted = min(k + 1, count)  # one more, to see whether the last one ties with it
    scores, slots = (found[0] for found in index.search(row, wanted, params=options))
    kept = min(k, count)
    rest = float(scores[k]) if wanted > k else -np.inf
    if wanted > k and scores[k] == scores[k - 1]:
        last = float(scores[k - 1])
        bound = last - _CLOSE * max(1.0, abs(last))
        while scores[-1] >= bound and wanted < min(count, _DEEPEST * k):
            wanted = min(4 * wanted, count)  # a few equal titles: much cheaper than range_search
            scores, slots = (found[0] for found in index.search(row, wanted, params=options))
        kept = int(np.count_nonzero(scores >= bound))
        if wanted < count and scores[-1] >= bound:
            # range_search sums in another order: its scores are equal within float32 only
            _, further, others = index.range_search(row, bound)
            passing = allowed[others]
            slots, first = np.unique(np.concatenate([slots, others[passing]]), return_index=True)
            scores = np.concatenate([scores, further[passing]])[first]
            kept = len(slots)
    return Ranked(slots[:kept].astype(np.int64), scores[:kept], rest, 0.0)

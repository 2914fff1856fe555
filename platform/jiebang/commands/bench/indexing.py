"""`jiebang bench index`: vectors of any dimension: adding, saving, loading, asking."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from .floors import RawFaiss
from .measure import Progress, Times, memory, ratio, timed

_K, _ASKED, _BLOCK = 50, 60, 50_000
_SHARES = {"100%": 1.0, "5%": 0.05, "0.5%": 0.005}


def measure(rows: int, dim: int, seed: int = 5) -> dict[str, Any]:
    """The default engine beside the bare library and a product in numpy, with random vectors."""
    from indexes.vectors import FaissVectors

    rng = np.random.default_rng(seed)
    plain = np.empty((rows, dim), np.float32)
    for start in range(0, rows, _BLOCK):
        block = rng.standard_normal((min(_BLOCK, rows - start), dim), np.float32)
        plain[start : start + len(block)] = block / np.linalg.norm(block, axis=1, keepdims=True)
    shard, filled = FaissVectors(dim), Times()
    ids = np.arange(rows, dtype=np.int64)
    for start in range(0, rows, _BLOCK):
        part = slice(start, start + _BLOCK)
        filled.run(lambda part=part: shard.extend(ids[part], plain[part]))  # type: ignore[misc]
    shard.search(plain[0], 1, np.ones(rows, bool))
    raw, _, raw_fill = timed(lambda: RawFaiss(plain))
    with TemporaryDirectory(prefix="jiebang-bench-") as folder:
        file = Path(folder, "vectors")
        _, saved, _ = timed(lambda: shard.frozen(ids)(file))
        base = FaissVectors(dim)
        _, opened, _ = timed(lambda: base.open(file, ids))
        found: dict[str, Any] = {
            "about": {"rows": rows, "dim": dim},
            "seconds": {
                "add": round(sum(filled.busy) / 1e3, 3),
                "raw add": round(raw_fill / 1e3, 3),
                "save": round(saved / 1e3, 3),
                "open": round(opened / 1e3, 4),
            },
        }
        for name, share in _SHARES.items():
            allowed = np.ones(rows, bool) if share == 1.0 else rng.random(rows) < share
            found[f"filter {name}"] = _asked(base, raw, plain, allowed, share == 1.0, rng)
    found["memory"] = memory()
    return found


def _asked(
    base: Any, raw: Any, plain: Any, allowed: Any, unfiltered: bool, rng: np.random.Generator
) -> dict[str, Any]:
    ours, library, product = Times(), Times(), Times()
    slots, hits, wanted = np.flatnonzero(allowed), 0, 0
    progress = Progress("查询", _ASKED)
    for done in range(1, _ASKED + 1):
        query = rng.standard_normal(plain.shape[1]).astype(np.float32)
        query /= np.linalg.norm(query)
        found = ours.run(partial(base.search, query, _K, allowed))
        library.run(partial(raw, query, _K, None if unfiltered else allowed))
        scores = product.run(partial(np.matmul, plain, query))
        exact = slots[np.argsort(-scores[slots])[:_K]]
        hits += len(np.intersect1d(found, exact))
        wanted += len(exact)
        progress(done)
    return {
        **ours.summary(),
        "raw faiss cpu_p50": library.summary()["cpu_p50"],
        "numpy float32 cpu_p50": product.summary()["cpu_p50"],
        "ratio": ratio(float(np.mean(ours.busy)), float(np.mean(library.busy))),
        "recall@50": round(hits / max(wanted, 1), 5),
    }

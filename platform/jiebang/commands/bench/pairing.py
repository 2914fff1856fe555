"""`jiebang bench pairs`: every need against every outcome, beside the bare matrix product."""

from __future__ import annotations

from itertools import cycle, islice
from typing import Any

import numpy as np

from .market import Market
from .measure import Progress, Times, memory, ratio, timed
from .texts import Text

_K, _LISTS = 20, 200
_BLOCK = 512


def measure(market: Market, queries: list[Text]) -> dict[str, Any]:
    """The dense part for all, the fused lists for some of them and by that for all."""
    from indexes.pairs import top_pairs
    from matching.documents import Kind

    engine = market.engine()
    collection = engine.board(Kind.OUTCOME).collection
    rows = collection.vectors["whole"].rows(np.arange(len(collection.ids), dtype=np.int64))
    needs = _vectors(engine, queries, market.rows)
    ours, bare = Times(), Times()
    for _ in range(3):
        bare.run(lambda: _bare(needs, rows))
        ours.run(lambda: sum(len(places) for _, places, _ in top_pairs(needs, rows, _K)))
    fused = Times()
    chosen = list(islice(cycle(queries), min(_LISTS, market.rows)))
    progress = Progress("融合后的名单", len(chosen))
    for done, prepared in enumerate(engine.prepare_many(chosen), 1):
        fused.run(lambda to=prepared: engine.search(to, Kind.OUTCOME, _K))  # type: ignore[misc]
        progress(done)
    dense = float(np.median(ours.busy)) / 1e3
    lists = float(np.mean(fused.busy)) / 1e3 * len(needs)
    return {
        "about": {"needs": len(needs), "outcomes": len(rows), "k": _K},
        "dense, seconds": round(dense, 3),
        "bare product and top k, seconds": round(float(np.median(bare.busy)) / 1e3, 3),
        "one fused list": fused.summary(),
        "all fused lists, seconds (reckoned)": round(lists, 1),
        "ratio": {
            "dense/bare": ratio(float(np.median(ours.busy)), float(np.median(bare.busy))),
            "dense/bare, clock": ratio(float(np.median(ours.wall)), float(np.median(bare.wall))),
            "fused/dense": ratio(lists, dense),
        },
        "memory": memory(),
    }


def _bare(needs: Any, rows: Any) -> None:
    for first in range(0, len(needs), _BLOCK):
        products = needs[first : first + _BLOCK] @ rows.T
        best = np.argpartition(products, len(rows) - min(_K, len(rows)), axis=1)[:, -_K:]
        np.take_along_axis(products, best, axis=1)


def _vectors(engine: Any, queries: list[Text], number: int) -> Any:
    """As many different needs as there are outcomes: real ones first, then mixed from them."""
    found = np.stack([each.whole_vector for each in engine.prepare_many(queries)])
    if len(found) >= number:
        return found[:number]
    rng = np.random.default_rng(3)
    mixed = found[rng.integers(len(found), size=number - len(found))]
    mixed = mixed + 0.5 * found[rng.integers(len(found), size=len(mixed))]
    mixed /= np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-9)
    return np.concatenate([found, mixed]).astype(np.float32)


def start_up(market: Market, query: Text) -> dict[str, Any]:
    """From an empty engine over a snapshot to the first answer and to the second."""
    from matching.documents import Kind

    engine, wall, busy = timed(market.engine)
    _, first, first_busy = timed(lambda: engine.search(engine.prepare(*query), Kind.OUTCOME))
    _, second, _ = timed(lambda: engine.search(engine.prepare(*query), Kind.OUTCOME))
    return {
        "about": {"rows": market.rows, "measured": "snapshot to first answer"},
        "load ms": {"clock": round(wall, 1), "cpu": round(busy, 1)},
        "first answer ms": {"clock": round(first, 1), "cpu": round(first_busy, 1)},
        "second answer ms": round(second, 1),
        "memory": memory(),
    }

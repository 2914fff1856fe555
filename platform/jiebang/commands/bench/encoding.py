"""`jiebang bench encode`: preparing listings and queries, beside the encoder alone."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import islice
from typing import Any

from .market import pool, prepared_batches
from .measure import Times, ratio
from .texts import Text

_BATCH = 500


def measure(texts: list[Text], queries: list[Text], workers: int) -> dict[str, Any]:
    """Texts a second with one process and with several, and milliseconds a query."""
    from matching.encoder import load_encoder
    from matching.engine import Engine
    from matching.text import segment_many

    engine = Engine(load_encoder())
    engine.prepare_many(texts[:50])
    whole, cut, raw = Times(), Times(), Times()
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        whole.run(lambda batch=batch: engine.prepare_many(batch))  # type: ignore[misc]
        segments = cut.run(lambda batch=batch: segment_many(f"{t}\n{b}" for t, b in batch))  # type: ignore[misc]
        raw.run(lambda to=segments: engine.encoder.encode(to))  # type: ignore[misc]
    one = Times()
    for text in queries:
        one.run(lambda text=text: engine.prepare(*text))  # type: ignore[misc]
    busy = {"prepare_many": sum(whole.busy), "segment": sum(cut.busy), "raw encode": sum(raw.busy)}
    found: dict[str, Any] = {"about": {"texts": len(texts), "characters": _mean(texts)}}
    found["texts a second of processor"] = {
        name: round(1e3 * len(texts) / max(value, 1e-9)) for name, value in busy.items()
    }
    found[f"texts a second, {workers} processes"] = round(throughput(texts, workers))
    found["one query"] = one.summary()
    found["ratio"] = {
        "prepare/(segment+encode)": ratio(
            busy["prepare_many"], busy["segment"] + busy["raw encode"]
        )
    }
    return found


def throughput(texts: Iterable[Text], workers: int) -> float:
    """Listings a second that so many processes prepare, by the clock; their start is not in it."""
    from matching.encoder import load_encoder
    from matching.engine import Engine

    engine = Engine(load_encoder())
    source, number = iter(texts), 0
    with pool(workers) as workforce:
        warm = [("预热", "先载入词典与模型")]
        for _ in prepared_batches(iter(warm * 4_000), engine, workforce):
            pass
        began = time.perf_counter()
        for batch, _ in prepared_batches(islice(source, None), engine, workforce):
            number += len(batch)
        return number / max(time.perf_counter() - began, 1e-9)


def _mean(texts: list[Text]) -> int:
    return round(sum(len(title) + len(body) for title, body in texts) / max(len(texts), 1))

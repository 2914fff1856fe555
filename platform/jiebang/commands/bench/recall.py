"""What rounding the stored vectors to float16 loses: the best 50 against float32 ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .measure import Progress

if TYPE_CHECKING:
    from matching.engine import Engine

    from .market import Texts
    from .texts import Text

_K, _DEEP, _ASKED = 50, 300, 50
_ROUNDING = 1e-3  # by more no inner product of unit vectors moves when one of them is rounded


def measure(engine: Engine, texts: Texts, queries: list[Text], rows: int) -> dict[str, Any]:
    """Encodes the 300 best of each query anew and ranks them in float32, without any rounding.

    None of the others can be among the best 50 when the 300th lies behind the 50th by more than
    two roundings; `sure` counts the queries of which this holds.
    """
    from matching.documents import Kind

    collection = engine.board(Kind.OUTCOME).collection
    live = collection.live()
    hits = wanted = sure = 0
    progress = Progress("召回", min(_ASKED, len(queries)))
    for done, query in enumerate(engine.prepare_many(queries[:_ASKED]), 1):
        slots, scores = collection.nearest("whole", query.whole_vector, _DEEP, live)
        ids = collection.ids[slots].tolist()
        plain = np.stack(
            [each.whole_vector for each in engine.prepare_many([texts[key] for key in ids])]
        )
        exact = plain @ query.whole_vector
        k = min(_K, len(ids))
        least = np.sort(exact)[len(exact) - k]
        hits += int((exact[:k] >= least).sum())  # what ties with the last one is as good
        wanted += k
        sure += int(len(ids) < _DEEP or scores[-1] + 2 * _ROUNDING < least)
        progress(done)
    return {
        "about": {"rows": rows, "measured": "dense part against float32"},
        "recall@50": round(hits / max(wanted, 1), 5),
        "queries": {"asked": min(_ASKED, len(queries)), "sure": sure},
    }

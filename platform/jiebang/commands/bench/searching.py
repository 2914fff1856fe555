"""`jiebang bench search`: the whole stack and the ranked list alone, beside their bare calls."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from . import recall
from .floors import Fts5, Parts, Tantivy, words_of
from .market import FILTERS, Market, Texts, where
from .measure import Progress, Times, memory, ratio, tell
from .texts import Text

if TYPE_CHECKING:
    from matching.engine import Engine, Filter

_K, _SHOWN = 50, 10
_CANDIDATES = 1_000


def measure(market: Market, queries: list[Text], rounds: int, others: bool) -> list[dict[str, Any]]:
    """Everything that is asked of one market; see the command."""
    from matching.documents import Kind

    engine = market.engine()
    texts = market.texts()
    market.read()
    try:
        for text in queries[:5]:
            _whole(engine, texts, text, where("100%"))
        results = [_clients(engine, texts, queries, rounds, market.rows)]
        results[0]["memory"] = memory()
        parts = Parts(engine, engine.board(Kind.OUTCOME).collection)
        results += [
            _beside(engine, parts, texts, queries, share, rounds, market.rows) for share in FILTERS
        ]
        results.append(recall.measure(engine, texts, queries, market.rows))
        if others:
            results.append(_lexical(engine, queries, market.rows))
    finally:
        texts.close()
    return results


def _whole(engine: Engine, texts: Texts, text: Text, where: Filter) -> int:
    """Text to encoded to filtered to fused to explained, for the first ten."""
    from matching.documents import Document, Kind

    prepared = engine.prepare(*text)
    found = engine.search(prepared, Kind.OUTCOME, _SHOWN, where)
    asked = Document(0, Kind.NEED, *text)
    shown = [Document(match.id, Kind.OUTCOME, *texts[match.id]) for match in found[:_SHOWN]]
    engine.explain_many(asked, shown)
    return len(found)


def _clients(
    engine: Engine, texts: Texts, queries: list[Text], rounds: int, rows: int
) -> dict[str, Any]:
    """The whole stack with one client and with eight threads of one process."""
    found: dict[str, Any] = {"about": {"rows": rows, "measured": "whole stack, top 10 explained"}}
    for share in FILTERS:
        one, restriction = Times(), where(share)
        progress = Progress(f"整套检索 {share}", rounds)
        for done, text in enumerate(islice(cycle(queries), rounds), 1):
            one.run(lambda text=text, to=restriction: _whole(engine, texts, text, to))  # type: ignore[misc]
            progress(done)
        found[f"1 client, filter {share}"] = one.summary()
    eight, restriction = Times(), where("100%")

    def ask(text: Text) -> None:
        own = Texts(texts.path)
        eight.run(lambda: _whole(engine, own, text, restriction))
        own.close()

    with ThreadPoolExecutor(8) as clients:
        list(clients.map(ask, islice(cycle(queries), rounds)))
    found["8 clients, filter 100%"] = eight.summary()
    return found


def _beside(
    engine: Engine,
    parts: Parts,
    texts: Texts,
    queries: list[Text],
    share: str,
    rounds: int,
    rows: int,
) -> dict[str, Any]:
    """The ranked list and the explanations, in turn with the bare calls, query by query."""
    from matching.documents import Document, Kind

    collection = engine.board(Kind.OUTCOME).collection
    restriction = where(share)
    allowed = None if share == "100%" else restriction.mask(collection)
    names = (
        "ranked list",
        "raw encode",
        "raw faiss",
        "raw lexical",
        "explain 10",
        "vectors top 50",
    )
    times = {name: Times() for name in names}
    missed = 0
    progress = Progress(f"排序与裸调用 {share}", rounds)
    for done, text in enumerate(islice(cycle(queries), rounds), 1):

        def ranked(text: Text = text) -> Any:
            prepared = engine.prepare(*text)
            return prepared, engine.search(prepared, Kind.OUTCOME, _K, restriction)

        prepared, found = times["ranked list"].run(ranked)
        times["raw encode"].run(lambda text=text: parts.encode(*text))  # type: ignore[misc]
        times["raw faiss"].run(lambda to=prepared: parts.vectors(to, _CANDIDATES, allowed))  # type: ignore[misc]
        times["raw lexical"].run(lambda to=prepared: parts.lexical(to, _CANDIDATES))  # type: ignore[misc]
        asked = Document(0, Kind.NEED, *text)
        documents = [Document(m.id, Kind.OUTCOME, *texts[m.id]) for m in found[:_SHOWN]]
        times["explain 10"].run(
            lambda to=asked, docs=documents: engine.explain_many(to, docs)  # type: ignore[misc]
        )
        mask = restriction.mask(collection)
        near, _ = times["vectors top 50"].run(
            lambda to=prepared, ok=mask: collection.nearest("whole", to.whole_vector, _K, ok)  # type: ignore[misc]
        )
        missed += _missed(collection, prepared.whole_vector, near, mask) if done <= 50 else 0
        progress(done)
    sums = [
        sum(times[name].busy[n] for name in names[1:4])
        for n in range(len(times["ranked list"].busy))
    ]
    result: dict[str, Any] = {
        "about": {"rows": rows, "filter": share, "measured": "beside the floor"}
    }
    result |= {name: each.summary() for name, each in times.items()}
    over = np.asarray(times["ranked list"].busy) - np.asarray(sums)
    result["floor"] = {"cpu_p50": round(float(np.median(sums)), 3),
                       "cpu_mean": round(float(np.mean(sums)), 3)}  # fmt: skip
    result["ratio"] = {
        "ranked/floor (mean)": ratio(
            float(np.mean(times["ranked list"].busy)), float(np.mean(sums))
        ),
        "ranked-floor ms (p50)": round(float(np.median(over)), 3),
        "ranked-floor ms (p95)": round(float(np.percentile(over, 95)), 3),
        "recall@50": round(1 - missed / max(_K * min(rounds, 50), 1), 5),
    }
    return result


def _missed(collection: Any, query: Any, near: Any, mask: Any) -> int:
    """How many of the exact best 50 by float64 products of the stored vectors are not there."""
    slots = np.flatnonzero(mask)
    exact = collection.vectors["whole"].scores(query, slots)
    k = min(_K, len(slots))
    least = np.partition(exact, len(slots) - k)[len(slots) - k] if k else 0.0
    scores = collection.vectors["whole"].scores(query, near)
    return k - int((scores >= least - 1e-6).sum())


def _lexical(engine: Engine, queries: list[Text], rows: int) -> dict[str, Any]:
    """Our BM25 over whole texts beside tantivy and FTS5, the best thousand of each."""
    from matching.documents import Kind
    from matching.features import lexical_bag

    from .floors import RawLexical

    postings = engine.board(Kind.OUTCOME).collection.texts["words"]
    result: dict[str, Any] = {
        "about": {"rows": rows, "measured": "lexical, whole texts, best 1000"}
    }
    tell("建立对照的全文索引…")
    words = words_of(postings)
    engines: dict[str, Any] = {"raw arrays": RawLexical(postings)}
    for name, make in (("tantivy", Tantivy), ("fts5", Fts5)):
        try:
            engines[name] = make(words)
        except ImportError:
            result[name] = "没有安装（pip install tantivy，或依赖组 bench）"
        except Exception as error:  # this SQLite has no FTS5, or the package is another one
            result[name] = f"不能用：{error}"
    del words
    times = {name: Times() for name in ("indexes.postings", *engines)}
    bags = [lexical_bag([*each.title_segments, *each.body_segments])
            for each in engine.prepare_many(queries)]  # fmt: skip
    for bag in (bag for bag in bags if bag):
        times["indexes.postings"].run(lambda bag=bag: postings.scores(bag))  # type: ignore[misc]
        for name, search in engines.items():
            times[name].run(lambda bag=bag, search=search: search(bag, _CANDIDATES))  # type: ignore[misc]
    return result | {name: each.summary() for name, each in times.items()}

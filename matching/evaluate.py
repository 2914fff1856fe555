"""Measures a ranking on a graded set in BEIR layout: `jiebang evaluate DIR`.

The index is built from the set's corpus alone. nDCG@10 has the gain 2^grade - 1 and the discount
log2(rank + 1) (Järvelin & Kekäläinen 2002; gain after Burges et al. 2005); MRR@10 and recall
count every grade above 0. Queries without such a grade are left out and counted. Ungraded
texts count as grade 0 in the full ranking; with `rerank_only` only graded texts are ranked.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexes.postings import Postings, bag
from matching.baseline import plain_words
from matching.documents import Kind
from matching.encoder import Encoder, load_encoder
from matching.engine import Attributes, Engine, Filter, Prepared
from matching.exposure import spread
from matching.fusion import RELATED, WORTH, Fusion
from matching.mutual import joints
from matching.reliability import as_json, confusion, reliability

METHODS = ("lexical", "dense", "hybrid")
MEASURES = ("ndcg@10", "mrr@10", "recall@10", "recall@50")
DEPTH = 50
Ranker = Callable[[str, set[str] | None], list[str]]


class DatasetInvalid(Exception):
    """A file of the set is missing or ill-formed; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A graded set: texts and queries as id -> (title, text), grades per query."""

    corpus: dict[str, tuple[str, str]]
    queries: dict[str, tuple[str, str]]
    grades: dict[str, dict[str, int]]


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DatasetInvalid(f"缺少文件 {path.name}（应在 {path.parent} 里）。") from None
    except UnicodeDecodeError as error:
        raise DatasetInvalid(f"{path.name} 不是 UTF-8 文本：第 {error.start} 字节。") from error
    except OSError as error:
        raise DatasetInvalid(f"{path.name} 读不出来：{error.strerror}") from error
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line.rstrip("\r")


def _texts(path: Path) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for number, line in _lines(path):
        place = f"{path.name} 第 {number} 行"
        try:
            record = json.loads(line)
        except ValueError as error:
            raise DatasetInvalid(f"{place}不是 JSON：{error}") from error
        if not isinstance(record, dict) or not isinstance(record.get("_id"), str | int):
            raise DatasetInvalid(f"{place}缺少 _id。")
        title, text = record.get("title") or "", record.get("text") or ""
        if not isinstance(title, str) or not isinstance(text, str):
            raise DatasetInvalid(f"{place}的 title 或 text 不是文字。")
        key = str(record["_id"])
        if key in found:
            raise DatasetInvalid(f"{place}的 _id {key} 重复。")
        found[key] = (title, text)
    if not found:
        raise DatasetInvalid(f"{path.name} 是空的。")
    return found


def read_beir(folder: Path) -> Dataset:
    """Reads corpus.jsonl, queries.jsonl and qrels.tsv (or qrels/test.tsv).

    Raises DatasetInvalid.
    """
    corpus = _texts(folder / "corpus.jsonl")
    queries = _texts(folder / "queries.jsonl")
    path = folder / "qrels.tsv"
    if not path.is_file() and (folder / "qrels" / "test.tsv").is_file():
        path = folder / "qrels" / "test.tsv"
    grades: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        fields = line.split("\t")
        if number == 1 and fields[-1].strip() == "score":
            continue
        place = f"{path.name} 第 {number} 行"
        if len(fields) != 3:
            raise DatasetInvalid(f"{place}应有三列（query-id、corpus-id、score，以制表符分开）。")
        query, text, score = (part.strip() for part in fields)
        try:
            grade = int(score)
        except ValueError:
            raise DatasetInvalid(f"{place}的 score 不是整数：{score}") from None
        if query not in queries:
            raise DatasetInvalid(f"{place}的 query-id {query} 不在 queries.jsonl 里。")
        if text not in corpus:
            raise DatasetInvalid(f"{place}的 corpus-id {text} 不在 corpus.jsonl 里。")
        grades.setdefault(query, {})[text] = grade
    return Dataset(corpus, queries, grades)


def gain(grades: Sequence[int]) -> float:
    """Discounted cumulative gain of the first ten grades."""
    return sum((2.0 ** max(g, 0) - 1.0) / math.log2(n + 2) for n, g in enumerate(grades[:10]))


def interval(values: Sequence[float], draws: int = 2000, seed: int = 7) -> tuple[float, float]:
    """The 95 % bootstrap interval of a mean over queries (Efron & Tibshirani 1993)."""
    numbers = np.asarray(values, np.float64)
    if not len(numbers):
        return 0.0, 0.0
    rng = np.random.default_rng(seed)
    means = rng.choice(numbers, (draws, len(numbers))).mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def _baseline(data: Dataset) -> Ranker:
    """The frozen yardstick: jieba's words (default dictionary, HMM off), one field, BM25."""
    ids = list(data.corpus)
    at = {key: n for n, key in enumerate(ids)}
    postings = Postings()
    postings.add([bag(plain_words(f"{title} {text}")) for title, text in data.corpus.values()])

    def rank(query: str, only: set[str] | None) -> list[str]:
        title, text = data.queries[query]
        scores, _ = postings.scores(bag(plain_words(f"{title} {text}")))
        if only is not None:
            return sorted(only, key=lambda key: (-scores[at[key]], at[key]))
        order = np.argsort(-scores, kind="stable")[:DEPTH]
        return [ids[n] for n in order if scores[n] > 0]

    return rank


def _engine(data: Dataset, method: str, encoder: Encoder, fusion: Fusion | None) -> Ranker:
    ids = list(data.corpus)
    at = {key: n for n, key in enumerate(ids)}
    engine = Engine(encoder, fusion)
    prepared = engine.prepare_many(list(data.corpus.values()))
    entries: list[tuple[int, Prepared, Attributes]] = [
        (n, one, Attributes()) for n, one in enumerate(prepared)
    ]
    engine.apply(Kind.OUTCOME, entries)

    def rank(query: str, only: set[str] | None) -> list[str]:
        asked = engine.prepare(*data.queries[query])
        where = Filter(only_ids=frozenset(at[key] for key in only) if only is not None else None)
        depth = DEPTH if only is None else len(only)
        found = [ids[m.id] for m in engine.search(asked, Kind.OUTCOME, depth, where, method=method)]
        if only is not None:  # what shares nothing with the query comes last
            found += sorted(only - set(found), key=lambda key: at[key])
        return found

    return rank


def turned(data: Dataset) -> Dataset:
    """The same set asked from the other side: every graded text looks for its queries."""
    grades: dict[str, dict[str, int]] = {}
    for query, found in data.grades.items():
        for text, grade in found.items():
            grades.setdefault(text, {})[query] = grade
    queries = {key: data.corpus[key] for key in data.corpus if key in grades}
    return Dataset(data.queries, queries, grades)


def evaluate(
    folder: Path,
    method: str = "hybrid",
    rerank_only: bool = False,
    encoder: Encoder | None = None,
    *,
    reverse: bool = False,
    fusion: Fusion | None = None,
) -> dict[str, Any]:
    """One method on one set; see the module for the measures.

    Returns {"method", "queries", "ndcg@10", "mrr@10", "recall@10", "recall@50", "ms_per_query",
    "left_out", "ndcg@10_95", "mrr@10_95", "coverage@10", "gini@10"}; those with 95 are [low, high]
    of the bootstrap interval over queries, the last two say how the first ten places of all lists
    are spread over the corpus (`exposure.spread`; not with `rerank_only`). Time per query includes
    segmenting and encoding it. `reverse` asks from the other
    side. Raises DatasetInvalid, and ValueError for an unknown method.
    """
    if method not in METHODS:
        raise ValueError(f"没有检索方法 {method!r}，只有 {'、'.join(METHODS)}。")
    data = read_beir(folder)
    if reverse:
        data = turned(data)
    rank = (
        _baseline(data)
        if method == "lexical"
        else _engine(data, method, encoder or load_encoder(), fusion)
    )
    values: dict[str, list[float]] = {name: [] for name in MEASURES}
    judged = [q for q in data.queries if any(g > 0 for g in data.grades.get(q, {}).values())]
    if judged:
        rank(judged[0], None)  # loading what is loaded lazily is not the query's time
    spent = 0.0
    places: list[list[int]] = []
    numbers = {key: n for n, key in enumerate(data.corpus)}
    for query in judged:
        grades = data.grades[query]
        began = time.perf_counter()
        found = rank(query, set(grades) if rerank_only else None)
        spent += time.perf_counter() - began
        got = [grades.get(key, 0) for key in found]
        places.append([numbers[key] for key in found[:10]])
        relevant = sum(grade > 0 for grade in grades.values())
        best = gain(sorted(grades.values(), reverse=True))
        values["ndcg@10"].append(gain(got) / best)
        first = next((1 / (n + 1) for n, g in enumerate(got[:10]) if g > 0), 0.0)
        values["mrr@10"].append(first)
        values["recall@10"].append(sum(g > 0 for g in got[:10]) / relevant)
        values["recall@50"].append(sum(g > 0 for g in got[:50]) / relevant)
    count = max(len(judged), 1)
    spreading = spread(places, len(data.corpus))
    return {
        "method": method,
        "queries": len(judged),
        **{name: sum(values[name]) / count for name in MEASURES},
        "ms_per_query": 1000 * spent / count,
        "left_out": len(data.queries) - len(judged),
        "ndcg@10_95": list(interval(values["ndcg@10"])),
        "mrr@10_95": list(interval(values["mrr@10"])),
        **({} if rerank_only else {"coverage@10": spreading.coverage, "gini@10": spreading.gini}),
    }


def judge(
    folder: Path, encoder: Encoder, fusion: Fusion, *, reverse: bool = False
) -> dict[str, Any]:
    """Probabilities and levels of all graded pairs against their grades (`reliability.as_json`).

    "joint" has nDCG@10 of the graded pairs by the asking side's probability, "own", and by that of
    both sides, "both" (`matching.mutual`).
    """
    from matching.learning import collect, ndcg

    data = read_beir(folder)
    if reverse:
        data = turned(data)
    pairs, back = collect(data, encoder), collect(turned(data), encoder)
    fused = fusion.fused(pairs.features)
    sides = [fusion.probability(each, WORTH) for each in (fused, fusion.fused(back.features))]
    theirs = sides[1][_turned_places(data)]
    found = [
        reliability(fusion.probability(fused, grade), pairs.grades, grade)
        for grade in (RELATED, WORTH)
    ]
    return as_json(found, confusion(fusion, fused, pairs.grades)) | {
        "joint": {"own": ndcg(pairs, sides[0]), "both": ndcg(pairs, joints(sides[0], theirs))}
    }


def _turned_places(data: Dataset) -> NDArray[np.int64]:
    """Where each graded pair of a set stands among those of the set turned."""
    place = {
        (query, text): n
        for n, (text, query) in enumerate(
            (text, query) for text, found in turned(data).grades.items() for query in found
        )
    }
    return np.asarray(
        [place[query, text] for query, found in data.grades.items() for text in found], np.int64
    )

"""Measures a ranking on a graded set in BEIR layout.

    python -m matching.evaluate DIR [DIR ...] [--rerank-only] [--model FOLDER]

The index is built from the set's corpus alone. nDCG@10 has the gain 2^grade - 1 and the discount
log2(rank + 1) (Järvelin & Kekäläinen 2002; gain after Burges et al. 2005); MRR@10 and recall
count every grade above 0. Queries without such a grade are left out and counted. Ungraded
texts count as grade 0 in the full ranking; with `rerank_only` only graded texts are ranked.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from indexes.postings import Postings, bag
from matching.baseline import plain_words
from matching.documents import Kind
from matching.encoder import Encoder, load_encoder
from matching.engine import Attributes, Engine, Filter, Prepared

METHODS = ("lexical", "dense", "hybrid")
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


def _engine(data: Dataset, method: str, encoder: Encoder) -> Ranker:
    ids = list(data.corpus)
    at = {key: n for n, key in enumerate(ids)}
    engine = Engine(encoder)
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


def evaluate(
    folder: Path, method: str = "hybrid", rerank_only: bool = False, encoder: Encoder | None = None
) -> dict[str, Any]:
    """One method on one set; see the module for the measures.

    Returns {"method", "queries", "ndcg@10", "mrr@10", "recall@10", "recall@50", "ms_per_query",
    "left_out"}. Time per query includes segmenting and encoding it. Raises DatasetInvalid, and
    ValueError for an unknown method.
    """
    if method not in METHODS:
        raise ValueError(f"没有检索方法 {method!r}，只有 {'、'.join(METHODS)}。")
    data = read_beir(folder)
    rank = (
        _baseline(data) if method == "lexical" else _engine(data, method, encoder or load_encoder())
    )
    totals = dict.fromkeys(("ndcg@10", "mrr@10", "recall@10", "recall@50"), 0.0)
    judged = [q for q in data.queries if any(g > 0 for g in data.grades.get(q, {}).values())]
    if judged:
        rank(judged[0], None)  # loading what is loaded lazily is not the query's time
    spent = 0.0
    for query in judged:
        grades = data.grades[query]
        began = time.perf_counter()
        found = rank(query, set(grades) if rerank_only else None)
        spent += time.perf_counter() - began
        got = [grades.get(key, 0) for key in found]
        relevant = sum(grade > 0 for grade in grades.values())
        totals["ndcg@10"] += gain(got) / gain(sorted(grades.values(), reverse=True))
        totals["mrr@10"] += next((1 / (n + 1) for n, g in enumerate(got[:10]) if g > 0), 0.0)
        totals["recall@10"] += sum(g > 0 for g in got[:10]) / relevant
        totals["recall@50"] += sum(g > 0 for g in got[:50]) / relevant
    count = max(len(judged), 1)
    return {
        "method": method,
        "queries": len(judged),
        **{name: total / count for name, total in totals.items()},
        "ms_per_query": 1000 * spent / count,
        "left_out": len(data.queries) - len(judged),
    }


def main() -> None:
    """Command line: all three methods side by side."""
    parser = argparse.ArgumentParser(description="在评测集上比较三种检索方法")
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--rerank-only", action="store_true")
    parser.add_argument("--model", default=None)
    options = parser.parse_args()
    encoder = load_encoder(options.model)
    for folder in options.folders:
        for method in METHODS:
            found = evaluate(folder, method, options.rerank_only, encoder)
            numbers = "  ".join(
                f"{name} {value:.4f}" for name, value in found.items() if isinstance(value, float)
            )
            counts = f"queries {found['queries']}  left out {found['left_out']}"
            sys.stdout.write(f"{folder.name:14} {method:8} {numbers}  {counts}\n")


if __name__ == "__main__":
    main()

"""Measuring: the figures by hand on a tiny set, and clear refusals."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from matching.encoder import load_encoder
from matching.evaluate import DatasetInvalid, evaluate, gain, judge, read_beir
from matching.fusion import bundled
from matching.training.terms import keywords

CORPUS = [
    {"_id": "d1", "title": "焊接机器人", "text": "汽车车身自动焊接"},
    {"_id": "d2", "title": "焊缝检测", "text": "超声检测焊接缺陷"},
    {"_id": "d3", "title": "草莓保鲜", "text": "气调包装"},
    {"_id": "d4", "title": "", "text": ""},
]
QUERIES = [
    {"_id": "q1", "title": "车身焊接机器人", "text": "需要自动焊接汽车车身"},
    {"_id": "q2", "title": "没有相关成果", "text": ""},
]
GRADES = "query-id\tcorpus-id\tscore\nq1\td1\t3\nq1\td2\t1\nq1\td3\t0\nq2\td3\t0\n"


def lines(records: list[dict[str, str]]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "corpus.jsonl").write_text(lines(CORPUS), encoding="utf-8")
    (tmp_path / "queries.jsonl").write_text(lines(QUERIES), encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text(GRADES, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("method", ["lexical", "dense", "hybrid"])
@pytest.mark.parametrize("rerank_only", [True, False])
def test_a_perfect_ranking(folder: Path, method: str, rerank_only: bool) -> None:
    found = evaluate(folder, method, rerank_only)
    assert found["method"] == method
    assert (found["queries"], found["left_out"]) == (1, 1)
    assert found["ndcg@10"] == pytest.approx(1.0)
    assert found["mrr@10"] == found["recall@10"] == found["recall@50"] == 1.0
    assert found["ms_per_query"] > 0
    assert ("gini@10" in found) is not rerank_only


def test_how_places_are_spread(folder: Path) -> None:
    found = evaluate(folder, "lexical")
    assert found["coverage@10"] == 0.5, "the first two of four"
    assert found["gini@10"] == pytest.approx(0.5)


def test_pairs_are_judged_from_both_sides(folder: Path) -> None:
    """q1's best is d1 from either side; the pair that a text without words takes part in has no
    value from its own side, and so none to both."""
    graded = GRADES + "q1\td4\t0\n"
    (folder / "qrels.tsv").write_text(graded, encoding="utf-8")
    found = judge(folder, load_encoder(), bundled())
    assert found["joint"] == {"own": pytest.approx(1.0), "both": pytest.approx(1.0)}
    assert sum(sum(counts) for counts in found["levels"].values()) == 5


def test_a_known_imperfect_ranking(folder: Path) -> None:
    """The wrong text is graded best: it is found second or third, and nDCG says so."""
    swapped = GRADES.replace("q1\td1\t3", "q1\td1\t0").replace("q1\td3\t0", "q1\td3\t2")
    (folder / "qrels.tsv").write_text(swapped, encoding="utf-8")
    found = evaluate(folder, "lexical", True)
    ideal = 3 / math.log2(2) + 1 / math.log2(3)
    got = 1 / math.log2(3) + 3 / math.log2(4)
    assert found["ndcg@10"] == pytest.approx(got / ideal)
    assert found["mrr@10"] == 0.5


def test_gain_counts_ten() -> None:
    assert gain([3]) == 7
    assert gain([0] * 10 + [3]) == 0
    assert gain([2, 2]) == pytest.approx(3 + 3 / math.log2(3))
    assert gain([-1]) == 0


def test_qrels_in_a_folder_are_read_too(folder: Path) -> None:
    (folder / "qrels").mkdir()
    (folder / "qrels.tsv").rename(folder / "qrels" / "test.tsv")
    assert read_beir(folder).grades["q1"] == {"d1": 3, "d2": 1, "d3": 0}


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("corpus.jsonl", None, "缺少文件 corpus.jsonl"),
        ("queries.jsonl", None, "缺少文件 queries.jsonl"),
        ("qrels.tsv", None, "缺少文件 qrels.tsv"),
        ("corpus.jsonl", lines(CORPUS) + "{oops\n", "corpus.jsonl 第 5 行不是 JSON"),
        ("corpus.jsonl", '{"title": "x"}\n', "corpus.jsonl 第 1 行缺少 _id"),
        ("corpus.jsonl", '{"_id": "a", "text": 3}\n', "第 1 行的 title 或 text"),
        ("corpus.jsonl", "[1]\n", "第 1 行缺少 _id"),
        ("corpus.jsonl", lines(CORPUS[:1] * 2), "第 2 行的 _id d1 重复"),
        ("queries.jsonl", "\n\n", "queries.jsonl 是空的"),
        ("qrels.tsv", "q1\td1\t3\nq1\td2\n", "qrels.tsv 第 2 行应有三列"),
        ("qrels.tsv", "q1\td1\tx\n", "第 1 行的 score 不是整数"),
        ("qrels.tsv", "q9\td1\t1\n", "query-id q9 不在"),
        ("qrels.tsv", "q1\td9\t1\n", "corpus-id d9 不在"),
    ],
)
def test_bad_files_name_the_line(folder: Path, file: str, text: str | None, words: str) -> None:
    if text is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(DatasetInvalid, match=words):
        evaluate(folder, "lexical")


def test_bytes_that_are_no_text(folder: Path) -> None:
    (folder / "corpus.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DatasetInvalid, match="UTF-8"):
        read_beir(folder)


def test_unknown_method(folder: Path) -> None:
    with pytest.raises(ValueError, match="没有检索方法"):
        evaluate(folder, "magic")


def test_keywords_are_split_at_any_separator() -> None:
    assert keywords({"keywords": "焊接；机器人, 车身、Ａ1"}) == ["焊接", "机器人", "车身", "a1"]

"""`jiebang bench` at small sizes: it ends well, prints JSON, and never without its floor."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from jiebang.commands.bench import command
from jiebang.commands.bench.texts import listings, queries


def _run(*arguments: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(command, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["bench"] == arguments[0]
    results: list[dict[str, Any]] = found["results"]
    return results


def test_search_stands_beside_its_floor(tmp_path) -> None:
    arguments = ("search", "--rows", "300", "--rounds", "8", "--workers", "1", "--others")
    results = _run(*arguments, "--keep", str(tmp_path))
    whole, *beside, rounding, lexical = results
    assert {"1 client, filter 100%", "1 client, filter 0.5%", "8 clients, filter 100%"} <= set(
        whole
    )
    assert whole["memory"]["rss"] > 0
    assert [each["about"]["filter"] for each in beside] == ["100%", "5%", "0.5%"]
    for each in beside:
        assert each["ratio"]["ranked/floor (mean)"] > 0
        assert each["ratio"]["recall@50"] == 1.0
        assert each["ranked list"]["cpu_p95"] > 0 and each["floor"]["cpu_p50"] > 0
    assert rounding["recall@50"] > 0.97 and rounding["queries"]["asked"] == 8
    assert lexical["indexes.postings"]["cpu_p50"] > 0 and lexical["raw arrays"]["cpu_p50"] > 0
    assert lexical["tantivy"] and lexical["fts5"]  # figures, or why there are none
    kept = json.loads((tmp_path / "market-300" / "about.json").read_text())
    assert kept["rows"] == 300
    assert len(_run(*arguments[:-1], "--keep", str(tmp_path))) == 5  # the kept one is used again


def test_index_recalls_everything() -> None:
    (found,) = _run("index", "--rows", "800", "--dim", "16")
    for share in ("100%", "5%", "0.5%"):
        assert found[f"filter {share}"]["ratio"] > 0
        # random vectors of 16 numbers lie close: float16 may change places at the very end
        assert found[f"filter {share}"]["recall@50"] > 0.97


def test_encode_and_start_and_pairs(tmp_path) -> None:
    (encoded,) = _run("encode", "--rows", "60", "--workers", "1")
    assert encoded["ratio"]["prepare/(segment+encode)"] > 0
    assert encoded["texts a second, 1 processes"] > 0
    kept = ("--rows", "120", "--workers", "1", "--keep", str(tmp_path))
    (started,) = _run("start", *kept)
    assert started["load ms"]["cpu"] > 0 and started["first answer ms"]["clock"] > 0
    (paired,) = _run("pairs", *kept)
    assert paired["about"] == {"needs": 120, "outcomes": 120, "k": 20}
    assert paired["ratio"]["dense/bare"] > 0 and paired["one fused list"]["cpu_p50"] > 0


@pytest.mark.parametrize("more", [(), ("--strict",)])
def test_import_keeps_every_row(more: tuple[str, ...]) -> None:
    (found,) = _run("import", "--rows", "30", "--workers", "1", *more)
    assert found["kept"] == {"created": 30, "failed": 0, "skipped": 0}
    assert found["ratio"]["import/encoder, processor"] > 0


def test_freshness_finds_every_publication() -> None:
    (found,) = _run("freshness", "--rounds", "5")
    assert found["found in the next search"] == 5


def test_a_table_for_people_and_bad_row_counts() -> None:
    done = CliRunner().invoke(command, ["index", "--rows", "200", "--dim", "8"])
    assert done.exit_code == 0 and "ratio=" in done.stdout
    refused = CliRunner().invoke(command, ["index", "--rows", "viele"])
    assert refused.exit_code == 2 and "正整数" in refused.output


def test_pieces_of_papers_and_made_up_texts(tmp_path) -> None:
    paper = {"title": "甲", "abstract": "", "paragraphs": [["一", "焊接工艺与热处理，" * 60]]}
    (tmp_path / "one.jsonl").write_text(json.dumps(paper), "utf-8")
    cut = list(listings(100, tmp_path))
    assert len(cut) > 8 and all(title and len(title + body) <= 135 for title, body in cut)
    assert list(listings(5, None)) == list(listings(5, None))
    asked = queries(6, None)
    assert [bool(body) for _, body in asked] == [False, True] * 3

"""Rows: good ones are kept, bad ones named, and nothing is lost or invented."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jiebang.boards.imports import Summary
from jiebang.boards.imports.cells import safe_cell, unguarded
from jiebang.core.errors import Forbidden
from jiebang.core.permissions import Actor, OrganisationRole, Seat

from .conftest import MemoryStore

Run = Callable[..., Summary]
Sheet = Callable[..., Path]
HEADER: list[object] = ["外部编号", "标题", "公开摘要", "预算"]
SENTENCE = "薄壁铝合金件焊后翘曲超差，需要可在现有产线上执行的变形控制办法。"


def thirty(broken: dict[int, str] | None = None) -> list[list[object]]:
    rows: list[list[object]] = [
        [f"N{n}", f"第 {n} 项技术需求", SENTENCE, "80-120万元"] for n in range(2, 32)
    ]
    for number, money in (broken or {}).items():
        rows[number - 2][3] = money
    return [HEADER, *rows]


@pytest.fixture
def jsonl(tmp_path: Path) -> Callable[..., Path]:
    def go(*rows: dict[str, Any], name: str = "a.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
        return path

    return go


def member(organisation_id: int = 7) -> Actor:
    seat = Seat(organisation_id, "甲公司", OrganisationRole.AGENT, frozenset(), True, "enterprise")
    return Actor(user_id=1, label="经办人", seats=(seat,), seat=seat)


def test_a_broken_row_is_named_and_the_others_kept(run: Run, sheet: Sheet) -> None:
    summary = run("need", sheet(*thirty({17: "一百来万"})))
    assert (summary.read, summary.created, summary.failed) == (30, 29, 1)
    assert str(summary.errors[0]).startswith("第 17 行，列“预算”：看不懂金额“一百来万”")
    assert not summary.ok


def test_twice_the_same_file_makes_nothing_new(run: Run, sheet: Sheet) -> None:
    path = sheet(*thirty())
    assert run("need", path).created == 30
    again = run("need", path)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 30)
    changed = thirty()
    changed[5][1] = "改过的标题在这里"
    assert run("need", sheet(*changed)).updated == 1


def test_rows_without_id_are_found_by_content(run: Run, sheet: Sheet) -> None:
    path = sheet(["标题"], ["焊接变形控制"], ["轴承降噪技术"], ["焊接变形控制"])
    summary = run("need", path)
    assert (summary.created, summary.skipped) == (2, 1)
    assert run("need", path).unchanged == 2


def test_one_id_twice_with_other_content_is_an_error(run: Run, sheet: Sheet) -> None:
    summary = run("need", sheet(["id", "标题"], ["A", "焊接变形"], ["A", "轴承降噪"]))
    assert str(summary.errors[0]) == "第 3 行，列“id”：编号“A”与第 2 行重复"


def test_strict_keeps_nothing(run: Run, sheet: Sheet, store: MemoryStore) -> None:
    summary = run("need", sheet(*thirty({17: "一百来万", 20: "很多"})), strict=True)
    assert [error.row for error in summary.errors] == [17, 20]
    assert (summary.created, store.batches) == (0, [])
    store.refuse.add("第 9 项技术需求")
    summary = run("need", sheet(*thirty()), strict=True)
    assert (summary.created, summary.failed) == (0, 1)
    store.refuse.clear()
    assert run("need", sheet(*thirty()), strict=True).ok


def test_batches_of_500(run: Run, jsonl: Callable[..., Path], store: MemoryStore) -> None:
    path = jsonl(*({"id": str(n), "title": f"第 {n} 项需求"} for n in range(1201)))
    seen: list[int] = []
    assert run("need", path, progress=seen.append).created == 1201
    assert store.batches == [500, 500, 201]
    assert seen[-1] == 1201


def test_what_the_service_refuses_is_reported(run: Run, sheet: Sheet, store: MemoryStore) -> None:
    store.refuse.add("第 5 项技术需求")
    store.explode.add("第 6 项技术需求")
    summary = run("need", sheet(*thirty()))
    assert summary.created == 28
    assert [str(error) for error in summary.errors] == [
        "第 5 行，列“标题”：不收这一条",
        "第 6 行：这一批不行",
    ]


def test_dry_run(run: Run, sheet: Sheet, store: MemoryStore) -> None:
    summary = run("need", sheet(*thirty({17: "很多"})), dry_run=True)
    assert (summary.read, summary.failed, store.batches) == (30, 1, [])


def test_rows_of_a_technology_market_import_as_they_are(
    run: Run, jsonl: Callable[..., Path], store: MemoryStore
) -> None:
    long = SENTENCE * 12
    path = jsonl(
        {"id": "N1", "title": "焊接变形", "body": SENTENCE, "industry": "制造业",
         "modes": "技术入股,委托开发,其他", "posted": "2020-01-13"},
        {"id": "N2", "title": "轴承降噪", "body": long, "industry": "建筑业", "modes": "",
         "posted": "2020-01-14"},
        {"id": "N3", "title": "", "body": "", "industry": "", "modes": "", "posted": "2020-01-14"},
        {"id": "N4", "title": "蓄电池", "body": "", "industry": "", "modes": "", "posted": ""},
    )  # fmt: skip
    summary = run("need", path, publish=True)
    assert (summary.created, summary.skipped, summary.ok) == (3, 1, True)
    first, second, last = store.rows
    assert first.values["summary"] == SENTENCE
    assert first.values["modes"] == ["作价入股", "技术开发"]
    assert first.values["industry"] == "other"
    assert first.origin == {"industry": "制造业", "modes": "技术入股,委托开发,其他"}
    assert first.posted == datetime(2020, 1, 12, 16, tzinfo=UTC)
    assert second.values["problem"] == long
    assert long.startswith(second.values["summary"])
    assert second.values["summary"].endswith("。")
    assert len(second.values["summary"]) <= 300
    assert "公开摘要" in last.missing
    assert all(row.publish for row in store.rows)


def test_outcomes_keep_the_stage_in_words(
    run: Run, jsonl: Callable[..., Path], store: MemoryStore
) -> None:
    path = jsonl(
        {"id": "O1", "title": "尺寸测量系统", "body": SENTENCE * 12, "maturity": "已有样品",
         "industry": "制造业——其他制造业", "field": "电子信息-计算机软件", "scope": "汽车领域",
         "modes": "完全转让许可转让", "price": "100.0万元-200.0万元", "posted": "2020-03-20"},
        {"id": "O2", "title": "光学检测装置", "body": SENTENCE, "maturity": "6级"},
    )  # fmt: skip
    assert run("outcome", path).ok
    first, second = store.rows
    assert first.values["details"] == SENTENCE * 12
    assert first.values.get("trl") is None
    assert first.origin["maturity"] == "已有样品"
    assert first.values["industry"] == "digital"
    assert first.values["application"] == "汽车领域"
    assert first.values["modes"] == ["技术转让", "技术许可"]
    assert first.values["money"].high == 200_0000_00
    assert second.values["trl"] == 6
    assert "details" not in second.values


def test_no_summary_is_made_of_a_text_that_is_not_public(
    run: Run, jsonl: Callable[..., Path], store: MemoryStore
) -> None:
    rows = {"id": "A", "title": "焊接变形", "body": SENTENCE, "公开范围": "签署保密协议后可见"}
    assert run("need", jsonl(rows)).ok
    assert store.rows[0].values["problem"] == SENTENCE
    assert store.rows[0].values.get("summary") is None


def test_members_import_for_their_own_organisation_only(
    run: Run, sheet: Sheet, store: MemoryStore
) -> None:
    path = sheet(["标题", "所属单位"], ["焊接变形控制", "乙公司"])
    summary = run("need", path, actor=member(), publish=True)
    assert summary.created == 1
    assert store.rows[0].organisation_id == 7
    assert store.rows[0].organisation_name == "甲公司"
    assert not store.rows[0].publish, "incomplete rows stay drafts"
    with pytest.raises(Forbidden):
        run("need", path, actor=member(), organisation_id=8)
    with pytest.raises(Forbidden):
        run("organisation", path, actor=member())


def test_future_publication_dates_are_refused(run: Run, sheet: Sheet) -> None:
    summary = run("need", sheet(["标题", "发布日期"], ["焊接变形控制", "2099-01-01"]))
    assert summary.errors[0].column == "发布日期"


def test_summary_as_json(run: Run, sheet: Sheet) -> None:
    found = json.loads(json.dumps(run("need", sheet(*thirty({17: "很多"}))).as_json()))
    assert found["created"] == 29
    assert found["errors"][0]["row"] == 17
    assert found["errors"][0]["column"] == "预算"


@pytest.mark.parametrize("text", ["=1+1", "+86", "-5℃ 储存", "@SUM(A1)", "\t=1"])
def test_cells_are_no_formulas(text: str) -> None:
    assert safe_cell(text) == f"'{text}"
    assert unguarded(safe_cell(text)) == text
    assert safe_cell("普通文字") == "普通文字"
    assert safe_cell(-5) == -5

"""What a description leaves open, asked back in plain words."""

from __future__ import annotations

from typing import Any

import pytest

from jiebang.boards.intake.clarity import Mark, Point, points
from jiebang.core.boards import Board
from tests.factories import complete

VAGUE = {"title": "希望提高产品质量", "summary": "我们想找一项好技术，把产品质量做上去。"}


def by_key(board: Board, values: dict[str, Any]) -> dict[str, Point]:
    return {point.key: point for point in points(board, values)}


def test_a_vague_line_is_asked_for_everything_that_readers_need() -> None:
    found = by_key(Board.NEED, VAGUE)
    for key in ("indicators", "material", "method", "application", "deadline", "money", "ip"):
        assert found[key].mark is Mark.OPEN, key
        assert found[key].says
    assert found["product"].mark is Mark.FOUND
    assert found["effect"].mark is Mark.PARTLY and "到多少" in found["effect"].says


def test_what_stands_in_the_text_is_asked_into_its_place() -> None:
    text = (
        "采用氩弧焊焊接铝合金壳体，焊后平面度要降到1mm以内，"
        "2027年6月前完成，预算约120万元，专利归双方。"
    )
    found = by_key(Board.NEED, {"title": "电池托盘焊接", "summary": text})
    for key, quote in (
        ("indicators", "1mm"), ("deadline", "2027年6月"), ("money", "120万元"), ("ip", "专利归"),
    ):  # fmt: skip
        assert found[key].mark is Mark.PARTLY, key
        assert quote in found[key].says
    assert "铝合金" in found["material"].says and "焊接" in found["method"].says


def test_a_complete_need_leaves_little_open() -> None:
    found = by_key(Board.NEED, complete(Board.NEED, ip_ownership="joint"))
    assert {key for key, point in found.items() if point.mark is Mark.OPEN} <= {"application"}
    assert found["indicators"].says == "1 个指标有数值和单位"


@pytest.mark.parametrize(
    ("row", "mark"),
    [
        ({"name": "平面度", "comparator": "≤", "value": "1", "unit": "mm"}, Mark.FOUND),
        ({"name": "平面度", "comparator": "≤", "value": "1", "unit": ""}, Mark.PARTLY),
        ({"name": "平面度", "comparator": "≤", "value": "1mm", "unit": ""}, Mark.FOUND),
        ({"name": "外观", "comparator": "定性", "value": "", "unit": ""}, Mark.PARTLY),
    ],
)
def test_an_indicator_needs_a_number_and_a_unit(row: dict[str, str], mark: Mark) -> None:
    assert by_key(Board.NEED, {**VAGUE, "indicators": [row]})["indicators"].mark is mark


def test_patent_speak_is_named_and_boasts_are_not_numbers() -> None:
    found = by_key(Board.OUTCOME, {
        "title": "一种复合焊接方法",
        "summary": "本发明公开了一种方法，其特征在于所述电弧与激光同轴，达到国际先进水平。",
    })  # fmt: skip
    assert found["plain"].mark is Mark.OPEN and "其特征在于" in found["plain"].says
    assert found["better"].mark is Mark.PARTLY and "国际先进" in found["better"].says
    plain = by_key(Board.OUTCOME, {
        "title": "让电池托盘焊完不变形",
        "summary": "解决铝合金托盘焊后翘曲的问题，给电池托盘厂用。平面度比传统氩弧焊小60%。",
    })  # fmt: skip
    for key in ("problem", "whom", "better", "plain"):
        assert plain[key].mark is Mark.FOUND, key


def test_protected_principle_is_never_judged_as_public_text() -> None:
    values = {"title": "低温固化树脂", "summary": "用于风电叶片厂。", "principle": "其特征在于所述"}
    assert by_key(Board.OUTCOME, values)["plain"].mark is Mark.FOUND


@pytest.mark.parametrize("board", [b for b in Board if b not in (Board.NEED, Board.OUTCOME)])
def test_other_boards_are_not_asked_questions_of_research(board: Board) -> None:
    assert points(board, complete(board)) == []

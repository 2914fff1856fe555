"""Numbers with units in everyday sentences."""

from __future__ import annotations

import pytest

from jiebang.boards.intake import measures


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("焊后平面度不超过1mm", [("焊后平面度", "≤", "1", "mm")]),
        ("节拍 2 分钟以内", [("节拍", "≤", "2", "分钟")]),
        ("抗拉强度≥980MPa", [("抗拉强度", "≥", "980", "MPa")]),
        ("延伸率大于12%，其他不限", [("延伸率", ">", "12", "%")]),
        ("温度-40~85℃下工作", [("温度", "范围", "-40~85", "°C")]),
        ("定位精度±0.02mm", [("定位精度", "±", "0.02", "mm")]),
        ("寿命达到1万小时以上", [("寿命", "≥", "1", "万小时")]),
        ("线速度提升到 1,200 m/min", [("线速度", "≥", "1,200", "m/min")]),
        ("使用6061-T6铝合金、TC4钛合金、HJ-1A卫星", []),
        ("2027年6月前完成，投入120万元", []),
        ("泄漏量降到5mL/h以内", [("泄漏量", "≤", "5", "mL/h")]),
        ("共有三个方案", []),
    ],
)  # fmt: skip
def test_measures(text: str, expected: list[tuple[str, str, str, str]]) -> None:
    found = measures.find(text)
    assert [(m.name, m.comparator, m.value, m.unit) for m in found] == expected


def test_the_same_measure_is_named_once_and_as_the_text_says_it() -> None:
    found = measures.find("平面度≤1mm。要求平面度≤1mm。")
    assert [each.quote for each in found] == ["平面度≤1mm"]
    assert found[0].row == {"name": "平面度", "comparator": "≤", "value": "1", "unit": "mm"}


def test_a_long_text_of_digits_is_read_in_time() -> None:
    assert measures.find("1" * 20_000 + "~" * 5_000 + "9,9." * 5_000) == []

"""Values: read from anything, refused in words, shown so that they read back."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiebang.boards.fields import FIELDS, Field, FieldType
from jiebang.boards.fields.values import (
    check,
    coerce,
    completeness,
    display,
    search_text,
)
from jiebang.core.money import MoneyRange

BY_NAME = {(kind, field.name): field for kind, fields in FIELDS.items() for field in fields}
EVERY = [field for fields in FIELDS.values() for field in fields]
EVERY += [column for field in EVERY for column in field.columns]
MOMENT = Field("opens", "开标时间", FieldType.MOMENT)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text()
    | st.dates()
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.binary()
    | st.sampled_from(["6级", "80万元-120万元", "2027年底", "[[", "a|b|c", '[{"name": 1}]'])
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@settings(max_examples=400, deadline=None)
@given(field=st.sampled_from([*EVERY, MOMENT]), raw=ANYTHING, lenient=st.booleans())
def test_coerce_gives_a_value_or_a_sentence(field: Field, raw: object, lenient: bool) -> None:
    notes: list[str] = []
    try:
        value = coerce(field, raw, lenient=lenient, notes=notes)
    except ValueError as error:
        assert field.label in str(error)
        assert len(str(error)) < 400
        return
    shown = display(field, value)
    assert isinstance(shown, str)
    assert isinstance(search_text(field, value), str)
    check([field], {field.name: value}, complete=True)
    if field.type not in (FieldType.ROWS, FieldType.FLAG, FieldType.MOMENT):
        again = coerce(field, shown)
        assert again == value or field.type in (FieldType.LINE, FieldType.TEXT)


@pytest.mark.parametrize(
    "part", ["(", "（", "1", "a1", " ", "1,", "×", "|", "；", "1-", "年", "\n"]
)
def test_long_nonsense_is_answered_at_once(part: str) -> None:
    started = time.monotonic()
    for field in {field.name: field for field in EVERY}.values():
        with contextlib.suppress(ValueError):
            coerce(field, part * 50_000, lenient=True, notes=[])
    assert time.monotonic() - started < 8


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("title", "  铝合金\x00焊接\u200b\t变形 ", "铝合金焊接 变形"),
        ("trl", "6级", 6),
        ("trl", "TRL 6", 6),
        ("trl", "ＴＲＬ６", 6),
        ("trl", "六级", 6),
        ("trl", 6.0, 6),
        ("trl", Decimal("6.0"), 6),
        ("trl", "", None),
        ("deadline", "2026/1/3", date(2026, 1, 3)),
        ("deadline", "2026年1月3日", date(2026, 1, 3)),
        ("deadline", datetime(2026, 1, 3, 8), date(2026, 1, 3)),  # noqa: DTZ001
        ("deadline", 46025, date(2026, 1, 3)),
        ("deadline", "20260103", date(2026, 1, 3)),
        ("track", "揭榜挂帅", "competition"),
        ("track", "competition", "competition"),
        ("disclosure", "匿名发布", "anonymous"),
        ("disclosure", " 登录后 可见", "registered"),
        ("modes", "技术开发；作价入股/技术许可", ["技术开发", "作价入股", "技术许可"]),
        ("modes", ["技术开发", "技术开发"], ["技术开发"]),
        ("modes", "技术开发 技术许可", ["技术开发", "技术许可"]),
        ("money", "80-120", MoneyRange(80_0000_00, 120_0000_00)),
        ("money", 12.5, MoneyRange(12_5000_00, 12_5000_00)),
        ("money", "面议", MoneyRange(negotiable=True)),
        ("money", "80万元–120万元（可议）", MoneyRange(80_0000_00, 120_0000_00, negotiable=True)),
        ("money", {"low": 100, "high": None, "negotiable": True}, MoneyRange(100, None, True)),
        ("money", "  ", None),
    ],
)  # fmt: skip
def test_need_values(name: str, raw: object, value: object) -> None:
    assert coerce(BY_NAME["need", name], raw) == value


@pytest.mark.parametrize(
    ("kind", "name", "raw", "words"),
    [
        ("need", "title", "长" * 132, "“标题”最多 100 字，现在 132 字"),
        ("need", "deadline", "2027年底", "要写到日"),
        ("need", "deadline", "2027年6月", "要写到日"),
        ("need", "deadline", "2027-02-30", "没有“2027-02-30”这一天"),
        ("need", "trl", "10", "不能大于 9"),
        ("need", "trl", "0", "不能小于 1"),
        ("need", "trl", "6.5", "应为整数"),
        ("need", "trl", "9" * 5000, "应为整数"),
        ("need", "track", "随便", "可填：市场对接、揭榜挂帅"),
        ("need", "modes", "技术开发、租赁", "没有“租赁”这一项"),
        ("need", "money", "一百来万", "看不懂金额"),
        ("product", "lead_days", "3个月", "单位：天"),
        ("demand", "ceiling", "80-90", "一个金额"),
        ("demand", "sme_reserved", "也许", "“是”或“否”"),
        ("demand", "line_items", "减速机|速比 1:100||台", "第 1 行：请填写“数量”"),
        ("need", "indicators", [{"颜色": "红"}], "没有“颜色”这一列"),
        ("need", "indicators", "[" * 100_000, "目标指标"),
        ("need", "indicators", [{"name": f"指标{n}", "value": 1} for n in range(21)], "最多 20 行"),
    ],
)  # fmt: skip
def test_refusals_name_field_and_limit(kind: str, name: str, raw: object, words: str) -> None:
    field = BY_NAME[kind, name]
    with pytest.raises(ValueError, match=field.label) as caught:
        coerce(field, raw)
    assert words in str(caught.value)


def test_moments_are_beijing_time_kept_in_utc() -> None:
    expected = datetime(2027, 1, 3, 1, 5, tzinfo=UTC)
    assert coerce(MOMENT, "2027-01-03 09:05") == expected
    assert coerce(MOMENT, "2027-01-03T01:05:00Z") == expected
    assert coerce(MOMENT, display(MOMENT, expected)) == expected


@pytest.mark.parametrize("raw", ["是", True, "1", 1, "√", "TRUE"])
def test_flag(raw: object) -> None:
    assert coerce(BY_NAME["demand", "sme_reserved"], raw) is True


@pytest.mark.parametrize(
    ("line", "name", "comparator", "value", "unit"),
    [
        ("抗拉强度≥980MPa", "抗拉强度", "≥", "980", "MPa"),
        ("1. 延伸率：>=12%", "延伸率", "≥", "12", "%"),
        ("重量不超过 3.5 kg", "重量", "≤", "3.5", "kg"),
        ("定位精度±0.01mm", "定位精度", "±", "0.01", "mm"),
        ("工作温度 -40~85℃", "工作温度", "范围", "-40~85", "℃"),
        ("寿命：1×10^6 次", "寿命", "=", "1×10^6", "次"),
        ("外观：无裂纹", "外观", "定性", "无裂纹", None),
        ("硬度≥HRC58", "硬度", "≥", "HRC58", None),
        ("表面光洁", "表面光洁", "定性", None, None),
    ],
)
def test_indicators_from_a_line(
    line: str, name: str, comparator: str, value: str | None, unit: str | None
) -> None:
    field = BY_NAME["need", "indicators"]
    rows = coerce(field, line)
    expected = {"name": name, "comparator": comparator, "value": value, "unit": unit}
    assert rows == [{key: text for key, text in expected.items() if text is not None}]
    assert coerce(field, display(field, rows)) == rows
    values = {"title": "焊接变形控制", "indicators": rows}
    assert "indicators" not in check([field], values, complete=True)


def test_tables_from_lines_of_other_boards() -> None:
    items = BY_NAME["demand", "line_items"]
    text = "品名|规格|数量|单位|交货日期\n减速机|速比 1:100|1,200|台|2027/3/31\n电机||30|台"
    rows = coerce(items, text)
    assert rows[0]["quantity"] == 1200
    assert rows[0]["delivery_date"] == date(2027, 3, 31)
    assert coerce(items, display(items, rows)) == rows
    posts = BY_NAME["order", "posts"]
    assert coerce(posts, "数控操作工20人；焊工（5名）") == [
        {"name": "数控操作工", "headcount": 20},
        {"name": "焊工", "headcount": 5},
    ]
    assert coerce(items, '[{"品名": "轴承", "数量": "8"}]') == [{"name": "轴承", "quantity": 8}]


def test_words_of_other_platforms_are_mapped_or_noted() -> None:
    modes, notes = BY_NAME["outcome", "modes"], list[str]()
    found = coerce(modes, "完全转让许可转让技术入股合作生产", lenient=True, notes=notes)
    assert found == ["技术转让", "技术许可", "作价入股"]
    assert notes == ["合作生产"]
    industry = BY_NAME["need", "industry"]
    assert coerce(industry, "制造业——医药制造业", lenient=True) == "health"
    assert coerce(industry, "新材料-生物医用材料", lenient=True) == "materials"
    assert coerce(industry, "制造业", lenient=True, notes=notes) == "other"
    assert notes[-1] == "制造业"
    with pytest.raises(ValueError, match="产业领域"):
        coerce(industry, "制造业")


def test_display_and_search_text() -> None:
    deadline, money = BY_NAME["need", "deadline"], BY_NAME["need", "money"]
    assert display(deadline, date(2027, 6, 30)) == "2027年6月30日"
    assert display(money, MoneyRange(80_0000_00, 120_0000_00)) == "80万元–120万元"
    assert display(BY_NAME["product", "lead_days"], 30) == "30天"
    assert display(BY_NAME["need", "track"], "market") == "市场对接"
    assert search_text(BY_NAME["need", "tried"], "试过的办法") == ""
    assert search_text(BY_NAME["outcome", "principle"], "原理") == ""
    rows: list[dict[str, Any]] = [{"name": "强度", "comparator": "≥", "value": "9", "unit": "MPa"}]
    assert search_text(BY_NAME["need", "indicators"], rows) == "强度≥9MPa"


def test_completeness_counts_weights_and_names_labels() -> None:
    need = FIELDS["need"]
    nothing = completeness(need, {"title": "。。。"})
    assert nothing.done == 0
    assert nothing.missing[:2] == ["公开摘要", "需要解决的问题"]
    some = completeness(need, {"title": "焊接变形控制", "summary": "薄壁件焊后翘曲"})
    assert some.done == 3
    assert "标题" not in some.missing


def test_check() -> None:
    need = FIELDS["need"]
    assert check(need, {}, complete=False) == {"title": "请填写“标题”"}
    assert check(need, {"title": "——！"}, complete=False) == {"title": "“标题”请写出实际内容"}
    assert check(need, {"title": "短"}, complete=False) == {}
    errors = check(need, {"title": "短", "summary": "……"}, complete=True)
    assert errors["title"] == "“标题”至少 4 字，现在 1 字"
    assert errors["summary"] == "“公开摘要”请写出实际内容"
    assert "need_kind" in errors

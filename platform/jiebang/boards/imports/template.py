"""The Excel template of a kind: headings, lists to choose from, an example, and a manual."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from ..fields import Field, FieldType
from .cells import safe_cell
from .headings import EXTERNAL_ID, OWNER, POSTED, fields_for

ROWS = 2000
"""So many rows have lists to choose from."""
MANUAL = "填写说明"
_OPTIONS = "选项"
_TITLES = {
    "organisation": "单位", "need": "技术需求", "outcome": "科技成果", "demand": "采购需求",
    "product": "产品供给", "order": "订单班需求", "programme": "专业供给",
}  # fmt: skip
_FORMATS = {
    FieldType.LINE: "一行文字",
    FieldType.TEXT: "文字，可换行（Alt+Enter）",
    FieldType.CHOICE: "从列表中选一项",
    FieldType.CHOICES: "可多选，用顿号隔开",
    FieldType.INTEGER: "整数",
    FieldType.DATE: "日期，写到日，如 2027-06-30 或 2027年6月30日",
    FieldType.MOMENT: "时间，如 2027-06-30 18:00（北京时间）",
    FieldType.FLAG: "是 或 否",
    FieldType.MONEY: "区间、一个数或“面议”",
    FieldType.AMOUNT: "一个金额",
    FieldType.ROWS: "每行一条（Alt+Enter 换行）",
}
_EXAMPLES = {
    "need.title": "6061-T6 铝合金薄壁件焊接变形控制",
    "need.summary": "厚 2 毫米的薄壁件焊后翘曲超差，寻求变形控制工艺。",
    "outcome.title": "低变形激光复合焊工艺",
    "outcome.summary": "为薄壁铝件焊接减小变形，焊后校形工时约减少一半。",
    "demand.title": "工业机器人用精密减速机年度采购",
    "demand.summary": "全年分四批交货的关节减速机，需提供型式试验报告。",
    "product.title": "谐波减速机 25 型",
    "product.summary": "用于六轴机器人腕部关节的谐波减速机，现货供应。",
    "order.title": "数控机床操作订单班",
    "order.summary": "面向五轴加工岗位，校企共同授课，择优录用。",
    "programme.title": "数控技术专业",
    "programme.summary": "开设五轴加工与在机测量课程，有校内实训车间。",
    "need.problem": "1. 说明变形的主要来源；2. 给出可在现有产线上执行的装夹与焊接顺序。",
    "demand.category": "机器人零部件",
    "product.specification": "速比 50–160，额定转矩 39 N·m，回差不大于 20 弧秒。",
    "product.money": "1800-2300",
    "order.skills": "会看零件图，会用量具，了解五轴机床操作规程。",
    "order.money": "6500-9000",
    "programme.major": "数控技术",
    "programme.courses": "机械制图、数控编程、五轴加工、在机测量",
    "organisation.intro": "主营精密零件加工，服务机器人与医疗器械企业。",
    "money": "80-120",
    "trl": "6",
    "deadline": "2027-06-30",
    "posted": "2026-01-15",
    "indicators": "抗拉强度≥980MPa\n延伸率≥12%",
    "chain": "机器人",
    "region": "济南市章丘区",
}
_HEAD = PatternFill("solid", fgColor="E8F0FA")
_GREY = Font(italic=True, color="808080")


def columns_of(kind: str) -> list[Field]:
    """The template's columns from left to right."""
    if kind == "organisation":
        return [EXTERNAL_ID, *fields_for(kind)]
    return [EXTERNAL_ID, *fields_for(kind), OWNER, POSTED]


def write_template(kind: str, target: Path | BinaryIO) -> None:
    """Writes the template of a kind as XLSX; what people fill in imports as it is."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = _TITLES[kind]
    columns = columns_of(kind)
    lists = book.create_sheet(_OPTIONS)
    lists.sheet_state = "hidden"
    for position, field in enumerate(columns, 1):
        letter = get_column_letter(position)
        sheet.column_dimensions[letter].width = _width(field)
        head = sheet.cell(1, position, heading(field))
        head.font, head.fill = Font(bold=True), _HEAD
        head.alignment = Alignment(wrap_text=True, vertical="top")
        sample = sheet.cell(2, position, safe_cell(example(kind, field)))
        sample.font = _GREY
        sample.alignment = Alignment(wrap_text=True, vertical="top")
        _offer(sheet, lists, letter, position, field)
    sheet.freeze_panes = "B2"
    _manual(book.create_sheet(MANUAL, 1), kind, columns)
    book.save(target)


def heading(field: Field) -> str:
    """The column's heading: label, unit of money, and * where the field is required."""
    unit = f"（{field.unit}）" if field.type in (FieldType.MONEY, FieldType.AMOUNT) else ""
    return f"{field.label}{unit}{'*' if field.required else ''}"


def example(kind: str, field: Field) -> str:
    """A value that the field takes."""
    found = field.example or _EXAMPLES.get(f"{kind}.{field.name}") or _EXAMPLES.get(field.name)
    if found:
        return found
    if field.type is FieldType.CHOICE:
        return field.options[0].label
    if field.type is FieldType.CHOICES:
        return "、".join(option.label for option in field.options[:2])
    if field.type is FieldType.ROWS:
        return " | ".join(example(kind, column) for column in field.columns).rstrip(" |")
    if field.type is FieldType.DATE:
        return "2027-06-30"
    return {FieldType.FLAG: "否", FieldType.INTEGER: "60", FieldType.AMOUNT: "100"}.get(
        field.type, ""
    )


def _width(field: Field) -> int:
    if field.type is FieldType.TEXT:
        return 48
    if field.type is FieldType.ROWS or field.name in ("title", "name"):
        return 36
    return max(14, 2 * len(heading(field)) + 2)


def _offer(sheet: Any, lists: Any, letter: str, position: int, field: Field) -> None:
    labels = [option.label for option in field.options]
    if field.type is FieldType.FLAG:
        labels = ["是", "否"]
    if not labels or field.type is FieldType.CHOICES:
        return
    for row, label in enumerate(labels, 1):
        lists.cell(row, position, label)
    rule = DataValidation(
        "list", formula1=f"{_OPTIONS}!${letter}$1:${letter}${len(labels)}", allow_blank=True,
        showErrorMessage=field.type is not FieldType.LINE,
        errorTitle=field.label, error="请从列表中选择",
    )  # fmt: skip
    rule.add(f"{letter}2:{letter}{ROWS}")
    sheet.add_data_validation(rule)


def _manual(sheet: Any, kind: str, columns: Sequence[Field]) -> None:
    lines: list[list[str]] = [
        [f"{_TITLES[kind]}导入模板：第 2 行是示例（外部编号以“示例”开头），导入时会跳过。"],
        ["标 * 的列在发布前必须填写；只存草稿时至少填写标题（单位至少填写名称）。"],
        [],
        ["列", "必填", "上限", "怎么填", "可选值", "示例"],
    ]
    for field in columns:
        how = _FORMATS[field.type]
        if field.columns:
            how += f"；多列用竖线隔开：{' | '.join(column.label for column in field.columns)}"
        if field.unit:
            how += f"；不写单位按“{field.unit}”"
        options = "、".join(option.label for option in field.options)
        required = "是" if field.required else ""
        lines.append(
            [heading(field), required, limit_text(field), f"{how}。{field.help}", options,
             example(kind, field)]
        )  # fmt: skip
    for row, line in enumerate(lines, 1):
        for position, text in enumerate(line, 1):
            cell = sheet.cell(row, position, safe_cell(text))
            if row > 3:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
            if row == 4:
                cell.font, cell.fill = Font(bold=True), _HEAD
    for position, width in enumerate((22, 6, 14, 60, 48, 36), 1):
        sheet.column_dimensions[get_column_letter(position)].width = width
    sheet.freeze_panes = "A5"


def limit_text(field: Field) -> str:
    """The field's limits in words."""
    if field.type in (FieldType.LINE, FieldType.TEXT):
        return f"{field.limit} 字" if field.limit else ""
    if field.type is FieldType.ROWS:
        return f"{field.limit} 行" if field.limit else ""
    if field.type is FieldType.INTEGER and field.limit:
        return f"{field.minimum:,}–{field.limit:,}"
    return ""

"""From a row as read to a row that can be kept, or to the reasons why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...core import clock
from ...orgs import credit_code
from ..fields import Field, FieldType
from ..fields.cleaning import as_text, clean, fold, is_blank, shorten
from ..fields.values import check, coerce, is_filled
from .cells import unguarded
from .headings import BODY, BODY_GOES_TO, EXTERNAL_ID, OWNER, POSTED, Column, Columns
from .reading import RawRow
from .rows import ImportedRow, content_hash
from .summary import RowError

EXAMPLE = "示例"
"""A row whose external id begins with it is the template's example."""
SUMMARY_LENGTH = 300
"""A summary made from a long text ends at the last sentence within so many characters."""
DEFAULTED = frozenset({"disclosure", "track"})
"""Required fields that a new listing has a default for: 公开 and 市场对接."""

_EXCEL_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
_OPEN = (None, "public", "anonymous")
_LENIENT = frozenset({"industry", "modes"})


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that is left out on purpose, and why."""

    reason: str


@dataclass(slots=True)
class Planner:
    """Checks rows one by one; remembers what it has seen, to find repetitions."""

    columns: Columns
    organisation_id: int | None = None
    organisation_name: str | None = None
    own_only: bool = False
    """Whether the owner is fixed and a column 所属单位 cannot name another one."""
    publish: bool = False
    as_is: bool = False
    """Whether rows that lack required fields are published as the source has them."""
    remarks: Counter[str] = field(default_factory=Counter)
    unused: dict[str, None] = field(default_factory=dict)
    _seen: dict[tuple[str | None, str], tuple[int, str]] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.columns.kind

    def prepare(self, raw: RawRow) -> ImportedRow | Skipped | list[RowError]:
        """The row ready to be kept, a reason to leave it out, or what is wrong with it."""
        if raw.problem:
            return [RowError(raw.number, "", raw.problem)]
        row = _Reader(self, raw.number)
        for heading, cell in raw.cells.items():
            column = self.columns.find(heading)
            if column is None:
                self.unused.setdefault(heading)
            elif not is_blank(cell):
                row.take(column, unguarded(cell))
        if str(row.special.get("external_id") or "").startswith(EXAMPLE):
            return Skipped("示例行已跳过")
        if not row.values and not row.errors and not row.special.get("body"):
            return Skipped("没有内容的行已跳过")
        row.place_body()
        for name, message in check(self.columns.fields, row.values, complete=False).items():
            row.refuse(name, message)
        return row.errors or self._finish(row)

    def _finish(self, row: _Reader) -> ImportedRow | Skipped | list[RowError]:
        posted = row.special.get("posted")
        if posted is not None and posted > clock.today():
            return [RowError(row.number, row.heading_of("posted"), "发布日期在今天以后，请核对")]
        at: datetime | None = None if posted is None else clock.start_of_day(posted)
        name = row.special.get("organisation") or self.organisation_name
        if self.own_only:
            name = self.organisation_name
        digest = content_hash(self.kind, row.values, name, at, row.origin)
        external_id = row.special.get("external_id")
        before = self._seen.setdefault((name, external_id or digest), (row.number, digest))
        if before[0] != row.number:
            if before[1] == digest:
                return Skipped("与前面的行完全相同，已跳过")
            column = row.heading_of("external_id")
            return [RowError(row.number, column, f"编号“{external_id}”与第 {before[0]} 行重复")]
        missing = self._missing(row.values)
        row.tell()
        return ImportedRow(
            number=row.number,
            values=row.values,
            external_id=external_id,
            content_hash=digest,
            organisation_name=name,
            organisation_id=None if name and not self.own_only else self.organisation_id,
            publish=self._publishes(row.values, missing),
            posted=at,
            missing=missing,
            origin=row.origin,
        )

    def _missing(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(
            [
                each.label
                for each in self.columns.required
                if each.name not in DEFAULTED and not is_filled(each, values.get(each.name))
            ]
        )

    def _publishes(self, values: Mapping[str, Any], missing: tuple[str, ...]) -> bool:
        for label in missing:
            self.remarks[f"缺“{label}”，按来源留空"] += 1
        if not self.publish or self.as_is:
            return self.publish
        errors = check(self.columns.fields, values, complete=True)
        if any(name not in DEFAULTED for name in errors):
            self.remarks["内容不完整，只存为草稿，补齐后再发布"] += 1
            return False
        return True


class _Reader:
    """One row while its cells are read."""

    def __init__(self, planner: Planner, number: int) -> None:
        self.planner = planner
        self.number = number
        self.values: dict[str, Any] = {}
        self.special: dict[str, Any] = {}
        self.origin: dict[str, str] = {}
        self.errors: list[RowError] = []
        self._headings: dict[str, str] = {}
        self._remarks: dict[str, list[str]] = {}

    def heading_of(self, name: str) -> str:
        """The file's name for the column of a field, else the field's label."""
        fields = (*self.planner.columns.fields, EXTERNAL_ID, OWNER, POSTED, BODY)
        label = next((each.label for each in fields if each.name == name), "")
        return self._headings.get(name, label)

    def refuse(self, name: str, message: str) -> None:
        """Adds an error; the field's label, with which messages begin, is the column's job."""
        if any(error.column == self.heading_of(name) for error in self.errors):
            return
        fields = (*self.planner.columns.fields, EXTERNAL_ID, OWNER, POSTED, BODY)
        label = next((each.label for each in fields if each.name == name), "")
        text = message.removeprefix(f"“{label}”").removeprefix("：") or message
        self.errors.append(RowError(self.number, self.heading_of(name), text))

    def tell(self) -> None:
        """Passes on what became of words that no option stands for."""
        for remarks in self._remarks.values():
            self.planner.remarks.update(remarks)

    def take(self, column: Column, cell: object) -> None:
        """Reads one cell that is not blank."""
        target, heading = column.field, column.heading
        self._headings.setdefault(target.name, heading)
        if isinstance(cell, str) and cell.strip() in _EXCEL_ERRORS:
            self.refuse(target.name, f"单元格是错误值 {cell.strip()}，请改正表格里的公式")
            return
        try:
            if column.is_special:
                self._take_special(target, cell)
            else:
                self._take_value(target, heading, cell)
        except ValueError as error:
            self.refuse(target.name, str(error))

    def _take_special(self, target: Field, cell: object) -> None:
        if target.name != "-" and (value := coerce(target, cell)) is not None:
            self.special.setdefault(target.name, value)

    def _take_value(self, target: Field, heading: str, cell: object) -> None:
        name, notes = target.name, list[str]()
        if name == "trl" and isinstance(cell, str) and _is_stage(cell):
            self._keep_words(heading, cell, f"“{heading}”写的是阶段而不是级别，级别留空")
            return
        value = coerce(target, cell, lenient=name in _LENIENT, notes=notes)
        if name == "credit_code":
            value = _checked_code(value)
        if name in _LENIENT and isinstance(cell, str) and not _says(target, cell, value):
            self.origin[heading] = clean(cell)
        before = self.values.get(name)
        if before in (None, []) or (name == "industry" and before == "other"):
            self.values[name] = value
            outcome = "记为“其他”" if name == "industry" else "没有对应的选项，未填入"
            self._remarks[name] = [f"“{heading}”里的“{word}”{outcome}" for word in notes]
        elif before != value and heading not in self.origin:
            text = "；".join(map(str, cell)) if isinstance(cell, list) else as_text(cell)
            said = f"“{heading}”与“{self.heading_of(name)}”是同一栏，以后者为准"
            self._keep_words(heading, text, said)

    def _keep_words(self, heading: str, text: str, remark: str) -> None:
        self.origin[heading] = clean(text)
        self.planner.remarks[remark] += 1

    def place_body(self) -> None:
        """Puts an undivided text where it belongs; nothing of it is lost or shown too widely."""
        body = self.special.get("body")
        if not body:
            return
        planner = self.planner
        place = planner.columns.of(BODY_GOES_TO.get(planner.kind, ""))
        summary = planner.columns.of("summary")
        assert summary is not None  # every board has one
        is_open = self.values.get("disclosure") in _OPEN
        if (
            is_open
            and not self.values.get("summary")
            and (place is None or len(body) <= SUMMARY_LENGTH or self.values.get(place.name))
        ):
            self._put(summary, body)
        elif place is None or self.values.get(place.name):
            self.refuse("body", "摘要已有内容，正文没有地方放，请并入其中一栏或用 --map 指定")
        else:
            self._put(place, body)
            if not is_open:
                planner.remarks["内容不公开，没有由正文生成公开摘要，请自行填写"] += 1
            elif not self.values.get("summary"):
                self.values["summary"] = shorten(body, SUMMARY_LENGTH)

    def _put(self, target: Field, text: str) -> None:
        try:
            self.values[target.name] = coerce(target, text)
        except ValueError as error:
            self.refuse("body", str(error).removeprefix(f"“{target.label}”"))


def _checked_code(text: str) -> str:
    code = credit_code.normalise(text)
    if message := credit_code.problem(code):
        raise ValueError(message)
    return code


def _is_stage(text: str) -> bool:
    """Whether a maturity is told in words (已有样品), not as a level: words are never converted."""
    return not any(c.isdigit() for c in text) and fold(text)[:1] not in "一二三四五六七八九"


def _says(target: Field, cell: str, value: object) -> bool:
    """Whether the options chosen are the cell's own words."""
    try:
        return bool(coerce(target, cell) == value)
    except ValueError:
        return target.type is FieldType.CHOICE and value is None

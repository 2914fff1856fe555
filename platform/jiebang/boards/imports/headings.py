"""Which column is which field: by name, label, other headings, or as `--map` says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..fields import FIELDS, Field, FieldType
from ..fields.cleaning import clean, fold, short, without_brackets
from .organisation_fields import ORGANISATION
from .reading import WrongMapping

EXTERNAL_ID = Field(
    "external_id", "外部编号", FieldType.LINE, limit=80,
    headings=("id", "编号", "需求编号", "成果编号", "唯一编号"), example="示例",
    help="来源系统里的编号；再次导入同一编号会更新原来的内容，不会重复。",
)  # fmt: skip
OWNER = Field(
    "organisation", "所属单位", FieldType.LINE, limit=100,
    headings=("org", "单位", "单位名称", "企业名称", "发布单位", "发榜单位", "依托单位", "完成单位",
              "采购单位", "供应商", "学校", "院校名称"),
    help="平台上的单位全称；不填则归导入时指定的单位，或作为待认领内容。",
)  # fmt: skip
POSTED = Field(
    "posted", "发布日期", FieldType.DATE, headings=("发布时间", "登记日期", "published"),
    help="在来源平台发布的日期。",
)  # fmt: skip
BODY = Field(
    "body", "正文", FieldType.TEXT,
    headings=("内容", "详情", "描述", "text", "content", "description"),
)  # fmt: skip
IGNORED = Field("-", "不导入", FieldType.LINE, headings=("序号", "行号", "no"))

BODY_GOES_TO = {"need": "problem", "outcome": "details", "demand": "details", "product": "details"}
"""Where a long undivided text is kept whole; the other boards have only the summary."""
SPECIAL = frozenset(field.name for field in (EXTERNAL_ID, OWNER, POSTED, BODY, IGNORED))

LONGEST = 200
"""A longer cell is no heading."""

_UNITS = {"元", "千元", "万元", "亿元", "万", "亿"}
_BRACKETED = re.compile(r"[(\[【〔](.*?)[)\]】〕]")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file and the field it fills."""

    heading: str
    field: Field

    @property
    def is_special(self) -> bool:
        """Whether it is about the row itself rather than a field of the board."""
        return self.field.name in SPECIAL


def fields_for(kind: str) -> tuple[Field, ...]:
    """The fields an import of this kind fills."""
    return ORGANISATION if kind == "organisation" else FIELDS[kind]


class Columns:
    """Finds the field of a heading; each heading is decided once."""

    def __init__(self, kind: str, mapping: Mapping[str, str] | None = None) -> None:
        self.kind = kind
        self.fields = fields_for(kind)
        special = [EXTERNAL_ID, IGNORED]
        if kind != "organisation":
            special += [OWNER, POSTED, BODY]
        self._known: dict[str, Field] = {}
        for field in (*self.fields, *special):
            self._known.setdefault(fold(field.name), field)
        for field in (*self.fields, *special):
            self._known.setdefault(fold(field.label), field)
        for field in (*reversed(special), *self.fields):
            for heading in field.headings:
                self._known.setdefault(fold(heading), field)
        self.required = [field for field in self.fields if field.required]
        self._by_name = {field.name: field for field in self.fields}
        self._decided: dict[str, Column | None] = {}
        self.mapped = {
            _key(heading): self._target(heading, name) for heading, name in (mapping or {}).items()
        }

    def _target(self, heading: str, name: str) -> Field:
        field = self._known.get(fold(name))
        if field is None:
            known = "、".join(f"{f.name}（{f.label}）" for f in self.fields)
            raise WrongMapping(f"--map {heading}={name}：没有“{short(name)}”这一项，可用：{known}")
        return field

    def find(self, heading: str) -> Column | None:
        """The field of a heading; None when no field takes it."""
        if len(heading) > LONGEST:
            return None
        if heading not in self._decided:
            field = self._look_up(heading)
            self._decided[heading] = None if field is None else Column(heading, field)
        return self._decided[heading]

    def of(self, name: str) -> Field | None:
        """The board's field of this name."""
        return self._by_name.get(name)

    def knows(self, heading: str) -> bool:
        """Whether a cell of the first rows is a heading."""
        return self.find(heading) is not None

    def unmatched(self, headings: list[str]) -> list[str]:
        """Headings of `--map` that the file does not have."""
        present = {_key(heading) for heading in headings}
        return [heading for heading in self.mapped if heading not in present]

    def _look_up(self, heading: str) -> Field | None:
        plain = unicodedata.normalize("NFKC", clean(heading))
        units = [unit.strip() for unit in _BRACKETED.findall(plain) if unit.strip() in _UNITS]
        field = self.mapped.get(_key(heading))
        if field is None:
            field = self._known.get(_key(plain)) or self._known.get(_key(without_brackets(plain)))
        if field is not None and units and field.type in (FieldType.MONEY, FieldType.AMOUNT):
            return replace(field, unit=units[0])
        return field


def _key(heading: str) -> str:
    return fold(heading).strip("*:：'\"“”")

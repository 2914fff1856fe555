"""From the words of a file to values that a person may take over: each with the place it is from.

Nothing is invented: a value is what stands under a heading, beside a label, or in a sentence that
says it. What fits nowhere is handed back as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jiebang.core.boards import Board

from ..fields import Field, FieldType, fields_of
from ..fields.cleaning import clean, fold, shorten
from ..fields.values import coerce, is_filled
from ..imports.headings import BODY, BODY_GOES_TO, SPECIAL, Columns
from . import measures

QUOTE = 400
"""Characters of the source shown beside a value."""
REST = 4000
_NUMBERING = re.compile(r"^\s*(?:[（(]?[一二三四五六七八九十\d]{1,3}[）)、.．]\s*)+")
_LABELLED = re.compile(r"^(?P<label>[^：:]{2,24})[：:]\s*(?P<rest>.*)$", re.DOTALL)
_FORM_NAME = re.compile(r"(?:表|书|清单|模板|附件\s*\d*)$")
_DAY = re.compile(r"20\d\d\s*[年/.-]\s*\d{1,2}\s*[月/.-]\s*\d{1,2}\s*日?")
_MONEY = re.compile(
    r"(?:预算|经费|投入|资金|报价|价格|转让费)[^\d。；;\n]{0,8}"
    r"(\d[\d,.]*\s*(?:[-~—至到]\s*\d[\d,.]*\s*)?(?:万元|亿元|元|万))"
)
_TRL = re.compile(r"(?:TRL|技术成熟度|成熟度等级)\D{0,4}([1-9])(?!\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A value for one field; `quote` is the source's words, `note` what to look out for."""

    field: Field
    value: Any
    quote: str
    note: str = ""


@dataclass(slots=True)
class Proposals:
    """What was found, what was said but not understood, and the text that fitted nowhere."""

    found: list[Proposal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rest: str = ""


def propose(
    board: Board, blocks: Sequence[tuple[str, Any]], current: Mapping[str, Any]
) -> Proposals:
    """Values for a board's fields; what the listing says already is not proposed again."""
    reader = _Reader(board)
    for kind, content in blocks:
        if kind == "p":
            reader.paragraph(str(content))
        else:
            reader.table([[str(cell) for cell in row] for row in content])
    return reader.proposals(current)


class _Reader:
    def __init__(self, board: Board) -> None:
        self.board = board
        self.fields = {each.name: each for each in fields_of(board)}
        self.columns = Columns(board.value)
        self.said: dict[str, list[str]] = {}
        self.rows: dict[str, list[dict[str, str]]] = {}
        self.loose: list[str] = []
        self.open: str | None = None

    # Reading

    def paragraph(self, text: str) -> None:
        text = clean(text)
        if not text:
            return
        plain = _NUMBERING.sub("", text)
        if match := _LABELLED.match(plain):
            name = self._field(match["label"])
            if name is not None:
                self._say(name, match["rest"])
                self.open = name
                return
        name = self._field(plain) if len(plain) <= 24 else None
        if name is not None:
            self.open = name
        elif self.open is not None:
            self._say(self.open, text)
        else:
            self.loose.append(text)

    def table(self, rows: list[list[str]]) -> None:
        self.open = None
        rows = [[clean(cell) for cell in row] for row in rows]
        if not rows or self._indicators(rows) or self._sheet(rows):
            return
        for row in rows:
            cells = [cell for cell in row if cell]
            taken = False
            for label, value in zip(cells[::2], cells[1::2], strict=False):
                name = self._field(label.rstrip("：:"))
                if name is not None:
                    self._say(name, value)
                    taken = True
            if not taken:
                for cell in cells:
                    self.paragraph(cell)
                self.open = None

    def _indicators(self, rows: list[list[str]]) -> bool:
        """A table whose header names the columns of one of our tables."""
        for each in self.fields.values():
            if each.type is not FieldType.ROWS:
                continue
            names = {
                fold(word): column.name
                for column in each.columns
                for word in (column.label, f"{each.label}{column.label}", f"{column.label}名称")
            }
            for number, row in enumerate(rows[:3]):
                heads = [names.get(fold(cell)) for cell in row]
                if sum(head is not None for head in heads) >= 2:
                    self.rows.setdefault(each.name, []).extend(
                        {head: cell for head, cell in zip(heads, line, strict=False) if head}
                        for line in rows[number + 1 :]
                        if any(line)
                    )
                    return True
        return False

    def _sheet(self, rows: list[list[str]]) -> bool:
        """A list with headings on top: its first row is this listing."""
        heads = [self._field(cell) for cell in rows[0]]
        if len(rows) < 2 or sum(head is not None for head in heads) < 3:
            return False
        for head, cell in zip(heads, rows[1], strict=False):
            if head and cell:
                self._say(head, cell)
        return True

    def _field(self, label: str) -> str | None:
        column = self.columns.find(_NUMBERING.sub("", label).strip())
        if column is None:
            return None
        if column.field.name == BODY.name:
            return BODY_GOES_TO.get(self.board.value, "summary")
        return None if column.field.name in SPECIAL else column.field.name

    def _say(self, name: str, text: str) -> None:
        if text.strip():
            self.said.setdefault(name, []).append(text.strip())

    # Proposing

    def proposals(self, current: Mapping[str, Any]) -> Proposals:
        out = Proposals()
        self._from_sentences()
        self._from_loose_text()
        for name, spec in self.fields.items():
            made = self._rows(spec, out) if spec.type is FieldType.ROWS else None
            made = made or self._value(spec, out)
            if made is not None and made.value != current.get(name):
                out.found.append(made)
        out.rest = "\n".join(self.loose)[:REST]
        return out

    def _rows(self, spec: Field, out: Proposals) -> Proposal | None:
        raw = self.rows.get(spec.name)
        if not raw:
            return None
        quote = "\n".join(" ".join(row.values()) for row in raw)
        return self._made(spec, raw[: spec.limit or None], quote, out)

    def _value(self, spec: Field, out: Proposals) -> Proposal | None:
        parts = self.said.get(spec.name)
        if not parts:
            return None
        text = "\n".join(parts) if spec.type in (FieldType.TEXT, FieldType.ROWS) else parts[0]
        if spec.type is FieldType.TEXT and spec.limit and len(text) > spec.limit:
            note = f"原文 {len(text)} 字，超过上限 {spec.limit} 字，这里只取开头。"
            return self._made(spec, shorten(text, spec.limit), text, out, note)
        return self._made(spec, text, text, out)

    @staticmethod
    def _made(
        spec: Field, raw: object, quote: str, out: Proposals, note: str = ""
    ) -> Proposal | None:
        unknown: list[str] = []
        try:
            value = coerce(spec, raw, lenient=True, notes=unknown)
        except ValueError as error:
            out.notes.append(f"文件里写着“{quote[:60]}”，没有采用：{error}")
            return None
        if unknown:
            note = f"没有对应选项的：{'、'.join(unknown)}"
        if not is_filled(spec, value):
            return None
        return Proposal(spec, value, quote[:QUOTE], note)

    def _from_sentences(self) -> None:
        """Days, sums and levels said in a sentence, where no heading said them."""
        text = "\n".join([*self.loose, *(part for parts in self.said.values() for part in parts)])
        for name, pattern, group in (
            ("deadline", _DAY, 0), ("money", _MONEY, 1), ("trl", _TRL, 1),
        ):  # fmt: skip
            if name in self.fields and name not in self.said and (match := pattern.search(text)):
                self._say(name, re.sub(r"\s", "", match[group]))
        if "indicators" in self.fields and not {"indicators"} & {*self.said, *self.rows}:
            named = [each.row for each in measures.find(text) if each.name]
            if named:
                self.rows["indicators"] = named[: self.fields["indicators"].limit]

    def _from_loose_text(self) -> None:
        if "title" not in self.said:
            first = next((line for line in self.loose[:5] if _is_title(line)), "")
            if first:
                self._say("title", first)
                self.loose.remove(first)
        body = "\n".join(self.loose)
        if "summary" not in self.said and len(body) >= 10:
            self._say("summary", shorten(body, 400))
        whole = BODY_GOES_TO.get(self.board.value)
        if whole and whole not in self.said and len(body) >= 10:
            self._say(whole, body)
            self.loose = []


def _is_title(line: str) -> bool:
    return 4 <= len(line) <= 60 and line[-1] not in "。；：;:" and not _FORM_NAME.search(line)

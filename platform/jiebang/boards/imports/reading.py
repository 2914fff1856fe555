"""Opens a file of rows, whatever it is: CSV, Excel or JSON. A file it refuses is refused whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ...core.errors import DomainError

Cells = dict[str, object]
IsHeading = Callable[[str], bool]

MAX_ROWS = 100_000
MAX_COLUMNS = 200
HEADER_WITHIN = 5
"""The header is looked for in so many rows; spreadsheets often begin with a title."""
SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".jsonl", ".json")

_MIB = 1024 * 1024
_FOREIGN = {
    b"\xd0\xcf\x11\xe0": "这是旧版 Excel（.xls）文件，请在 Excel 或 WPS 中另存为 .xlsx 后再导入",
    b"%PDF": "这是 PDF 文件，不能导入，请提供 Excel、CSV 或 JSONL",
    b"\x89PNG": "这是图片，不能导入，请提供 Excel、CSV 或 JSONL",
    b"\xff\xd8\xff": "这是图片，不能导入，请提供 Excel、CSV 或 JSONL",
    b"Rar!": "这是压缩包，请解压后导入里面的文件",
    b"7z\xbc\xaf": "这是压缩包，请解压后导入里面的文件",
    b"\x1f\x8b": "这是压缩包，请解压后导入里面的文件",
}


class ImportRefused(DomainError):
    """A file that cannot be imported at all, and what to do about it."""

    status = 422


class WrongMapping(ImportRefused):
    """A column was mapped to a field, or from a heading, that is not there."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as read; `problem` says why it cannot be used."""

    number: int
    cells: Mapping[str, object]
    problem: str = ""


@dataclass(slots=True)
class Table:
    """The rows of a file. `columns` is None where every row names its own (JSON)."""

    columns: list[str] | None
    rows: Iterator[RawRow]
    notes: list[str] = field(default_factory=list)


def size_text(size: int) -> str:
    """A file's size in MB."""
    return f"{size / _MIB:.1f} MB".replace(".0 MB", " MB")


def read_table(source: Path | BinaryIO, filename: str, limit: int, is_heading: IsHeading) -> Table:
    """Opens a file; ImportRefused in Chinese when it is not one that can be read."""
    suffix = Path(filename).suffix.lower()
    if suffix == ".xls":
        raise ImportRefused(_FOREIGN[b"\xd0\xcf\x11\xe0"])
    if suffix not in SUFFIXES:
        raise ImportRefused(
            f"不认识的文件类型“{suffix or Path(filename).name}”，可导入 .xlsx、.csv、.jsonl、.json"
        )
    data = _load(source, limit)
    if not data:
        raise ImportRefused("文件是空的，没有可导入的内容")
    for magic, message in _FOREIGN.items():
        if data.startswith(magic):
            raise ImportRefused(message)
    if suffix == ".xlsx":
        from .excel import read_excel

        return read_excel(data, is_heading)
    if data.startswith(b"PK\x03\x04"):
        raise ImportRefused("内容是 Excel 或压缩文件，扩展名却不是 .xlsx，请改正扩展名后再导入")
    from .plaintext import read_delimited, read_json

    if suffix in (".json", ".jsonl"):
        return read_json(data)
    return read_delimited(data, is_heading)


def _load(source: Path | BinaryIO, limit: int) -> bytes:
    if isinstance(source, Path):
        try:
            size = source.stat().st_size
            if not source.is_file():
                raise ImportRefused(f"{source.name} 不是文件")
            if size > limit:
                raise _too_large(size, limit)
            return source.read_bytes()
        except OSError as error:
            raise ImportRefused(f"打不开文件 {source.name}：{error.strerror}") from error
    data = source.read(limit + 1)
    if len(data) > limit:
        size = source.seek(0, 2) if source.seekable() else len(data)
        raise _too_large(size, limit)
    return data


def _too_large(size: int, limit: int) -> ImportRefused:
    return ImportRefused(
        f"文件 {size_text(size)}，超过上限 {size_text(limit)}：请拆成几个文件分别导入，"
        "或由管理员调整 JIEBANG_UPLOAD_LIMIT_MB"
    )


def find_header(
    rows: Iterator[tuple[int, list[object]]], is_heading: IsHeading
) -> tuple[list[str], Iterator[tuple[int, list[object]]]]:
    """The header among the first rows that are not empty, and the rows after it.

    It is the row with the most known headings; without any, the first one.
    """
    first: list[tuple[int, list[object]]] = []
    for number, cells in rows:
        if any(_text(cell) for cell in cells):
            first.append((number, cells))
        if len(first) == HEADER_WITHIN:
            break
    if not first:
        raise ImportRefused("文件是空的，没有可导入的内容")
    known = [sum(is_heading(_text(cell)) for cell in cells if _text(cell)) for _, cells in first]
    at = known.index(max(known))
    header = [_text(cell) for cell in first[at][1]]
    while header and not header[-1]:
        header.pop()
    if len(header) > MAX_COLUMNS:
        raise ImportRefused(f"表格有 {len(header)} 列，最多 {MAX_COLUMNS} 列，请删去无关的列")
    seen: set[str] = set()
    for heading in header:
        if heading in seen:
            raise ImportRefused(f"列名“{heading}”出现了两次，请改名或删去其中一列")
        if heading:
            seen.add(heading)

    def rest() -> Iterator[tuple[int, list[object]]]:
        yield from first[at + 1 :]
        yield from rows

    return header, rest()


def named(header: list[str], rows: Iterator[tuple[int, list[object]]]) -> Iterator[RawRow]:
    """Rows with their cells under the header's names; empty rows are left out."""
    for number, cells in rows:
        beyond = [cell for cell in cells[len(header) :] if _text(cell)]
        found = {
            heading or f"第 {position} 列（没有列名）": cell
            for position, (heading, cell) in enumerate(zip(header, cells, strict=False), 1)
            if heading or _text(cell)
        }
        if beyond:
            message = f"比表头多出 {len(beyond)} 个值；值里有逗号时，请用英文双引号括起来"
            yield RawRow(number, found, message)
        elif any(_text(cell) for cell in found.values()):
            yield RawRow(number, found)


def at_least_one(table: Table) -> Table:
    """The same table; ImportRefused when it has a header and nothing else."""
    row = next(table.rows, None)
    if row is None:
        raise ImportRefused("文件只有表头，没有数据行")
    rest = table.rows

    def rows() -> Iterator[RawRow]:
        yield row
        yield from rest

    return Table(table.columns, rows(), table.notes)


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip().strip("\ufeff")

"""XLSX, read as values: formulas are never evaluated, macros never run."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from .reading import (
    MAX_COLUMNS,
    ImportRefused,
    IsHeading,
    Table,
    at_least_one,
    find_header,
    named,
    size_text,
)

MAX_UNPACKED = 256 * 1024 * 1024
MAX_PARTS = 2000
_BROKEN = "Excel 文件已损坏，打不开；请在 Excel 或 WPS 中重新另存为 .xlsx"
_FAULTS = (
    zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, TypeError,
    AttributeError, IndexError, EOFError, OSError, NotImplementedError, RuntimeError,
)  # fmt: skip
"""What openpyxl and zipfile raise on damaged or encrypted files."""


def read_excel(data: bytes, is_heading: IsHeading) -> Table:
    """The first worksheet of a workbook."""
    _guard(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl does not support, it leaves out
            book = openpyxl.load_workbook(
                BytesIO(data), read_only=True, data_only=True, keep_links=False
            )
    except _FAULTS as error:
        raise ImportRefused(_BROKEN) from error
    if not book.worksheets:
        raise ImportRefused("Excel 文件里没有工作表")
    sheet = book.worksheets[0]
    header, rows = find_header(_cells(sheet), is_heading)
    notes = []
    if len(book.worksheets) > 1 and book.worksheets[1].title != "填写说明":
        notes.append(f"只读取了第一张工作表“{sheet.title}”，其余工作表没有读取")
    return at_least_one(Table([h for h in header if h], named(header, rows), notes))


def _guard(data: bytes) -> None:
    """Refuses archives that grow beyond measure or carry entity declarations, before unpacking."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            if unpacked > MAX_UNPACKED or len(parts) > MAX_PARTS:
                raise ImportRefused(
                    f"Excel 文件解压后有 {size_text(unpacked)}，超过上限 "
                    f"{size_text(MAX_UNPACKED)}，请删去图片和空白行列后重新保存"
                )
            if any(part.flag_bits & 1 for part in parts):
                raise ImportRefused("Excel 文件有密码，请去掉密码后再导入")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as file:
                        if b"<!DOCTYPE" in file.read(4096).replace(b"\0", b""):
                            raise ImportRefused("Excel 文件含有不允许的声明（DOCTYPE），已拒绝")
    except _FAULTS as error:
        raise ImportRefused(_BROKEN) from error


def _cells(sheet: Any) -> Iterator[tuple[int, list[object]]]:
    """Row numbers as Excel shows them, and the cells' values."""
    sheet.reset_dimensions()
    try:
        rows = sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1)
        for number, row in enumerate(rows, 1):
            yield number, list(row)
    except _FAULTS as error:
        raise ImportRefused(_BROKEN) from error

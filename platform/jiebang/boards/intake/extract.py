"""Reads the words of a Word, PDF or Excel file; run as a process of its own with tight limits.

Usage: python -I extract.py docx|pdf|xlsx < file > JSON. It imports nothing of this project: what
people upload is read by libraries that may be led astray, so they get no database, no settings and
no network of ours, little memory and little time.

The answer is {"blocks": [["p", text] | ["t", [[cell, …], …]], …], "cut": bool} or {"refused": why}.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

MEMORY = 1024 * 1024 * 1024
SECONDS = 15
PAGES = 100
ROWS = 500
COLUMNS = 20
CHARACTERS = 200_000
SOFT = 24
"""A line of a PDF at least this long that ends without a full stop goes on in the next."""

Block = list[Any]


class Refused(Exception):
    """Nothing can be read; the argument says why in one word."""


def limit() -> None:
    """Little memory, little time, no files; where the system has no such limits, the caller's
    clock alone ends a long reading."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def docx(stream: io.BytesIO) -> Iterator[Block]:
    """Paragraphs and tables of a Word file in their order; merged cells are said once."""
    from docx import Document
    from docx.table import Table

    for item in Document(stream).iter_inner_content():
        if not isinstance(item, Table):
            yield ["p", item.text]
            continue
        rows = []
        for row in item.rows[:ROWS]:
            cells: list[str] = []
            seen: list[object] = []
            for cell in row.cells[:COLUMNS]:
                if any(cell._tc is each for each in seen):
                    continue
                seen.append(cell._tc)
                cells.append(cell.text)
            rows.append(cells)
        yield ["t", rows]


def pdf(stream: io.BytesIO) -> Iterator[Block]:
    """Lines of a PDF, those that were only wrapped joined again."""
    from pypdf import PdfReader

    reader = PdfReader(stream)
    if reader.is_encrypted and not reader.decrypt(""):
        raise Refused("encrypted")
    held = ""
    for number, page in enumerate(reader.pages):
        if number == PAGES:
            break
        for line in page.extract_text().splitlines():
            text = line.strip()
            if held and len(held) >= SOFT and held[-1] not in "。；：！？;:!?":
                held += text
                continue
            if held:
                yield ["p", held]
            held = text
    if held:
        yield ["p", held]


def xlsx(stream: io.BytesIO) -> Iterator[Block]:
    """The sheets of a workbook as tables."""
    from openpyxl import load_workbook

    book = load_workbook(stream, read_only=True, data_only=True)
    for sheet in book.worksheets[:5]:
        rows = []
        for row in sheet.iter_rows(max_row=ROWS, max_col=COLUMNS, values_only=True):
            cells = ["" if cell is None else _cell(cell) for cell in row]
            if any(cell.strip() for cell in cells):
                rows.append(cells)
        yield ["t", rows]


def _cell(value: object) -> str:
    text = str(value)
    return text.removesuffix(" 00:00:00")


READERS: dict[str, Callable[[io.BytesIO], Iterator[Block]]] = {
    "docx": docx,
    "pdf": pdf,
    "xlsx": xlsx,
}


def read(kind: str, data: bytes) -> dict[str, Any]:
    """What the file says, or why nothing of it can be read."""
    blocks: list[Block] = []
    left, cut = CHARACTERS, False
    try:
        for block in READERS[kind](io.BytesIO(data)):
            size = len(json.dumps(block, ensure_ascii=False))
            if size > left:
                cut = True
                break
            left -= size
            blocks.append(block)
    except Refused as error:
        return {"refused": str(error)}
    except MemoryError:
        return {"refused": "heavy"}
    except Exception as error:
        # a library's own errors are many and its texts may quote the file: only the kind is told
        encrypted = type(error).__name__ in ("DependencyError", "FileNotDecryptedError")
        return {"refused": "encrypted" if encrypted else "broken"}
    said = sum(
        character.isalnum()
        for kind_, content in blocks
        for character in (content if kind_ == "p" else "".join(map("".join, content)))
    )
    return {"blocks": blocks, "cut": cut} if said >= 10 else {"refused": "empty"}


if __name__ == "__main__":
    limit()
    answer = read(sys.argv[1], sys.stdin.buffer.read())
    sys.stdout.write(json.dumps(answer))

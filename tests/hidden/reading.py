"""What an answer says, whatever it is made of: pages, JSON, sheets, papers, archives, letters."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from email import message_from_bytes, policy
from html import unescape
from typing import Any

import openpyxl
from pypdf import PdfReader
from werkzeug.test import TestResponse


def said(response: TestResponse) -> str:
    """Headers and body of an answer as text, every file inside it opened."""
    return f"{response.headers}\n{opened(response.get_data())}"


def opened(data: bytes) -> str:
    """The bytes themselves, and what stands in them as sheet, paper, archive, JSON or page."""
    plain = data.decode("utf-8", "replace")
    parts = [plain, unescape(plain)]
    if data.startswith(b"PK\x03\x04"):
        parts += _archive(data)
    elif data.startswith(b"%PDF"):
        parts += _paper(data)
    elif data[:1] in (b"{", b"["):
        with contextlib.suppress(ValueError):  # a text that only begins like it
            parts.append(json.dumps(json.loads(data), ensure_ascii=False))
    return "\n".join(parts)


def _archive(data: bytes) -> list[str]:
    parts = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts.append(archive.comment.decode("utf-8", "replace"))
        for info in archive.infolist():
            parts += [info.filename, opened(archive.read(info))]
        if "xl/workbook.xml" in archive.namelist():
            parts += _sheet(data)
    return parts


def _sheet(data: bytes) -> list[str]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    parts = [str(book.properties)]
    for sheet in book.worksheets:
        parts.append(sheet.title)
        for row in sheet.iter_rows():
            for cell in row:
                parts += [str(cell.value), str(cell.comment.text if cell.comment else "")]
    return parts


def _paper(data: bytes) -> list[str]:
    try:
        reader = PdfReader(io.BytesIO(data))
        parts = [str(reader.metadata or ""), str(reader.attachments)]
        parts += ["".join(page.extract_text().split()) for page in reader.pages]
    except Exception as error:  # the small papers that tests hand in have no pages
        parts = [repr(error)]
    return parts


def letter(data: bytes) -> tuple[set[str], str]:
    """To whom a letter goes, and all it says."""
    found: Any = message_from_bytes(data, policy=policy.default)
    texts = [str(found["Subject"])]
    for part in found.walk():
        if not part.is_multipart():
            texts.append(opened(part.get_payload(decode=True) or b""))
    return {each.strip() for each in str(found["To"]).split(",")}, "\n".join(texts)


def sheet_with(word: str) -> bytes:
    """An Excel file that says a word in a cell: packed, so that only opening it shows it."""
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["说明", word])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()

"""Files as people hand them in, and as nobody should: made here, byte by byte."""

from __future__ import annotations

import io
import zipfile

from docx import Document
from openpyxl import Workbook
from pypdf import PdfReader, PdfWriter

LINES = (
    "技术需求征集表",
    "精密减速器齿面磨损过快",
    "一、需求描述",
    "谐波减速器柔轮齿面磨损快，运行2000小时后回差超标，采用现有渗氮工艺仍不达标。",
    "二、目标指标：",
    "使用寿命≥8000h",
    "回差≤1arcmin",
    "完成时间：2030年6月30日",
    "预算：80-120万元",
    "知识产权归属：双方共有",
)


def word(*, lines: tuple[str, ...] = LINES, table: bool = False) -> bytes:
    document = Document()
    for line in lines:
        document.add_paragraph(line)
    if table:
        rows = (
            ("指标", "关系", "数值", "单位"),
            ("平面度", "≤", "0.3", "mm"),
            ("节拍", "≤", "2", "min"),
        )
        grid = document.add_table(rows=0, cols=4)
        for row in rows:
            for cell, text in zip(grid.add_row().cells, row, strict=True):
                cell.text = text
        pairs = document.add_table(rows=0, cols=2)
        for label, text in (
            ("需求名称", "铝壳体焊接变形"),
            ("现状", "采用氩弧焊，焊后平面度三毫米。"),
        ):
            cells = pairs.add_row().cells
            cells[0].text, cells[1].text = label, text
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def excel(rows: list[list[object]]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def scanned_pdf(*, password: str = "", pages: int = 1) -> bytes:
    """Pages without a word, as a scanner makes them."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    stream = io.BytesIO()
    writer.write(stream)
    assert len(PdfReader(io.BytesIO(stream.getvalue())).pages if not password else [1]) >= 1
    return stream.getvalue()


def text_pdf(text: str) -> bytes:
    """One page that says a line in Latin letters, which every PDF font has."""
    content = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode("latin-1")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    data += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return data + b"startxref\n%d\n%%%%EOF\n" % start


def bomb() -> bytes:
    """A Word file of a few kilobytes that unpacks to hundreds of megabytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b" " * (210 * 1024 * 1024))
    return stream.getvalue()


def laughing_word() -> bytes:
    """A Word file whose XML multiplies itself (billion laughs)."""
    source = zipfile.ZipFile(io.BytesIO(word()))
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            body = source.read(name)
            if name == "word/document.xml":
                text = body.decode().replace("需求描述", "&a11;")
                head, _, rest = text.partition("?>")
                body = f'{head}?><!DOCTYPE x [<!ENTITY a0 "ha">{laughs}]>{rest}'.encode()
            archive.writestr(name, body)
    return stream.getvalue()

"""Private files: known by their content, kept under random names, gone with their transaction."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from jiebang.core import uploads
from jiebang.core.errors import NotFound
from jiebang.core.permissions import SYSTEM
from jiebang.core.uploads import DOCUMENTS, PAPERS, Kind, Received, Upload, UploadRefused
from jiebang.db import Database

LIMIT = 2 * 1024 * 1024
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40 + b"IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 40 + b"\xff\xd9"


def office(main: str, extra: dict[str, bytes] | None = None) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(main, "<x/>")
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return packed.getvalue()


DOCX, XLSX = office("word/document.xml"), office("xl/workbook.xml")


def kind_of(data: bytes, name: str, kinds: frozenset[Kind] = DOCUMENTS) -> Kind:
    return uploads.recognise(data, name, limit=LIMIT, kinds=kinds)


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (PDF, "执照.PDF", Kind.PDF),
        (PNG, "扫描.png", Kind.PNG),
        (JPEG, "IMG_0001.jpeg", Kind.JPEG),
        (JPEG + b"SEFT trailer of a telephone", "IMG_0002.jpg", Kind.JPEG),
        (DOCX, "说明.docx", Kind.DOCX),
        (XLSX, "清单.xlsx", Kind.XLSX),
        (PDF, "没有扩展名", Kind.PDF),
    ],
)
def test_a_file_is_known_by_its_content(data: bytes, name: str, kind: Kind) -> None:
    assert kind_of(data, name) is kind


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "空.pdf", "空的"),
        (b"MZ\x90\0 this is a program", "执照.pdf", "内容不是PDF、PNG、JPEG"),
        (b"<html><script>1</script></html>", "执照.png", "内容不是"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "章.svg", "内容不是"),
        (b" " + PDF, "执照.pdf", "内容不是"),
        (PDF[:-6], "截断.pdf", "内容不是"),
        (PNG, "执照.pdf", "扩展名"),
        (PDF, "执照.exe", "扩展名"),
        (PNG + b"PK\x05\x06" + b"\0" * 18, "夹带.png", "夹带了压缩包"),
        (PDF + DOCX, "夹带.pdf", "夹带了压缩包"),
        (b"PK\x03\x04 broken", "坏.docx", "损坏"),
        (office("readme.txt"), "压缩包.docx", "内容不是"),
        (b"\xd0\xcf\x11\xe0 old word", "旧版.doc", "内容不是"),
        (b"%PDF-1.7\n" + b"x" * LIMIT + b"%%EOF", "大.pdf", "超过 2 MB"),
        (office("word/document.xml", {"word/vbaProject.bin": b"x"}), "宏.docx", "宏"),
    ],
)
def test_what_is_refused_is_refused_in_words(data: bytes, name: str, said: str) -> None:
    with pytest.raises(UploadRefused) as refusal:
        kind_of(data, name, PAPERS if "word" not in name and not name.endswith("x") else DOCUMENTS)
    assert said in refusal.value.message


def test_a_paper_may_not_be_a_table() -> None:
    with pytest.raises(UploadRefused, match="内容不是PDF、PNG、JPEG"):
        kind_of(XLSX, "清单.xlsx", PAPERS)


def test_zip_bombs_are_refused_without_unpacking() -> None:
    bomb = office("word/document.xml", {"word/media/a.bin": b"\0" * 300 * 1024 * 1024})
    assert len(bomb) < LIMIT
    with pytest.raises(UploadRefused, match="展开后过大"):
        kind_of(bomb, "炸弹.docx")
    dense = office("word/document.xml", {"word/media/a.bin": b"\0" * 20 * 1024 * 1024})
    with pytest.raises(UploadRefused, match="压缩比异常"):
        kind_of(dense, "炸弹.docx")
    many = office("xl/workbook.xml", {f"x/{n}": b"" for n in range(uploads.ZIP_ENTRIES)})
    with pytest.raises(UploadRefused, match="展开后过大"):
        kind_of(many, "很多.xlsx")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("C:\\Users\\li\\执照.pdf", "执照.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("a\r\nX-Evil: 1\u202e.pdf", "aX-Evil: 1.pdf"),
        ("", "文件.pdf"),
        (".pdf", "文件.pdf"),
        ("长" * 300 + ".pdf", "长" * 120 + ".pdf"),
    ],
)
def test_names_are_shown_without_folders_and_control_characters(given: str, shown: str) -> None:
    assert uploads.shown_name(given, Kind.PDF) == shown


def keep(database: Database, folder: Path, *, fail: bool = False) -> Upload:
    with database.transaction() as session:
        upload = uploads.store(
            session, SYSTEM, Received(io.BytesIO(PDF), "执照.pdf"), folder=folder, limit=LIMIT,
            purpose="licence", organisation_id=None,
        )  # fmt: skip
        if fail:
            raise RuntimeError("the rest of the request failed")
    return upload


def test_a_file_lies_under_a_random_name_for_its_owner_alone(
    database: Database, tmp_path: Path
) -> None:
    upload = keep(database, tmp_path)
    path = uploads.existing_path(tmp_path, upload)
    assert path.read_bytes() == PDF
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "执照" not in path.name
    assert (upload.original_name, upload.size, upload.media_type) == (
        "执照.pdf", len(PDF), "application/pdf",
    )  # fmt: skip


def test_a_rollback_takes_the_file_along_and_a_commit_keeps_it(
    database: Database, tmp_path: Path
) -> None:
    kept = keep(database, tmp_path)
    with pytest.raises(RuntimeError):
        keep(database, tmp_path, fail=True)
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".db"
            and len(path.name) == 48] == [kept.stored_name]  # fmt: skip


def test_a_lost_file_is_a_clear_message(database: Database, tmp_path: Path) -> None:
    upload = keep(database, tmp_path)
    uploads.path_in(tmp_path, upload).unlink()
    with pytest.raises(NotFound, match="找不到"):
        uploads.existing_path(tmp_path, upload)

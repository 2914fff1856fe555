"""Private files: checked by content, kept under random names, handed out by permission only.

A file lies in the uploads folder from the moment it is stored; if its transaction is rolled back,
it is removed again, so that no file is left without its row.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import unicodedata
import zipfile
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import CheckConstraint, ForeignKey, String, event
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import clock
from .base import Base, UtcDateTime
from .errors import DomainError, NotFound
from .permissions import Actor

_WRITTEN = "jiebang.uploads.written"
_MIB = 1024 * 1024
_END_OF_ZIP = b"PK\x05\x06"
_END_OF_ZIP_WITHIN = 65_557
"""A zip directory's end lies in so many last bytes: its own 22 and the longest comment."""
ZIP_ENTRIES = 2_000
ZIP_UNPACKED = 200 * _MIB
ZIP_RATIO = 200
"""Office documents stay far below; what is beyond is made to fill memory."""


class Kind(StrEnum):
    """The kinds of file that can be recognised by their content."""

    PDF = "pdf"
    PNG = "png"
    JPEG = "jpeg"
    DOCX = "docx"
    XLSX = "xlsx"


MEDIA_TYPES = {
    Kind.PDF: "application/pdf",
    Kind.PNG: "image/png",
    Kind.JPEG: "image/jpeg",
    Kind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Kind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SUFFIXES = {
    Kind.PDF: (".pdf",),
    Kind.PNG: (".png",),
    Kind.JPEG: (".jpg", ".jpeg"),
    Kind.DOCX: (".docx",),
    Kind.XLSX: (".xlsx",),
}
PAPERS = frozenset({Kind.PDF, Kind.PNG, Kind.JPEG})
"""What a scanned or photographed paper may be."""
DOCUMENTS = PAPERS | {Kind.DOCX, Kind.XLSX}


class UploadRefused(DomainError):
    """A file that is not taken, and what to hand in instead."""

    status = 422


class Upload(Base):
    """One stored file. Its name on disk is random; the name that people gave it stays here."""

    __tablename__ = "upload"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisation.id", ondelete="CASCADE"), index=True
    )
    uploader_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(40))
    original_name: Mapped[str] = mapped_column(String(150))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    stored_name: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("size > 0", name="size"),)


@dataclass(frozen=True, slots=True)
class Received:
    """A file as it came in: its content as a stream and the name it was given."""

    stream: BinaryIO
    filename: str


def store(
    session: Session,
    actor: Actor,
    received: Received,
    *,
    folder: Path,
    limit: int,
    purpose: str,
    organisation_id: int | None,
    kinds: frozenset[Kind] = PAPERS,
) -> Upload:
    """Checks a file and keeps it; UploadRefused says in Chinese what is wrong with it."""
    data = received.stream.read(limit + 1)
    kind = recognise(data, received.filename, limit=limit, kinds=kinds)
    upload = Upload(
        organisation_id=organisation_id,
        uploader_id=actor.user_id,
        purpose=purpose,
        original_name=shown_name(received.filename, kind),
        media_type=MEDIA_TYPES[kind],
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        stored_name=secrets.token_hex(24),
        created_at=clock.now(),
    )
    path = path_in(folder, upload)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    session.info.setdefault(_WRITTEN, []).append(path)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    session.add(upload)
    session.flush()
    return upload


def path_in(folder: Path, upload: Upload) -> Path:
    """Where the file lies; only permission-checked routes may open it."""
    return folder / upload.stored_name


def existing_path(folder: Path, upload: Upload) -> Path:
    """The same, for reading; NotFound when the file is gone."""
    path = path_in(folder, upload)
    if not path.is_file():
        raise NotFound("这份文件在服务器上找不到了，请联系平台运营。")
    return path


@event.listens_for(Session, "after_commit")
def _keep(session: Session) -> None:
    session.info.pop(_WRITTEN, None)


@event.listens_for(Session, "after_rollback")
def _remove(session: Session) -> None:
    for path in session.info.pop(_WRITTEN, []):
        path.unlink(missing_ok=True)


def names_of(kinds: frozenset[Kind]) -> str:
    """PDF、PNG、JPEG: for messages, in the order of declaration."""
    return "、".join(kind.value.upper() for kind in Kind if kind in kinds)


def accept_of(kinds: frozenset[Kind]) -> str:
    """The `accept` attribute of a file input."""
    return ",".join(suffix for kind in Kind if kind in kinds for suffix in SUFFIXES[kind])


def shown_name(filename: str, kind: Kind) -> str:
    """The given name without folders and control characters, with the ending of its content."""
    base = filename.replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(c for c in base if unicodedata.category(c)[0] != "C").strip()
    suffixes = SUFFIXES[kind]
    ending = next((s for s in suffixes if clean.lower().endswith(s)), suffixes[0])
    stem = clean[: -len(ending)] if clean.lower().endswith(ending) else clean
    return (stem.strip(". ")[:120] or "文件") + ending


def recognise(data: bytes, filename: str, *, limit: int, kinds: frozenset[Kind]) -> Kind:
    """The kind of a file by its content; its name must not claim another one."""
    if not data:
        raise UploadRefused("文件是空的，请重新选择文件。")
    if len(data) > limit:
        raise UploadRefused(f"文件超过 {limit // _MIB} MB 的上限，请压缩后重新上传。")
    allowed = names_of(kinds)
    kind = _kind(data)
    if kind is None or kind not in kinds:
        raise UploadRefused(f"这个文件的内容不是{allowed}，请另存为其中一种再上传。")
    suffix = Path(filename).suffix.lower()
    if suffix and suffix not in SUFFIXES[kind]:
        raise UploadRefused(
            f"文件名以“{suffix[:10]}”结尾，内容却是 {kind.value.upper()}，请改正扩展名后再上传。"
        )
    return kind


def _kind(data: bytes) -> Kind | None:
    if data.startswith(b"PK\x03\x04"):
        return _office(data)
    if _END_OF_ZIP in data[-_END_OF_ZIP_WITHIN:]:
        raise UploadRefused("文件里夹带了压缩包，不能上传，请重新导出一份。")
    if data.startswith(b"%PDF-") and b"%%EOF" in data[-2048:]:
        return Kind.PDF
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data.endswith(b"IEND\xaeB`\x82"):
        return Kind.PNG
    if data.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in data:
        return Kind.JPEG
    return None


def _office(data: bytes) -> Kind | None:
    """DOCX or XLSX. Looks at the directory only and unpacks nothing."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise UploadRefused("文件已损坏，打不开，请重新导出一份。") from None
    packed = sum(entry.compress_size for entry in entries)
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > ZIP_ENTRIES or unpacked > ZIP_UNPACKED or packed > len(data):
        raise UploadRefused("文件展开后过大，不能上传，请拆分或另存为 PDF。")
    if any(entry.file_size > _MIB and entry.file_size > ZIP_RATIO * max(1, entry.compress_size)
           for entry in entries):  # fmt: skip
        raise UploadRefused("文件的压缩比异常，不能上传，请另存为 PDF。")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise UploadRefused("文件设了打开密码，请去掉密码后再上传。")
    names = {entry.filename for entry in entries}
    if any("vbaproject" in name.lower() for name in names):
        raise UploadRefused("文件里带有宏，请另存为不含宏的格式再上传。")
    if "[Content_Types].xml" not in names:
        return None
    if "word/document.xml" in names:
        return Kind.DOCX
    return Kind.XLSX if "xl/workbook.xml" in names else None

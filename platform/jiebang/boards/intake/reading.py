"""Has an uploaded description read by a limited process, and says in words what went wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jiebang.core import uploads
from jiebang.core.errors import DomainError, Invalid
from jiebang.core.uploads import Kind, UploadRefused

READABLE = frozenset({Kind.DOCX, Kind.PDF, Kind.XLSX})
PATIENCE = 20
"""Seconds for one file, start included; the process itself stops computing after 15."""
AT_ONCE = 2
"""So many files are read at a time by one web process; the next waits a little, then is asked to
come back."""
_SCRIPT = Path(__file__).with_name("extract.py")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_SEALED = "EncryptedPackage".encode("utf-16-le")

REFUSALS = {
    "encrypted": "文件设了打开密码，读不出内容。请去掉密码后重新上传。",
    "old": "这是旧版 Word 或 Excel（.doc、.xls），请另存为 .docx 或 .xlsx 再上传。",
    "broken": "文件已损坏或不是标准格式，读不出内容。请重新另存一份再上传。",
    "heavy": "文件太大或太复杂，在限定的时间和内存里读不完。请删去图片、拆成几份，或直接粘贴文字。",
}
EMPTY = {
    Kind.PDF: "这份 PDF 里没有文字，多半是扫描件或图片。请上传 Word 原件，或先用文字识别软件转换。",
    Kind.DOCX: "这份 Word 文件里没有文字，内容可能是图片。请粘贴文字后再上传。",
    Kind.XLSX: "这份 Excel 里没有文字，请检查内容是否在前 5 张工作表里。",
}

_turns = threading.BoundedSemaphore(AT_ONCE)


class Busy(DomainError):
    """Too many files are being read at the moment."""

    status = 503


@dataclass(frozen=True, slots=True)
class Read:
    """What a file says: paragraphs and tables in their order. `cut`: there was more."""

    kind: Kind
    blocks: list[tuple[str, Any]]
    cut: bool


def read(data: bytes, filename: str, *, limit: int) -> Read:
    """The words of a Word, PDF or Excel file; Invalid says in Chinese what is wrong with it."""
    if data.startswith(_OLD_OFFICE):
        raise Invalid({"file": REFUSALS["encrypted" if _SEALED in data else "old"]})
    try:
        kind = uploads.recognise(data, filename, limit=limit, kinds=READABLE)
    except UploadRefused as error:
        raise Invalid({"file": error.message}) from error
    answer = _extract(kind, data)
    if why := answer.get("refused"):
        raise Invalid({"file": EMPTY[kind] if why == "empty" else REFUSALS[why]})
    blocks = [(str(each[0]), each[1]) for each in answer["blocks"]]
    return Read(kind, blocks, bool(answer["cut"]))


def _extract(kind: Kind, data: bytes) -> dict[str, Any]:
    if not _turns.acquire(timeout=5):
        raise Busy("正在读取别的文件，请过十几秒再上传。")
    try:
        done = subprocess.run(  # noqa: S603  (our own script, no shell, nothing of the file in argv)
            [sys.executable, "-I", str(_SCRIPT), kind.value],
            input=data,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        return {"refused": "heavy"}
    finally:
        _turns.release()
    if done.returncode != 0:  # killed by a limit, or memory ran out where Python could not say so
        return {"refused": "heavy"}
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return {"refused": "broken"}
    return answer

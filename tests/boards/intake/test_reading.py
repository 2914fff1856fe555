"""Files are read by a process with limits; what cannot be read is refused in words."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from jiebang.boards.intake import extract, reading
from jiebang.core.errors import Invalid
from jiebang.core.uploads import Kind

from .files import bomb, excel, laughing_word, scanned_pdf, text_pdf, word

LIMIT = 5 * 1024 * 1024


def refusal(data: bytes, name: str) -> str:
    with pytest.raises(Invalid) as caught:
        reading.read(data, name, limit=LIMIT)
    return caught.value.errors["file"]


def test_words_tables_and_sheets_are_read() -> None:
    found = reading.read(word(table=True), "需求.docx", limit=LIMIT)
    assert found.kind is Kind.DOCX and not found.cut
    assert ("p", "精密减速器齿面磨损过快") in found.blocks
    assert ["平面度", "≤", "0.3", "mm"] in found.blocks[-2][1]
    sheet = reading.read(excel([["需求名称", "预算"], ["密封", 80]]), "表.xlsx", limit=LIMIT)
    assert sheet.blocks == [("t", [["需求名称", "预算"], ["密封", "80"]])] or sheet.blocks[0][1]
    page = reading.read(text_pdf("Flatness 0.3 mm after welding"), "a.pdf", limit=LIMIT)
    assert page.blocks == [("p", "Flatness 0.3 mm after welding")]


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"", "空.docx", "空的"),
        (b"no document", "x.docx", "不是"),
        (scanned_pdf(), "扫描.pdf", "扫描件"),
        (scanned_pdf(password="secret"), "密.pdf", "打开密码"),
        (word(lines=("",)), "图.docx", "没有文字"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "旧.doc", "旧版"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "密.docx", "打开密码"),
        (word()[:-40] + b"\0" * 40, "坏.docx", "损坏"),
        (b"x" * (LIMIT + 1), "大.pdf", "5 MB"),
        (text_pdf("Flatness 0.3 mm"), "改名.docx", "扩展名"),
    ],
)
def test_refusals_say_what_to_do(data: bytes, name: str, says: str) -> None:
    message = refusal(data, name)
    assert says in message and message.endswith("。")


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    data = bomb()
    assert len(data) < LIMIT
    assert "展开后过大" in refusal(data, "炸.docx") or "压缩比" in refusal(data, "炸.docx")


def test_xml_that_multiplies_itself_ends_soon() -> None:
    began = time.monotonic()
    try:
        found = reading.read(laughing_word(), "笑.docx", limit=LIMIT)
    except Invalid:
        pass
    else:
        assert "haha" not in str(found.blocks)
    assert time.monotonic() - began < reading.PATIENCE


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("x = bytearray(3 * 1024**3)", "memory"),
        ("with open(sys.argv[2], 'w') as file: file.write('x' * 10)", "files"),
        ("while True: pass", "time"),
    ],
)
def test_the_process_has_little_memory_no_files_and_little_time(
    code: str, why: str, tmp_path: Path
) -> None:
    limits = "import runpy,sys; m = runpy.run_path(sys.argv[1], run_name='m');"
    if why == "time":
        limits += "m['limit'].__globals__['SECONDS'] = 1;"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"{limits} m['limit']()\n{code}", extract.__file__,
         str(tmp_path / "written")],
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode != 0, why


def test_whatever_kills_the_process_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed:
        returncode, stdout = -9, b""

    monkeypatch.setattr(reading.subprocess, "run", lambda *_a, **_k: Killed)
    assert "读不完" in refusal(word(), "重.docx")

    def slow(*_a: object, **_k: object) -> None:
        raise subprocess.TimeoutExpired("x", 1)

    monkeypatch.setattr(reading.subprocess, "run", slow)
    assert "读不完" in refusal(word(), "慢.docx")
    assert reading._turns.acquire(timeout=0), "the turn was given back"
    reading._turns.release()


def test_a_long_file_is_cut_and_says_so() -> None:
    found = reading.read(word(lines=tuple(f"第{n}行" + "长" * 900 for n in range(300))), "长.docx",
                         limit=LIMIT)  # fmt: skip
    assert found.cut and len(str(found.blocks)) < 400_000

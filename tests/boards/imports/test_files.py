"""Files of all sorts: read where possible, refused in words where not."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from jiebang.boards.imports import ImportRefused, Summary, WrongMapping

from .conftest import MemoryStore

Run = Callable[..., Summary]
Write = Callable[..., Path]
CSV = """标题,公开摘要,预算（万元）
焊接变形控制,薄壁铝件焊后翘曲超差,80-120
轴承降噪,主轴高速运转噪声偏大,面议
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(
    run: Run, write: Write, store: MemoryStore, encoding: str, delimiter: str
) -> None:
    path = write("需求.csv", CSV.replace(",", delimiter), encoding)
    summary = run("need", path)
    assert summary.created == 2, summary.errors
    assert summary.unused == []
    assert store.titles == ["焊接变形控制", "轴承降噪"]
    assert store.rows[0].values["money"].low == 80_0000_00


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("空.csv", b"", "文件是空的"),
        ("空.csv", b"\xef\xbb\xbf", "文件是空的"),
        ("空.csv", b"\r\n\r\n", "文件是空的"),
        ("空.jsonl", b"\n \n", "文件是空的"),
        ("空.json", b"[]", "文件是空的"),
        ("表头.csv", "标题,公开摘要\n\n".encode(), "只有表头"),
        ("需求.docx", b"x", "不认识的文件类型"),
        ("需求.xls", b"x", "另存为 .xlsx"),
        ("旧.csv", b"\xd0\xcf\x11\xe0rest", "另存为 .xlsx"),
        ("文.csv", b"%PDF-1.7", "PDF"),
        ("坏.xlsx", b"not a zip at all", "已损坏"),
        ("坏.xlsx", b"PK\x03\x04" + b"\0" * 400, "已损坏"),
        ("坏.csv", b"PK\x03\x04" + b"\0" * 400, "扩展名"),
        ("乱.csv", bytes(range(256)) * 40, "不是文本"),
        ("乱.csv", "标题\n焊\0接".encode(), "不是文本"),
        ("引号.csv", '标题,摘要\n"焊接,变形\n'.encode(), "双引号"),
        ("坏.json", '[{"title": "焊接"}'.encode(), "不是有效的 JSON"),
        ("深.json", b"[" * 200_000, "不是有效的 JSON"),
        ("重复.csv", "标题,标题\na,b\n".encode(), "出现了两次"),
        ("外文.csv", b"foo,bar\n1,2\n", "没有认出任何一列"),
    ],
)  # fmt: skip
def test_refused_files(run: Run, write: Write, name: str, content: bytes, words: str) -> None:
    with pytest.raises(ImportRefused, match=words) as caught:
        run("need", write(name, content))
    assert str(caught.value) == caught.value.message


def test_too_large_is_refused_before_reading(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "大.csv"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    started = time.monotonic()
    with pytest.raises(ImportRefused, match="文件 50 MB，超过上限 20 MB"):
        run("need", path, upload_limit=20 * 1024 * 1024)
    assert time.monotonic() - started < 1


def test_stream_too_large(database: object, run: Run, store: MemoryStore) -> None:
    from jiebang.boards.imports import import_file
    from jiebang.core.permissions import SYSTEM

    with pytest.raises(ImportRefused, match="超过上限"):
        import_file(
            database,  # type: ignore[arg-type]
            SYSTEM,
            "need",
            io.BytesIO(b"x" * 2000),
            "a.csv",
            save=store,
            upload_limit=1000,
        )


def test_zip_bomb_is_refused_quickly(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "弹.xlsx"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(300):
            part.write(b" " * 1024 * 1024)
    assert path.stat().st_size < 1024 * 1024
    started = time.monotonic()
    with pytest.raises(ImportRefused, match="解压后有 300 MB，超过上限"):
        run("need", path)
    assert time.monotonic() - started < 1


def test_entity_declarations_are_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "实体.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", '<!DOCTYPE x [<!ENTITY a "aaaa">]><workbook/>')
    with pytest.raises(ImportRefused, match="DOCTYPE"):
        run("need", path)


def test_title_row_above_the_header(
    run: Run, sheet: Callable[..., Path], store: MemoryStore
) -> None:
    path = sheet(["2026 年企业技术需求汇总表"], [], ["序号", "需求名称", "需求内容"],
                 [1, "焊接变形控制", "薄壁铝件焊后翘曲"])  # fmt: skip
    summary = run("need", path)
    assert (summary.created, summary.unused) == (1, [])
    assert store.rows[0].number == 4
    assert store.rows[0].values["problem"] == "薄壁铝件焊后翘曲"


def test_formulas_are_values_only(run: Run, sheet: Callable[..., Path], store: MemoryStore) -> None:
    path = sheet(["标题", "公开摘要"], ["焊接变形控制", '=HYPERLINK("http://x","y")'])
    assert run("need", path).created == 1
    assert store.rows[0].values.get("summary") is None


def test_error_cells_are_named(run: Run, sheet: Callable[..., Path]) -> None:
    summary = run("need", sheet(["标题", "预算"], ["焊接变形控制", "#REF!"]))
    assert str(summary.errors[0]) == "第 2 行，列“预算”：单元格是错误值 #REF!，请改正表格里的公式"


def test_json_lines_and_array(run: Run, write: Write, store: MemoryStore) -> None:
    rows = [{"id": "A1", "title": "焊接变形控制"}, {"id": "A2", "title": "轴承降噪"}]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    broken = f"{lines}\n{{坏\n[1]\n"
    summary = run("need", write("a.jsonl", broken))
    assert summary.created == 2
    assert [error.row for error in summary.errors] == [3, 4]
    again = run("need", write("a.json", json.dumps(rows)))
    assert again.unchanged == 2


def test_extra_cells_are_an_error_of_their_row(run: Run, write: Write) -> None:
    summary = run("need", write("a.csv", "标题,预算\n焊接,变形,80\n轴承降噪,80\n"))
    assert summary.created == 1
    assert "比表头多出 1 个值" in summary.errors[0].message


def test_mapping(run: Run, write: Write, store: MemoryStore) -> None:
    path = write("a.csv", "题名称呼,难题,备忘,预算（元）\n焊接变形控制,翘曲,无,50000\n")
    summary = run("need", path, mapping={"题名称呼": "title", "难题": "需要解决的问题"})
    assert summary.created == 1
    assert summary.notes == ["未使用的列：备忘", "缺“需求类型”，按来源留空",
                             "缺“公开摘要”，按来源留空", "缺“产业领域”，按来源留空"]  # fmt: skip
    assert store.rows[0].values["problem"] == "翘曲"
    assert store.rows[0].values["money"].low == 5_0000_00
    with pytest.raises(WrongMapping, match="没有“不存在”这一项"):
        run("need", path, mapping={"难题": "不存在"})
    with pytest.raises(WrongMapping, match="没有 --map 指定的列“没有”"):
        run("need", path, mapping={"题名称呼": "title", "没有": "problem"})

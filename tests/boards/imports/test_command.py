"""`jiebang import` as people run it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jiebang.commands import import_, init

Invoke = Callable[..., Result]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.setenv("JIEBANG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("JIEBANG_DATABASE_URL", raising=False)

    def go(*arguments: object) -> Result:
        return CliRunner().invoke(import_.command, [str(each) for each in arguments])

    return go


@pytest.fixture
def prepared(invoke: Invoke) -> Invoke:
    assert CliRunner().invoke(init.command, []).exit_code == 0
    return invoke


def organisations(folder: Path, rows: int, broken: bool = False) -> Path:
    lines = [f"示例单位{n},{'俱乐部' if broken else '企业'}" for n in range(rows)]
    path = folder / "单位.csv"
    path.write_text("\n".join(["单位名称,单位类别", *lines]), "gb18030")
    return path


def test_wrong_use(invoke: Invoke, tmp_path: Path) -> None:
    path = organisations(tmp_path, 1)
    assert invoke("need").exit_code == 2
    assert invoke("nothing", path).exit_code == 2
    assert invoke("organisation", tmp_path / "没有.csv").exit_code == 2
    assert invoke("organisation", path, "--publish").exit_code == 2
    assert invoke("need", path, "--map", "标题").exit_code == 2
    assert invoke("need", "--template", tmp_path / "a.csv").exit_code == 2


def test_template_needs_no_database(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("need", "--template", tmp_path / "t.xlsx")
    assert result.exit_code == 0
    assert (tmp_path / "t.xlsx").stat().st_size > 5000
    assert not (tmp_path / "home").exists()


def test_settings(invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = organisations(tmp_path, 1)
    assert "jiebang init" in invoke("organisation", path).output
    monkeypatch.setenv("PORT", "众")
    assert invoke("organisation", path).exit_code == 3


def test_import_and_report(prepared: Invoke, tmp_path: Path) -> None:
    path = organisations(tmp_path, 2)
    first = prepared("organisation", path)
    assert (first.exit_code, "新增 2" in first.stdout) == (0, True)
    assert "未变 2" in prepared("organisation", path).stdout
    assert prepared("organisation", path, "--map", "没有=name").exit_code == 2


def test_errors_are_listed_up_to_fifty(prepared: Invoke, tmp_path: Path) -> None:
    path = organisations(tmp_path, 60, broken=True)
    result = prepared("organisation", path, "--strict")
    assert result.exit_code == 1
    assert "第 2 行，列“单位类别”：没有“俱乐部”这一项" in result.stderr
    assert result.stderr.count("列“单位类别”") == 50
    assert "另有 10 处错误未列出" in result.stderr
    found = json.loads(prepared("organisation", path, "--json").stdout)
    assert len(found["errors"]) == 60
    (tmp_path / "坏.xlsx").write_bytes(b"junk")
    broken = prepared("need", tmp_path / "坏.xlsx")
    assert broken.exit_code == 1
    assert "已损坏" in broken.output

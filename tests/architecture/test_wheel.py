"""The wheel holds all that an installation without a checkout needs."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.processes import ROOT, environment


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without the network, from what git would take along."""
    folder = tmp_path_factory.mktemp("wheel")
    result = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    (made,) = folder.glob("*.whl")
    return made


def test_everything_is_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, package in (
        ("platform/jiebang", "jiebang"),
        ("matching", "matching"),
        ("indexes", "indexes"),
        ("migrations", "jiebang/migrations"),
    ):
        listed = subprocess.run(
            ["git", "ls-files", "-z", folder], cwd=ROOT, capture_output=True, text=True, check=True
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).exists():
                assert package + name.removeprefix(folder) in names
    assert "jiebang/web/templates/base.html" in names
    assert "matching/model/modules.json" in names
    assert "jiebang/migrations/versions/0001_foundation.py" in names


def test_nothing_else_is_in_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    roots = {name.split("/")[0] for name in names}
    assert {r for r in roots if not r.endswith(".dist-info")} == {"jiebang", "matching", "indexes"}
    assert [name for name in names if name.endswith((".pyc", ".db"))] == []


def test_its_schema_is_made_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    result = subprocess.run(
        [sys.executable, "-c", "from jiebang.cli import main; main()", "init"],
        cwd=tmp_path,
        env={
            **environment(JIEBANG_HOME=str(tmp_path / "home")),
            "PYTHONPATH": str(tmp_path / "site"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "数据库已建立" in result.stdout

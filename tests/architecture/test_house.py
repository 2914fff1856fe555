"""The house rules that a reader would otherwise have to check by eye."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.processes import ROOT, environment

LONGEST = 400
VAGUE = {"util.py", "utils.py", "helper.py", "helpers.py", "misc.py", "common.py"}
GENERATED = ROOT / "migrations" / "versions"
HOST = re.compile(r"""(?:https?:)?//[\w.-]+\.[a-z]{2,}""")
NAMES = ("http://www.w3.org",)
"""Names of XML vocabularies: nothing is fetched from them."""

COMES_WITH = {
    "argon2": "argon2-cffi",
    "docx": "python-docx",
    "fpdf": "fpdf2",
    "faiss": "faiss-cpu",
    "importlinter": "import-linter",
    # parts that their owner documents as its own
    "itsdangerous": "flask",
    "jinja2": "flask",
    "markupsafe": "flask",
    "werkzeug": "flask",
    "scipy": "sentence-transformers",
    "torch": "sentence-transformers",
}
"""The distribution that brings a module, where the name differs."""


def sources() -> list[Path]:
    """The project's own Python files: tracked, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def test_the_floors_are_kept() -> None:
    # lint-imports has no module to run with -m
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    result = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources()
        if not path.is_relative_to(GENERATED)
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert long == {}


def test_no_file_is_named_for_nothing() -> None:
    assert [path for path in sources() if path.name in VAGUE] == []


def test_every_floor_has_an_empty_front_door() -> None:
    assert (ROOT / "platform/jiebang/__init__.py").read_text() == ""


def pages() -> list[Path]:
    package = ROOT / "platform" / "jiebang"
    kinds = {".html", ".css", ".js", ".svg", ".txt", ".json", ".webmanifest"}
    folders = {"templates", "static"}
    return [p for p in package.rglob("*") if p.suffix in kinds and folders & set(p.parts)]


def test_pages_fetch_nothing_from_other_hosts() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {match}"
        for path in pages()
        for match in HOST.findall(path.read_text(encoding="utf-8"))
        if not match.startswith(NAMES)
    }
    assert pages()
    assert found == set()


def test_pages_hold_no_inline_handlers_and_no_inline_styles() -> None:
    """The content security policy would refuse them without a word to the user."""
    forbidden = re.compile(r"""\son[a-z]+\s*=\s*["']|\sstyle\s*=\s*["']|javascript:|<style[\s>]""")
    found = [
        f"{path.relative_to(ROOT)}: {match}"
        for path in pages()
        if path.suffix == ".html"
        for match in forbidden.findall(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("package", ["platform/jiebang", "matching", "indexes", "tests"])
def test_what_is_imported_is_declared(package: str) -> None:
    """A package that happens to be there because another one needs it may be gone tomorrow."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = list(project["project"]["dependencies"])
    if package == "tests":
        declared += project["dependency-groups"]["test"]
    names = {
        re.split(r"[^\w.-]", line, maxsplit=1)[0].lower().replace("_", "-") for line in declared
    }
    own = {"jiebang", "matching", "indexes", "tests", "wsgi"}
    missing = set()
    for path in sources():
        if not path.is_relative_to(ROOT / package):
            continue
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r"^\s*(?:from|import) ([a-zA-Z]\w*)", text, re.MULTILINE):
            name = match[1]
            beside = path.with_name(f"{name}.py").exists()
            if name in sys.stdlib_module_names or name in own or beside:
                continue
            wanted = COMES_WITH.get(name, name).lower().replace("_", "-")
            if wanted not in names:
                missing.add(f"{name} ({path.relative_to(ROOT)})")
    assert missing == set()

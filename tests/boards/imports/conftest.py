"""A store that keeps rows in memory, as the real one keeps them in the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from jiebang.boards.imports import ImportedRow, Kept, Refused, Summary, import_file
from jiebang.core.errors import Conflict
from jiebang.core.permissions import SYSTEM, Actor
from jiebang.db import Database


class MemoryStore:
    """Idempotent by external id or content; refuses titles it was told to refuse."""

    def __init__(self) -> None:
        self.kept: dict[str, ImportedRow] = {}
        self.batches: list[int] = []
        self.refuse: set[str] = set()
        self.explode: set[str] = set()

    def __call__(
        self, session: object, actor: Actor, kind: str, rows: Sequence[ImportedRow], /
    ) -> list[Kept | Refused]:
        self.batches.append(len(rows))
        if any(row.values.get("title") in self.explode for row in rows):
            raise Conflict("这一批不行")
        return [self._keep(row) for row in rows]

    def _keep(self, row: ImportedRow) -> Kept | Refused:
        if row.values.get("title") in self.refuse:
            return Refused("“标题”：不收这一条", "title")
        key = f"{row.organisation_name}:{row.external_id or row.content_hash}"
        before = self.kept.get(key)
        self.kept[key] = row
        if before is None:
            return "created"
        return "unchanged" if before.content_hash == row.content_hash else "updated"

    @property
    def titles(self) -> list[str]:
        return [row.values["title"] for row in self.kept.values()]

    @property
    def rows(self) -> list[ImportedRow]:
        return list(self.kept.values())


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def database() -> Iterator[Database]:
    found = Database("sqlite://")
    yield found
    found.dispose()


@pytest.fixture
def run(database: Database, store: MemoryStore) -> Callable[..., Summary]:
    """Imports a file: run("need", path, publish=True)."""

    def go(kind: str, path: Path, actor: Actor = SYSTEM, **options: Any) -> Summary:
        options.setdefault("save", store)
        return import_file(database, actor, kind, path, path.name, **options)

    return partial(go)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes text or bytes to a file of this name."""

    def go(name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return go


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[..., Path]:
    """Writes rows to the first worksheet of an XLSX."""

    def go(*rows: Sequence[object], name: str = "表.xlsx") -> Path:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(list(row))
        path = tmp_path / name
        book.save(path)
        return path

    return go

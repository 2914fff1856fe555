"""The kinds of a technology contract and the clauses that each begins with: data with a source."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent / "data" / "clauses.json"


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: plain words, and the articles of 民法典 that stand behind it."""

    key: str
    heading: str
    text: str
    articles: str

    def row(self) -> dict[str, str]:
        """As versions keep it."""
        basis = f"民法典第{self.articles}条" if self.articles != "—" else ""
        return {"key": self.key, "heading": self.heading, "text": self.text, "basis": basis}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of contract."""

    key: str
    label: str
    modes: tuple[str, ...]
    seller: str
    buyer: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Library:
    """Everything the data file holds."""

    kinds: tuple[Kind, ...]
    common: tuple[Clause, ...]
    ip_rows: tuple[str, ...]
    source: str
    note: str
    verified: bool

    def kind(self, key: str) -> Kind:
        """A kind by its key; the first for one that is not there."""
        return next((each for each in self.kinds if each.key == key), self.kinds[0])

    def kind_of(self, modes: Collection[str]) -> Kind:
        """The kind that a listing's 合作方式 suggests."""
        return next(
            (each for each in self.kinds if any(mode in modes for mode in each.modes)),
            self.kinds[0],
        )

    def clauses(self, key: str) -> list[dict[str, str]]:
        """The clauses a draft of this kind begins with."""
        return [each.row() for each in (*self.kind(key).clauses, *self.common)]


@cache
def library() -> Library:
    """The clauses that ship with the platform."""
    raw = json.loads(DATA.read_text(encoding="utf-8"))

    def clauses(rows: list[dict[str, Any]]) -> tuple[Clause, ...]:
        return tuple(Clause(**row) for row in rows)

    return Library(
        kinds=tuple(
            Kind(
                row["key"], row["label"], tuple(row["modes"]), row["seller"], row["buyer"],
                clauses(row["clauses"]),
            )
            for row in raw["kinds"]
        ),
        common=clauses(raw["common"]),
        ip_rows=tuple(raw["ip_rows"]),
        source=raw["source"],
        note=raw["note"],
        verified=raw["verified"],
    )  # fmt: skip

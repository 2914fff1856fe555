"""What an import did, for people and for programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row was not taken: the row as shown in Excel, the column, and a sentence."""

    row: int
    column: str
    message: str

    def __str__(self) -> str:
        column = f"，列“{self.column}”" if self.column else ""
        return f"第 {self.row} 行{column}：{self.message}"


@dataclass(slots=True)
class Summary:
    """Counts of rows; `failed` rows have one or more `errors`."""

    kind: str
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    errors: list[RowError] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    """Columns that no field takes."""
    remarks: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    dry_run: bool = False

    @property
    def ok(self) -> bool:
        """Whether every row was fine."""
        return not self.errors

    @property
    def notes(self) -> list[str]:
        """What a person should know, each once with the number of rows it is about."""
        found = [f"未使用的列：{'、'.join(self.unused)}"] if self.unused else []
        return found + [
            f"{text}（{count:,} 行）" if count > 1 else text
            for text, count in self.remarks.most_common()
        ]

    def as_json(self) -> dict[str, Any]:
        """The whole summary with every error."""
        return {
            "kind": self.kind,
            "dry_run": self.dry_run,
            "read": self.read,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "skipped": self.skipped,
            "failed": self.failed,
            "errors": [
                {"row": each.row, "column": each.column, "message": each.message}
                for each in self.errors
            ],
            "unused_columns": self.unused,
            "notes": self.notes,
            "seconds": round(self.seconds, 3),
        }

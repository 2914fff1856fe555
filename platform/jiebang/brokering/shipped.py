"""The rule that the platform brings along; it is put into every new database."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from jiebang.core import clock

from .models import SpecialistRule

DATA = Path(__file__).resolve().parent / "data" / "rule.json"


def versions() -> list[dict[str, Any]]:
    """The rows of the data file with typed dates."""
    raw = json.loads(DATA.read_text(encoding="utf-8"))
    return [{**row, "valid_from": date.fromisoformat(row["valid_from"])} for row in raw["versions"]]


def seed(connection: Connection) -> None:
    """Adds those shipped versions that the database does not have; changes none it has."""
    known = set(connection.scalars(select(SpecialistRule.number)))
    for row in versions():
        if row["number"] not in known:
            connection.execute(insert(SpecialistRule).values(**row, created_at=clock.now()))

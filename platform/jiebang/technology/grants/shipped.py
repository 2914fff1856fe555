"""The example tables that the platform brings along: unverified, and off."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from jiebang.core import clock

from .models import GrantTable, GrantVersion
from .rules import parse

DATA = Path(__file__).resolve().parent / "data" / "grants.json"


def tables() -> list[dict[str, Any]]:
    """The tables of the data file, each checked, with typed dates."""
    found = []
    for row in json.loads(DATA.read_text(encoding="utf-8"))["tables"]:
        parse(row["rules"])
        dates = {
            name: date.fromisoformat(row[name]) if row[name] else None
            for name in ("valid_from", "valid_to")
        }
        found.append({**row, **dates})
    return found


def seed(connection: Connection) -> None:
    """Adds those shipped tables that the database does not have; changes none it has."""
    known = set(connection.scalars(select(GrantTable.key)))
    for row in tables():
        if row["key"] in known:
            continue
        table_id = connection.scalar(
            insert(GrantTable)
            .values(
                key=row["key"], place=row["place"], programme=row["programme"], active=False,
                reason="", version=1,
            )
            .returning(GrantTable.id)
        )  # fmt: skip
        connection.execute(
            insert(GrantVersion).values(
                table_id=table_id, number=1, source=row["source"], valid_from=row["valid_from"],
                valid_to=row["valid_to"], verified=row["verified"], rules=row["rules"],
                created_at=clock.now(),
            )
        )  # fmt: skip

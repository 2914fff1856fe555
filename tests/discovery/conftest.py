"""Worlds for listings: on SQLite, or on both databases where a test asks for `any_world`; on
PostgreSQL with vectors in each process and with vectors in the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import World, world_on
from tests.worlds import world

__all__ = ["any_world", "world"]


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("pgvector", marks=pytest.mark.postgres),
    ]
)
def any_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world on each of the two databases, and on PostgreSQL with the other engine, too."""
    kind = str(request.param)
    changes = {"vector_engine": "pgvector"} if kind == "pgvector" else {}
    with world_on("sqlite" if kind == "sqlite" else "postgres", tmp_path, **changes) as found:
        yield found

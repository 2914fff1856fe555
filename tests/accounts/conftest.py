"""Accounts are tested on both databases: locks and tokens must hold between processes."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from jiebang.core import audit
from jiebang.core.audit import AuditEntry
from jiebang.db import Database
from tests.databases import backend, database, database_url, empty_url, postgres_url

__all__ = ["backend", "database", "database_url", "empty_url", "postgres_url"]


class Trail:
    """What the audit trail says."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def actions(self) -> list[str]:
        """All actions, in order; the chain must be whole."""
        with self.database.reading() as session:
            assert list(audit.verify(session)) == []
            return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


@pytest.fixture
def trail(database: Database) -> Trail:
    return Trail(database)

"""Every test of the core may ask for both databases."""

from __future__ import annotations

from tests.databases import backend, database, database_url, empty_url, postgres_url

__all__ = ["backend", "database", "database_url", "empty_url", "postgres_url"]

"""Worlds for the technology line: SQLite, or both databases where a test asks for them."""

from __future__ import annotations

from tests.worlds import any_world, backend, shared, world

__all__ = ["any_world", "backend", "shared", "world"]

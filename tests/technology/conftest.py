"""Worlds for the technology line: on SQLite, or on both databases where a test asks."""

from __future__ import annotations

from tests.worlds import any_world, backend, shared, world

__all__ = ["any_world", "backend", "shared", "world"]

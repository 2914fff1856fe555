"""Worlds for brokering: on SQLite, or on both databases where a test asks for `any_world`."""

from __future__ import annotations

from tests.worlds import any_world, backend, shared, world

__all__ = ["any_world", "backend", "shared", "world"]

"""Worlds for the operator's desk."""

from __future__ import annotations

from tests.worlds import any_world, backend, world

__all__ = ["any_world", "backend", "world"]

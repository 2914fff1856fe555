"""Worlds on both databases."""

from __future__ import annotations

from tests.worlds import any_world, backend

__all__ = ["any_world", "backend"]

"""Worlds for the operator's desk."""

from __future__ import annotations

from tests.worlds import world

__all__ = ["world"]

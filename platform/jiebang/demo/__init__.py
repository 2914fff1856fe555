"""Demonstration data: fictitious organisations, listings and accounts, for `make run` alone."""

from __future__ import annotations

from .loading import Loaded, load

__all__ = ["Loaded", "load"]

"""Cells that spreadsheet programs cannot take for formulas."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: object) -> object:
    """The value as it may be written to CSV or Excel: text that begins like a formula gets a '."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def unguarded(value: object) -> object:
    """The value behind the ' that `safe_cell` put before it."""
    if isinstance(value, str) and value.startswith("'") and value[1:].startswith(_FORMULA):
        return value[1:]
    return value

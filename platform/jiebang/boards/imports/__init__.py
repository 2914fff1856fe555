"""Import of listings and organisations from CSV, Excel and JSON, and the templates for it."""

from __future__ import annotations

from .reading import ImportRefused, WrongMapping
from .rows import ImportedRow, Kept, Refused, SaveMany
from .service import KINDS, import_file
from .summary import RowError, Summary
from .template import write_template

__all__ = [
    "KINDS",
    "ImportRefused",
    "ImportedRow",
    "Kept",
    "Refused",
    "RowError",
    "SaveMany",
    "Summary",
    "WrongMapping",
    "import_file",
    "write_template",
]

"""What this process works with, for views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app

if TYPE_CHECKING:
    from jiebang.app import Platform


def platform() -> Platform:
    """Settings, database and discovery of this application."""
    found: Platform = current_app.extensions["jiebang"]
    return found

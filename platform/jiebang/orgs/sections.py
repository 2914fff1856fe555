"""What higher floors add to an organisation's public page, such as its listings."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup
from sqlalchemy.orm import Session

from jiebang.core.permissions import Actor

Section = Callable[[Session, int, Actor], Markup | str]
"""Takes the organisation's id and the viewer; returns HTML, or "" for nothing to show."""

PAGE_SECTIONS: list[Section] = []

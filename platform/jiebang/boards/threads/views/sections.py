"""What higher rooms put on a thread's page."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup
from sqlalchemy.orm import Session

from jiebang.core.permissions import Actor

from ..models import Thread

Section = Callable[[Session, Thread, Actor], Markup | str]
"""Takes a thread of the reader's; returns HTML, or "" for nothing to show."""

ON_THREAD: list[Section] = []

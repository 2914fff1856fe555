"""Who hears of an agreement's steps, in the same transaction: lists that `wiring` fills."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from jiebang.core.permissions import Actor

from ..models import Agreement

AGREED: list[Callable[[Session, Actor, Agreement], None]] = []
"""Called once when the last party has confirmed; the agreed version is `agreement.newest`. What
starts then (a project) belongs to the same transaction: raising undoes the confirmation."""
ENDED: list[Callable[[Session, Actor, Agreement], None]] = []
"""Called once when an agreement was given up; its reason stands in it."""
BARRIERS: list[Callable[[Session, Agreement], str]] = []
"""Asked before any confirmation: a Chinese sentence that says what it waits for, or ""."""

"""What an agreement's line says about its content: a seam, for what is agreed differs by line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from jiebang.core.permissions import Line

from ...responses.models import Response
from ..content import Content
from ..models import Agreement


@dataclass(frozen=True, slots=True)
class Terms:
    """One line's part."""

    draft: Callable[[Session, Agreement, Response], Content]
    """The first version, assembled from the listing, the response and the line's clauses."""
    missing: Callable[[Agreement, Content], list[str]]
    """Chinese sentences: what a version lacks to be put before the parties. Empty says that the
    instalments are complete (label, condition, amount, day) and sum to the total."""
    changed: Callable[[Content, Content], list[str]]
    """Labels of the parts that differ."""


LINES: dict[Line, Terms] = {}
"""Filled by `wiring`; a line that is not in it has no agreements yet."""


def terms_of(found: Agreement) -> Terms:
    """The terms of an agreement's line."""
    return LINES[found.line]


def same(before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    """Whether two contents say the same."""
    return dict(before) == dict(after)

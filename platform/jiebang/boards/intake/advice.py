"""Everything that helps while a description is written, for a page and for its live answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from jiebang.core.boards import Board
from jiebang.core.permissions import Actor
from jiebang.discovery.engine import Discovery

from . import alike, examples
from .clarity import Mark, Point, points


@dataclass(frozen=True, slots=True)
class Advice:
    """What is said and what is open, how others said it, and what looks the same."""

    points: list[Point]
    examples: list[examples.Example]
    own: list[alike.Alike]
    others: list[alike.Alike]


def advise(
    session: Session,
    discovery: Discovery,
    who: Actor,
    board: Board,
    values: Mapping[str, Any],
    listing_id: int | None = None,
) -> Advice:
    """Advice to the owner on what they are writing; it quotes nothing that they may not see."""
    found = points(board, values)
    near = alike.neighbours(session, discovery, who, board, values, examples.CANDIDATES)
    gaps = [point for point in found if point.mark is not Mark.FOUND]
    quotable = []
    if gaps:
        # a weak neighbour is another subject: its words would only puzzle
        related = [each.card.id for each in near if each.match.level != "弱"]
        quotable = examples.candidates(
            session, who, board, related, str(values.get("industry") or "")
        )
    return Advice(
        points=found,
        examples=examples.choose(board, gaps, quotable),
        own=alike.own(session, who, board, values, listing_id),
        others=alike.of_board(values, near),
    )

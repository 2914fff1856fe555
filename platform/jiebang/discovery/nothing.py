"""Why nothing fits: what a board says of a question that no listing answers.

An empty list without a word is where people give up. So it names the words that no listing has,
those that some have in another sense, and the listing that comes nearest with what it lacks.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from jiebang.core.boards import Board
from jiebang.core.permissions import Actor
from matching import ranking
from matching.documents import Conditions, Kind
from matching.explain import telling
from matching.filters import Filter
from matching.text import normalise

from .engine import Discovery
from .provider import Card

_NAMED = 4  # words of a kind that are named


@dataclass(frozen=True, slots=True)
class Nothing:
    """Why a board has no answer. Only what the viewer may see is looked at."""

    size: int
    """How many listings are published there."""
    absent: tuple[str, ...]
    """Telling words of the question that none of them has."""
    elsewhere: tuple[tuple[str, int], ...]
    """Words that some of them have, with how many, though they do not answer the question."""
    nearest: Card | None
    """The listing that comes nearest, which is not near enough to be called a match."""
    lacking: tuple[str, ...]
    """What it does not say."""

    @property
    def vague(self) -> bool:
        """Whether the question has hardly a word that could be compared."""
        return len(self.absent) + len(self.elsewhere) < 2


def why_nothing(
    discovery: Discovery, session: Session, text: str, board: Board, viewer: Actor
) -> Nothing:
    """Looks at the listings the viewer may see, and at nothing else."""
    live, kind = discovery.live, Kind(board.value)
    where = discovery.visible(session, Filter(), viewer)
    asked = telling(text, ranking.background())
    counts = live.mentions(kind, asked, where)
    best = live.search(lambda e: e.prepare("", text), kind, 1, where, Conditions())
    ids = [match.id for match in best]
    cards = discovery.provider.cards(session, ids, viewer)
    items = discovery.provider.indexables(session, ids)
    nearest = next((cards[each] for each in ids if each in cards and each in items), None)
    lacking: list[str] = []
    if nearest is not None:
        theirs = items[nearest.id].document
        said = normalise(f"{theirs.title}\n{theirs.body}")
        lacking = [word for word in asked if word not in said]
        if 2 * len(lacking) > len(asked):  # it lacks most of what matters: no help to anybody
            nearest, lacking = None, []
    return Nothing(
        discovery.provider.counts(session)[board],
        tuple(word for word, count in zip(asked, counts, strict=True) if not count)[:_NAMED],
        tuple((w, n) for w, n in zip(asked, counts, strict=True) if n)[:_NAMED],
        nearest,
        tuple(lacking[:_NAMED]),
    )

"""A small set of outcomes that together answer most of a need with several sub-problems.

Which outcome answers which sub-problem is read off the explanations: a sentence of each side whose
texts are near enough. Choosing the set is maximum coverage: NP-hard, and the coverage of a set is
monotone and submodular, so taking again and again what adds most reaches at least 1 - 1/e (63 %)
of the best set of that size (Nemhauser, Wolsey, Fisher: An analysis of approximations for
maximizing submodular set functions - I. Mathematical Programming 14, 1978, 265-294). No algorithm
of polynomial time promises more unless P = NP (Feige 1998).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from jiebang.core.boards import Board
from jiebang.core.permissions import Actor
from matching.documents import Document, Kind
from matching.filters import Filter

from .engine import Discovery, Found
from .provider import Indexable

MOST_PARTS = 12
MOST_MEMBERS = 4
CANDIDATES = 30
LOOKED_AT = 6
"""So many candidates are explained for each sub-problem: those that rank first for it."""
NEAR = 0.5
"""A sentence answers a sub-problem from this cosine on. Explanations show evidence from 0.25; a
short sub-problem shares one common word with many a text, which is what lies between."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A sub-problem, and the sentence of an outcome that speaks of it."""

    part: str
    sentence: str
    score: float


@dataclass(frozen=True, slots=True)
class Member:
    """An outcome of the set: what it adds first, then what others answer as well."""

    found: Found
    adds: tuple[Answered, ...]
    also: tuple[Answered, ...]


@dataclass(frozen=True, slots=True)
class Team:
    """The set in the order in which it was chosen, and the sub-problems that nobody answers."""

    parts: tuple[str, ...]
    members: tuple[Member, ...]
    uncovered: tuple[str, ...]


def cover(answers: Mapping[int, set[int]], most: int) -> list[int]:
    """Keys of at most `most` sets, each adding most of what is not covered yet; of equals the one
    that comes first. Ends when nothing is added any more."""
    chosen: list[int] = []
    covered: set[int] = set()
    while len(chosen) < most:
        best, gain = None, 0
        for key, parts in answers.items():
            added = len(parts - covered)
            if key not in chosen and added > gain:
                best, gain = key, added
        if best is None:
            break
        chosen.append(best)
        covered |= answers[best]
    return chosen


def find(
    discovery: Discovery, session: Session, item: Indexable, parts: Sequence[str], board: Board,
    viewer: Actor, most: int = MOST_MEMBERS,
) -> Team:  # fmt: skip
    """A team for a need, from what its viewer may see. `parts` are its sub-problems, of open text
    alone; more than `MOST_PARTS` are not looked at."""
    parts = tuple(dict.fromkeys(parts))[:MOST_PARTS]
    found = discovery.search_listing(session, item, board, viewer, CANDIDATES, explain=False)
    known = {each.match.id: each for each in found}
    items = discovery.provider.indexables(session, list(known))
    near = _answers(discovery, session, item, parts, board, viewer, items)
    # in the order of the ranking: of two that add the same the more relevant one is taken
    sets = {key: {part for part, other in near if other == key} for key in known}
    members, covered = [], set[int]()
    for key in cover(sets, most):
        adds = tuple(near[part, key] for part in sorted(sets[key] - covered))
        also = tuple(near[part, key] for part in sorted(sets[key] & covered))
        covered |= sets[key]
        members.append(Member(known[key], adds, also))
    return Team(
        parts, tuple(members),
        tuple(part for number, part in enumerate(parts) if number not in covered),
    )  # fmt: skip


def _answers(
    discovery: Discovery, session: Session, item: Indexable, parts: Sequence[str], board: Board,
    viewer: Actor, items: Mapping[int, Indexable],
) -> dict[tuple[int, int], Answered]:  # fmt: skip
    """(number of the part, listing) -> the sentence that answers it."""
    live = discovery.live
    where = discovery.visible(session, Filter(only_ids=frozenset(items)), viewer)
    near: dict[tuple[int, int], Answered] = {}
    for number, part in enumerate(parts):
        query = Document(0, item.document.kind, "", part)
        prepared = discovery.prepared(session, query)
        ranked = live.search(prepared, Kind(board.value), LOOKED_AT, where, query.conditions)
        for match in ranked:
            if match.id not in items:
                continue
            why = live.engine.explain(query, items[match.id].document)
            best = max(why.evidence, key=lambda each: each.score, default=None)
            if best is not None and best.score >= NEAR:
                near[number, match.id] = Answered(part, best.document, best.score)
    return near

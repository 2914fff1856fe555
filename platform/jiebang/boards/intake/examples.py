"""How others said it: sentences of good published listings, beside the gap they would fill.

Only listings that everybody may read in full are quoted, and of them only the open fields.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.permissions import ANONYMOUS, Actor

from .. import storage
from ..documents import detail_loads, is_open
from ..fields import fields_of
from ..fields.values import display
from ..models import Disclosure, Listing
from ..queries import visible_to
from ..workflow import ListingState
from . import cues, measures
from .clarity import Mark, Point, points, text_of

SHOWN = 3
LONGEST = 90
"""Characters of a quoted sentence; longer ones teach nothing."""
SHORTEST = 10
CANDIDATES = 12

_CUES = {
    "material": cues.MATERIAL,
    "method": cues.METHOD,
    "product": cues.PRODUCT,
    "application": cues.APPLICATION,
    "problem": cues.PROBLEM,
    "whom": cues.WHOM,
}
_WITH_NUMBERS = {"effect": cues.EFFECT, "better": cues.BETTER}


@dataclass(frozen=True, slots=True)
class Example:
    """A phrase that fills a gap, and the listing it stands in."""

    key: str
    label: str
    phrase: str
    title: str
    code: str


def open_values(listing: Listing) -> dict[str, Any]:
    """The values that every reader of the listing may see."""
    values = storage.read(listing)
    return {
        field.name: values[field.name]
        for field in fields_of(listing.board)
        if is_open(field, listing.disclosure)
    }


def candidates(
    session: Session, who: Actor, board: Board, near: Collection[int], industry: str
) -> list[Listing]:
    """Public listings to quote: those about the same thing first, then the field's newest."""
    rules = [
        Listing.board == board,
        Listing.state == ListingState.PUBLISHED,
        Listing.disclosure == Disclosure.PUBLIC,
        visible_to(ANONYMOUS),
        or_(Listing.deadline.is_(None), Listing.deadline >= clock.today()),
    ]
    if who.organisation_id is not None:
        rules.append(
            or_(Listing.organisation_id.is_(None), Listing.organisation_id != who.organisation_id)
        )
    query = select(Listing).where(*rules).options(*detail_loads())
    close = {one.id: one for one in session.scalars(query.where(Listing.id.in_(near)))}
    found = [close[number] for number in near if number in close]
    if industry and len(found) < CANDIDATES:
        newest = query.where(Listing.industry == industry, Listing.id.not_in(close))
        found += session.scalars(
            newest.order_by(Listing.published_at.desc()).limit(CANDIDATES - len(found))
        )
    return found


def phrase(key: str, board: Board, values: Mapping[str, Any]) -> str:
    """The words of a listing that say one point; empty when it has none worth quoting."""
    if key == "indicators":
        field = next(f for f in fields_of(board) if f.name == "indicators")
        rows = [row for row in values.get("indicators") or [] if row.get("unit")]
        return display(field, rows[:3]).replace(" | ", " ").replace("\n", "；")
    for sentence in re.split(r"[。；;！!？?\n]", text_of(board, values)):
        said = sentence.strip()
        if not SHORTEST <= len(said) <= LONGEST:
            continue
        if key in _WITH_NUMBERS:
            if any(word in said for word in _WITH_NUMBERS[key]) and measures.find(said):
                return said
        elif key in _CUES and any(word in said for word in _CUES[key]):
            return said
    return ""


def choose(board: Board, gaps: Sequence[Point], listings: Sequence[Listing]) -> list[Example]:
    """One phrase for each of the first gaps, no listing quoted twice while there are others."""
    read = []
    for listing in listings:
        values = open_values(listing)
        marks = {point.key: point.mark for point in points(board, values)}
        read.append((listing, values, marks))
    # a listing that says nearly everything is the better teacher; ties keep their order
    read.sort(key=lambda each: -sum(mark is Mark.FOUND for mark in each[2].values()))
    examples: list[Example] = []
    quoted: dict[int, int] = {}
    for gap in gaps:
        for listing, values, marks in sorted(read, key=lambda each: quoted.get(each[0].id, 0)):
            if marks[gap.key] is not Mark.FOUND:
                continue
            said = phrase(gap.key, board, values)
            if said and all(said != each.phrase for each in examples):
                quoted[listing.id] = quoted.get(listing.id, 0) + 1
                examples.append(Example(gap.key, gap.label, said, listing.title, listing.code))
                break
        if len(examples) == SHOWN:
            break
    return examples

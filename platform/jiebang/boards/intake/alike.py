"""Look-alikes: one's own listings that say the same, and those of the board. Shown, never blocking.

The board's come through `discovery`, so they are what the viewer may see; one's own are compared
by their letters, drafts included.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core.boards import Board
from jiebang.core.errors import DomainError
from jiebang.core.permissions import Actor
from jiebang.discovery.engine import Discovery, Found
from jiebang.discovery.values import Filter

from ..documents import public_text
from ..models import Disclosure, Listing
from ..workflow import STATE_LABELS, ListingState

SHOWN = 3
SAME = 0.8
"""From here two texts are the same but for a few words."""
NEAR = 0.45
"""Below this two texts of one's own merely share a subject."""
ENOUGH = 8
"""Characters without which a text has no look-alikes worth naming."""
COMPARED = 300


@dataclass(frozen=True, slots=True)
class Alike:
    """A listing that says much the same: `note` tells whose it is and where it stands."""

    title: str
    code: str
    note: str
    same: bool


def similarity(one: str, other: str) -> float:
    """Shared pairs of neighbouring characters (Dice's coefficient), 0 to 1."""
    first, second = _pairs(one), _pairs(other)
    total = first.total() + second.total()
    return 2 * (first & second).total() / total if total else 0.0


def _pairs(text: str) -> Counter[str]:
    plain = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).casefold()
    return Counter(plain[i : i + 2] for i in range(len(plain) - 1))


def _short(title: object, summary: object) -> str:
    return f"{title or ''}\n{summary or ''}"


def own(
    session: Session, who: Actor, board: Board, values: Mapping[str, Any], listing_id: int | None
) -> list[Alike]:
    """Listings of the organisation acted for, whatever their state, the closest first."""
    text = _short(values.get("title"), values.get("summary"))
    if who.organisation_id is None or len(text.strip()) < ENOUGH:
        return []
    rows = session.execute(
        select(Listing.id, Listing.code, Listing.title, Listing.summary, Listing.state)
        .where(
            Listing.organisation_id == who.organisation_id,
            Listing.board == board,
            Listing.state != ListingState.WITHDRAWN,
        )
        .order_by(Listing.updated_at.desc())
        .limit(COMPARED)
    )
    found = []
    for row in rows:
        if row.id == listing_id:
            continue
        share = max(
            similarity(text, _short(row.title, row.summary)),
            similarity(str(values.get("title") or ""), row.title),
        )
        if share >= NEAR:
            note = f"本单位 · {STATE_LABELS[row.state]}"
            found.append((share, Alike(row.title, row.code, note, share >= SAME)))
    found.sort(key=lambda pair: -pair[0])
    return [alike for _, alike in found[:SHOWN]]


def neighbours(
    session: Session,
    discovery: Discovery,
    who: Actor,
    board: Board,
    values: Mapping[str, Any],
    number: int,
) -> list[Found]:
    """Others' listings of the same board about the same thing, as far as the viewer may see them.

    Empty when there is no model: advice may be missing, writing must go on.
    """
    disclosure = Disclosure(values.get("disclosure") or Disclosure.PUBLIC)
    title, body = public_text(board, values, disclosure)
    if len(title + body) < ENOUGH:
        return []
    where = Filter(exclude_organisation=who.organisation_id)
    try:
        return discovery.search_text(
            session, f"{title}\n{body}", board, who, number, where, explain=False
        )
    except DomainError:
        return []


def of_board(values: Mapping[str, Any], found: list[Found]) -> list[Alike]:
    """Those neighbours that say much the same."""
    text = _short(values.get("title"), values.get("summary"))
    alike = []
    for each in found:
        share = similarity(text, _short(each.card.title, each.card.summary))
        if each.match.level == "强" or share >= NEAR:
            alike.append(Alike(each.card.title, each.card.code, each.card.org_name, share >= SAME))
    return alike[:SHOWN]

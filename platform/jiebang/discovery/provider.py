"""What discovery needs to know of listings, handed in by `wiring` so that floors stay apart."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from sqlalchemy.orm import Session

from jiebang.core.boards import Board
from jiebang.core.permissions import Actor
from matching.documents import Document


@dataclass(frozen=True, slots=True)
class Indexable:
    """A listing as it may be found: its public text and its filter columns, nothing hidden."""

    document: Document
    visibility: int
    organisation_id: int | None


@dataclass(frozen=True, slots=True)
class Card:
    """What a page shows of a listing to one viewer; the name of an anonymous owner is not in it."""

    id: int
    code: str
    url: str
    kind: Board
    kind_label: str
    title: str
    summary: str
    org_name: str
    region: str
    industry: str
    tags: list[str]
    money_text: str
    deadline_text: str
    published_text: str
    money_label: str = "金额"
    deadline_label: str = "期限"
    """What the money and the day are on this board: a budget or a price, an end or a beginning."""
    state_label: str = ""
    state_tone: str = "neutral"
    deadline: date | None = None
    money: int | None = None
    """Fen, to sort by."""
    missing: list[str] = field(default_factory=list)


class Provider(Protocol):
    """The boards, as far as discovery asks them."""

    def indexables(self, session: Session, ids: Collection[int]) -> dict[int, Indexable]:
        """Public text and columns of published listings among `ids`."""
        ...

    def all_ids(self, session: Session) -> list[int]:
        """Every published listing, for a rebuild."""
        ...

    def cards(self, session: Session, ids: Collection[int], viewer: Actor) -> dict[int, Card]:
        """Those of `ids` that the viewer may see now."""
        ...

    def invited_ids(self, session: Session, viewer: Actor) -> frozenset[int]:
        """Listings beyond the general rules: one's own and those one was invited to."""
        ...

    def counts(self, session: Session) -> dict[Board, int]:
        """Published listings per board, as far as everybody may know of them."""
        ...

"""Keeps the rows of an import: idempotent, encoded in batches, audited."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from jiebang.core.boards import Board
from jiebang.core.errors import DomainError
from jiebang.core.permissions import Actor
from jiebang.discovery.ahead import Ahead
from jiebang.discovery.engine import Discovery

from ..documents import indexable, public_text
from ..imports.rows import ImportedRow, Kept, Refused
from ..models import Disclosure, Listing
from ..workflow import ListingState
from .bulk import Born, bear, conceive
from .checking import Checker, refusal
from .import_steps import (
    DEFAULTS,
    given,
    guard_owners,
    key_of,
    known_listings,
    owners_of,
    publishes,
    renew,
)
from .life import suggest_many_later

__all__ = ["DEFAULTS", "BoardStore"]


class BoardStore:
    """`imports.rows.SaveMany` for the six boards."""

    def __init__(self, discovery: Discovery, *, beside: bool = False) -> None:
        """`beside` lets long files be encoded by a second process (the command line's way)."""
        self.discovery = discovery
        self._beside = beside
        self._ahead: Ahead | None = None
        self._checking = False

    def foresee(self, actor: Actor, kind: str, rows: Sequence[ImportedRow], read: int) -> None:
        """Has the texts of a batch encoded while the one before it is written or checked."""
        if not self._beside:
            return
        if self._ahead is None:
            if not Ahead.pays(read):
                return
            self._ahead = Ahead(self.discovery.settings)
            self._ahead.patient = self._checking
        if self._ahead.asked(rows[0].number):
            return
        board, texts = Board(kind), []
        for row in rows:
            if publishes(actor, row):
                values = given(row)
                texts.append(public_text(board, values, Disclosure(values["disclosure"])))
        self._ahead.ask(rows[0].number, texts)

    def checker(self, actor: Actor, kind: str) -> Checker:
        """Looks at the rows of a file that is to be kept whole, before any of them is."""
        self._checking = True
        return Checker(actor, Board(kind))

    def rest(self) -> None:
        """Ends the second process."""
        self._checking = False
        if self._ahead is not None:
            self._ahead.stop()
            self._ahead = None

    def __call__(
        self, session: Session, actor: Actor, kind: str, rows: Sequence[ImportedRow], /
    ) -> list[Kept | Refused]:
        """Keeps one batch in the session's transaction; one answer per row, in order.

        Raises Forbidden when the actor may not write for the owners that the rows name.
        """
        board = Board(kind)
        owners = owners_of(session, actor, rows)
        guard_owners(actor, board, owners)
        keys = [key_of(row, owner) for row, owner in zip(rows, owners, strict=True)]
        known = known_listings(session, board, keys)
        answers: list[Kept | Refused] = []
        new: dict[str, Born] = {}
        fresh: list[Listing] = []
        for place, (row, owner, key) in enumerate(zip(rows, owners, keys, strict=True)):
            if key in new:  # the same row once more: it finds the first one in the database
                self._keep(session, actor, list(new.values()), fresh, rows[0].number)
                return [*answers, *self(session, actor, kind, rows[place:])]
            listing = known.get(key)
            try:
                if listing is None:
                    publish = publishes(actor, row)
                    new[key] = conceive(board, owner, key, row, given(row), publish=publish)
                    answer: Kept = "created"
                else:
                    answer = renew(session, actor, row, listing)
            except DomainError as error:
                answers.append(refusal(error))
                continue
            answers.append(answer)
            if (
                listing is not None
                and answer == "updated"
                and listing.state is ListingState.PUBLISHED
            ):
                fresh.append(listing)
        self._keep(session, actor, list(new.values()), fresh, rows[0].number if rows else 0)
        return answers

    def _keep(
        self,
        session: Session,
        actor: Actor,
        new: Sequence[Born],
        fresh: Sequence[Listing],
        first: int,
    ) -> None:
        """One encoding for the whole batch; the search rows stand in the same transaction."""
        items = bear(session, actor, new)
        session.flush()
        items += [indexable(listing) for listing in fresh]
        if items:
            ready = self._ahead.take(first) if self._ahead is not None else {}
            self.discovery.publish_many(session, items, ready)
            suggest_many_later(session, [item.document.id for item in items])

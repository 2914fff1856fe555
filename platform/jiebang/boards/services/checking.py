"""Whether every row of a file can be kept, asked before any of them is written."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from jiebang.core.boards import Board
from jiebang.core.errors import DomainError, Invalid
from jiebang.core.permissions import Actor
from jiebang.orgs import services as orgs
from jiebang.orgs.models import name_key

from ..imports.rows import ImportedRow, Refused
from .bulk import conceive
from .import_steps import (
    given,
    guard_owners,
    key_of,
    known_listings,
    named_organisations,
    publishes,
    renew,
)


def refusal(error: DomainError) -> Refused:
    """The answer for a row that a service does not take."""
    if isinstance(error, Invalid):
        name, message = next(iter(error.errors.items()))
        return Refused(message, name)
    return Refused(error.message)


class Checker:
    """`imports.rows.Checks` for one file and the six boards."""

    def __init__(self, actor: Actor, board: Board) -> None:
        self._actor, self._board = actor, board
        self._seen: set[str] = set()
        self._new: set[str] = set()  # organisations that the file brings along

    def __call__(
        self, session: Session, rows: Sequence[ImportedRow], /
    ) -> list[Refused | None] | None:
        """What keeping these rows would refuse; see `imports.rows.Checks`."""
        known = named_organisations(session, self._actor, rows)
        owners: list[int | str | None] = []
        for row in rows:
            name = row.organisation_name
            if row.organisation_id is not None or not name:
                owners.append(row.organisation_id)
            elif name in known:
                owners.append(known[name])
            else:
                if name not in self._new:
                    orgs.unclaimed(session, self._actor, name)
                    self._new.add(name)
                owners.append(f"new:{name_key(name)}")
        numbers = [owner if isinstance(owner, int) else None for owner in owners]
        guard_owners(self._actor, self._board, numbers)
        keys = [key_of(row, owner) for row, owner in zip(rows, owners, strict=True)]
        before = len(self._seen)
        self._seen.update(keys)
        if len(self._seen) < before + len(keys):
            return None  # a row that renews what another row of the file makes
        listings = known_listings(session, self._board, keys)
        found: list[Refused | None] = []
        for row, owner, key in zip(rows, numbers, keys, strict=True):
            listing = listings.get(key)
            try:
                if listing is None:
                    publish = publishes(self._actor, row)
                    conceive(self._board, owner, key, row, given(row), publish=publish)
                else:
                    renew(session, self._actor, row, listing)
            except DomainError as error:
                found.append(refusal(error))
            else:
                found.append(None)
        return found

"""Keeps the rows of an import: idempotent, encoded in batches, audited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.boards import Board
from jiebang.core.errors import DomainError, Forbidden, Invalid
from jiebang.core.permissions import Actor, Permission
from jiebang.discovery.ahead import Ahead
from jiebang.discovery.engine import Discovery
from jiebang.orgs import services as orgs
from jiebang.orgs.models import Organisation, name_key

from ..documents import detail_loads, indexable, public_text
from ..imports.rows import ImportedRow, Kept, Refused
from ..models import Disclosure, Listing
from ..workflow import EDITABLE, ListingState
from .bulk import Born, bear, conceive
from .drafting import change
from .life import advance, suggest_many_later

DEFAULTS = {"disclosure": "public", "track": "market"}


class BoardStore:
    """`imports.rows.SaveMany` for the six boards."""

    def __init__(self, discovery: Discovery, *, beside: bool = False) -> None:
        """`beside` lets long files be encoded by a second process (the command line's way)."""
        self.discovery = discovery
        self._beside = beside
        self._ahead: Ahead | None = None

    def foresee(self, actor: Actor, kind: str, rows: Sequence[ImportedRow], read: int) -> None:
        """Has the texts of the next batch encoded while this one is written."""
        if not self._beside:
            return
        if self._ahead is None:
            if not Ahead.pays(read):
                return
            self._ahead = Ahead(self.discovery.settings)
        board, texts = Board(kind), []
        for row in rows:
            if _publishes(actor, row):
                values = {**DEFAULTS, **_given(row.values)}
                texts.append(public_text(board, values, Disclosure(values["disclosure"])))
        self._ahead.ask(rows[0].number, texts)

    def rest(self) -> None:
        """Ends the second process."""
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
        owners = _owners(session, actor, rows)
        if not actor.can(Permission.IMPORT_FOR_OTHERS) and (
            not actor.acts_in(board.line) or set(owners) != {actor.organisation_id}
        ):
            raise Forbidden("只能为本单位、在自己的经办范围内导入。")
        keys = [_key(row, owner) for row, owner in zip(rows, owners, strict=True)]
        known = _known(session, board, keys)
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
                    given, publish = {**DEFAULTS, **_given(row.values)}, _publishes(actor, row)
                    new[key] = conceive(board, owner, key, row, given, publish=publish)
                    answer: Kept = "created"
                else:
                    answer = self._renew(session, actor, row, listing)
            except Invalid as error:
                name, message = next(iter(error.errors.items()))
                answers.append(Refused(message, name))
                continue
            except DomainError as error:
                answers.append(Refused(error.message))
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

    def _renew(self, session: Session, actor: Actor, row: ImportedRow, listing: Listing) -> Kept:
        same = listing.content_hash == row.content_hash
        raised = _publishes(actor, row) and listing.state is ListingState.DRAFT
        if same and not raised:
            return "unchanged"
        if not same and listing.state not in EDITABLE:
            raise Invalid({"": "这条内容在平台上已提交审核或已结束，请先取回或重新编辑后再导入。"})
        if not same:
            change(session, actor, listing, _given(row.values))
            listing.content_hash, listing.origin = row.content_hash, dict(row.origin)
        if raised:
            _admit(session, actor, listing, row)
        return "updated"

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


def _publishes(actor: Actor, row: ImportedRow) -> bool:
    return row.publish and actor.can(Permission.IMPORT_FOR_OTHERS)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _owners(session: Session, actor: Actor, rows: Sequence[ImportedRow]) -> list[int | None]:
    names = _organisations(session, rows) if actor.can(Permission.IMPORT_FOR_OTHERS) else {}
    owners: list[int | None] = []
    for row in rows:
        if row.organisation_id is not None or not row.organisation_name:
            owners.append(row.organisation_id)
            continue
        if row.organisation_name not in names:
            found = orgs.unclaimed(session, actor, row.organisation_name)
            session.flush()
            names[row.organisation_name] = found.id
        owners.append(names[row.organisation_name])
    return owners


def _organisations(session: Session, rows: Sequence[ImportedRow]) -> dict[str, int]:
    """Those named that the platform knows already, in one query; the others are made."""
    named = {row.organisation_name for row in rows if row.organisation_id is None}
    keys = {name: name_key(name) for name in named if name}
    found = session.execute(
        select(Organisation.name_key, Organisation.id)
        .where(Organisation.name_key.in_(set(keys.values())))
        .order_by(Organisation.id.desc())
    )
    ids = {key: each for key, each in found}
    return {name: ids[key] for name, key in keys.items() if key in ids}


def _key(row: ImportedRow, owner: int | None) -> str:
    """The identity of a row among its owner's: external id, or what it says."""
    scope = "-" if owner is None else str(owner)
    return f"{scope}:id:{row.external_id}" if row.external_id else f"{scope}:{row.content_hash}"


def _known(session: Session, board: Board, keys: Sequence[str]) -> dict[str, Listing]:
    found = session.scalars(
        select(Listing)
        .where(Listing.board == board, Listing.import_key.in_(set(keys)))
        .options(*detail_loads())
    ).unique()
    return {str(listing.import_key): listing for listing in found}


def _admit(session: Session, actor: Actor, listing: Listing, row: ImportedRow) -> None:
    """Publishes without a review: completeness is waived, never the title; the moment of
    confirmation is the import's."""
    advance(session, actor, None, listing, "admit", at=row.posted or clock.now())
    audit.record(
        session, actor, "listing.imported", "listing", listing.id,
        organisation_id=listing.organisation_id, missing=list(row.missing),
    )  # fmt: skip

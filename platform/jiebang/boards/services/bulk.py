"""New listings of an import by the hundred: the rows that `drafting` and `life` make one listing
at a time, in one statement per table (tests compare the two ways)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.base import Base
from jiebang.core.boards import Board
from jiebang.core.errors import Invalid
from jiebang.core.many import insert_many
from jiebang.core.permissions import Actor
from jiebang.discovery.provider import Indexable

from .. import storage
from ..details import DETAIL_MODELS, ROW_MODELS
from ..documents import indexable_of
from ..fields import Field, fields_of
from ..fields.values import check, counting, is_filled
from ..imports.rows import ImportedRow
from ..models import Listing, ListingEvent, ListingVersion
from ..workflow import LISTING, ListingState

Row = dict[str, Any]
_NOTHING: Row = {}


@dataclass(slots=True)
class Born:
    """A listing of this batch before it has a number."""

    board: Board
    organisation_id: int | None
    import_key: str
    row: ImportedRow
    given: Mapping[str, Any]
    """What the file says and the defaults of a new listing."""
    values: storage.Values
    """Every field's value, as a page would read it back."""
    publish: bool
    state: ListingState = ListingState.DRAFT
    id: int = 0

    def belongs_to(self, actor: Actor) -> bool:
        """Whether the actor acts for the owning organisation."""
        return self.organisation_id is not None and self.organisation_id == actor.organisation_id


def conceive(
    board: Board,
    owner: int | None,
    key: str,
    row: ImportedRow,
    given: Mapping[str, Any],
    *,
    publish: bool,
) -> Born:
    """A new listing with its values checked; Invalid as `drafting.build` raises it."""
    if errors := check(fields_of(board), given, complete=False):
        raise Invalid(errors)
    return Born(board, owner, key, row, given, storage.filled(board, given), publish)


def bear(session: Session, actor: Actor, children: Sequence[Born]) -> list[Indexable]:
    """Writes new listings of one board with their details, versions, life and audit; returns those
    that were published, for the index.

    A listing born in this transaction has nothing hanging on it yet, so nobody who follows
    listings (`life.LISTENERS`) is asked. Raises Forbidden as the workflow does.
    """
    if not children:
        return []
    admit = LISTING.transitions["admit"]
    board, label = children[0].board, actor.label[:80]
    tables = _Tables()
    found: list[Indexable] = []
    moment = clock.now()  # one for all, which is written as text only once
    prefix = f"{board.prefix}{clock.to_beijing(moment):%y}"
    for child, number in zip(children, _numbers(session, len(children)), strict=True):
        child.id = number
        code = f"{prefix}{number:06d}"
        if child.publish:
            LISTING.apply("admit", child, actor)
        tables.add(child, actor, code, moment)
        tables.step(number, moment, "create", "建立草稿", label)
        audit.record(
            session, actor, "listing.created", "listing", number,
            organisation_id=child.organisation_id, board=board.value, code=code,
        )  # fmt: skip
        if not child.publish:
            continue
        tables.step(number, moment, "admit", admit.label, label)
        audit.record(
            session, actor, "listing.admit", "listing", number,
            organisation_id=child.organisation_id, before=ListingState.DRAFT.value,
            after=child.state.value,
        )  # fmt: skip
        audit.record(
            session, actor, "listing.imported", "listing", number,
            organisation_id=child.organisation_id, missing=list(child.row.missing),
        )  # fmt: skip
        found.append(indexable_of(number, board, child.values, child.organisation_id))
    session.flush()
    for model, rows in tables.rows.items():
        insert_many(session, model, rows)
    return found


class _Tables:
    """Rows by table, in an order in which foreign keys hold."""

    def __init__(self) -> None:
        self.rows: dict[type[Base], list[Row]] = {}
        self._lists: dict[tuple[str, ...], list[str]] = {}

    def add(self, child: Born, actor: Actor, code: str, moment: datetime) -> None:
        """The listing, its details and their small tables, and its first version."""
        shared, details, small = storage.columns(child.board, child.values)
        is_live = child.state is ListingState.PUBLISHED
        listing = {
            **_blank(Listing),
            **shared,
            "id": child.id,
            "code": code,
            "board": child.board,
            "organisation_id": child.organisation_id,
            "created_by": actor.user_id,
            "state": child.state,
            "import_key": child.import_key,
            "content_hash": child.row.content_hash,
            "external_id": child.row.external_id or "",
            "origin": dict(child.row.origin) if child.row.origin else _NOTHING,
            "missing": self._list(_missing(child)),
            "created_at": moment,
            "updated_at": moment,
            "published_at": (child.row.posted or moment) if is_live else None,
            "confirmed_at": moment if is_live else None,
            "version": 2,  # as after the number was given
        }
        self._row(Listing, listing)
        model = DETAIL_MODELS[child.board]
        self._row(model, {**_blank(model), **details, "listing_id": child.id})
        for name, lines in small.items():
            for position, line in enumerate(lines):
                each = {**line, "position": position, "listing_id": child.id}
                self._row(ROW_MODELS[name], each)
        version = {
            "listing_id": child.id,
            "number": 1,
            "at": moment,
            "changed_by": actor.label[:80],
            "changed": self._list(sorted(child.given)),
            "values": storage.to_json(child.values),
        }
        self._row(ListingVersion, version)

    def step(self, listing_id: int, at: datetime, name: str, label: str, who: str) -> None:
        """A step of the listing's life as its page shows it."""
        row = {
            "listing_id": listing_id,
            "at": at,
            "name": name,
            "label": label,
            "actor_label": who,
            "reason": "",
        }
        self._row(ListingEvent, row)

    def _list(self, words: Sequence[str]) -> list[str]:
        """One list for all rows that say the same: it is written as JSON only once."""
        return self._lists.setdefault(tuple(words), list(words))

    def _row(self, model: type[Base], row: Row) -> None:
        self.rows.setdefault(model, []).append(row)


def _missing(child: Born) -> list[str]:
    """As `completeness` names them."""
    values = child.values
    return [each.label for each in _counting(child.board) if not is_filled(each, values[each.name])]


@cache
def _counting(board: Board) -> list[Field]:
    return counting(fields_of(board))


@cache
def _blank(model: type[Base]) -> Row:
    """Every column with its default, so that all rows of a statement name the same ones."""
    row: Row = {}
    for column in model.__table__.columns:
        default: Any = column.default
        if default is None:
            row[column.key] = None
        elif default.is_callable:
            row[column.key] = default.arg(None)
        else:
            row[column.key] = default.arg
    return row


def _numbers(session: Session, count: int) -> range | list[int]:
    """The next listings' ids: SQLite's are its own until commit, PostgreSQL's are drawn."""
    if session.get_bind().dialect.name == "sqlite":
        first = (session.scalar(select(func.max(Listing.id))) or 0) + 1
        return range(first, first + count)
    drawn = text(
        "SELECT nextval(pg_get_serial_sequence('listing', 'id')) FROM generate_series(1, :count)"
    )
    return sorted(int(number) for number in session.scalars(drawn, {"count": count}))

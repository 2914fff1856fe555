"""What an import hands to the service that keeps it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol, runtime_checkable

from sqlalchemy.orm import Session

from ...core.money import MoneyRange
from ...core.permissions import Actor

Kept = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """One checked row.

    `values` has the fields that the file says something about, in the shape of `fields.values`.
    Its identity is `external_id` within kind and owner, or `content_hash` where it has none; equal
    identity and equal `content_hash` is an unchanged row. `publish` is not part of the hash: a
    draft that an unchanged row asks to publish is published, and counts as updated.
    """

    number: int
    """As the spreadsheet program shows it."""
    values: dict[str, Any]
    external_id: str | None
    content_hash: str
    organisation_name: str | None
    organisation_id: int | None
    publish: bool
    posted: datetime | None
    """When the source published it, in UTC."""
    missing: tuple[str, ...] = ()
    """Labels of required fields that the row lacks."""
    origin: dict[str, str] = field(default_factory=dict)
    """The source's own words, by column, where a field could not take them as they were."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why the service did not keep a row; `field` is the field's name, "" for the whole row."""

    message: str
    field: str = ""


class SaveMany(Protocol):
    """Keeps a batch in the session's transaction and answers for each row, in order.

    It never commits. DomainError refuses the batch: its rows are then tried one by one.
    """

    def __call__(
        self, session: Session, actor: Actor, kind: str, rows: Sequence[ImportedRow], /
    ) -> Sequence[Kept | Refused]: ...


@runtime_checkable
class Foresees(Protocol):
    """A store that can prepare a batch while the one before it is kept."""

    def foresee(self, actor: Actor, kind: str, rows: Sequence[ImportedRow], read: int) -> None:
        """`rows` are kept next; `read` good rows have been read by now."""
        ...

    def rest(self) -> None:
        """No more rows come."""
        ...


class Checks(Protocol):
    """Looks at the rows of one file, batch by batch, in sessions that are rolled back."""

    def __call__(
        self, session: Session, rows: Sequence[ImportedRow], /
    ) -> Sequence[Refused | None] | None:
        """What keeping these would refuse, in order; None when only keeping all of them in one
        transaction can tell. DomainError refuses the batch."""
        ...


@runtime_checkable
class ChecksFirst(Protocol):
    """A store that can tell of a whole file, before it keeps any of it, what it would refuse."""

    def checker(self, actor: Actor, kind: str) -> Checks: ...


def content_hash(kind: str, values: Mapping[str, Any], *more: object) -> str:
    """SHA-256 over a row's content; the same in every run and on every machine."""
    known = {name: value for name, value in values.items() if value is not None and value != []}
    return hashlib.sha256(_encode([kind, known, *more]).encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, MoneyRange):
        return asdict(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


_encode = json.JSONEncoder(
    default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")
).encode

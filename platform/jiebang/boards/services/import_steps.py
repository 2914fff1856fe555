"""What becomes of one row of an import: whose it is, which listing it renews, what that needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.boards import Board
from jiebang.core.errors import Forbidden, Invalid
from jiebang.core.permissions import Actor, Permission
from jiebang.orgs import services as orgs
from jiebang.orgs.models import Organisation, name_key

from ..documents import detail_loads
from ..imports.rows import ImportedRow, Kept
from ..models import Listing
from ..workflow import EDITABLE, ListingState
from .drafting import change
from .life import advance

DEFAULTS = {"disclosure": "public", "track": "market"}


def publishes(actor: Actor, row: ImportedRow) -> bool:
    """Whether the row is published as it is kept."""
    return row.publish and actor.can(Permission.IMPORT_FOR_OTHERS)


def said(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the file says something about."""
    return {name: value for name, value in values.items() if value is not None}


def given(row: ImportedRow) -> dict[str, Any]:
    """What a new listing is made of: the file's values, and the defaults of a new one."""
    return {**DEFAULTS, **said(row.values)}


def renew(session: Session, actor: Actor, row: ImportedRow, listing: Listing) -> Kept:
    """Brings a known listing up to its row; Invalid when it cannot be changed now."""
    same = listing.content_hash == row.content_hash
    raised = publishes(actor, row) and listing.state is ListingState.DRAFT
    if same and not raised:
        return "unchanged"
    if not same and listing.state not in EDITABLE:
        raise Invalid({"": "这条内容在平台上已提交审核或已结束，请先取回或重新编辑后再导入。"})
    if not same:
        change(session, actor, listing, said(row.values))
        listing.content_hash, listing.origin = row.content_hash, dict(row.origin)
    if raised:
        _admit(session, actor, listing, row)
    return "updated"


def _admit(session: Session, actor: Actor, listing: Listing, row: ImportedRow) -> None:
    """Publishes without a review: completeness is waived, never the title; the moment of
    confirmation is the import's."""
    advance(session, actor, None, listing, "admit", at=row.posted or clock.now())
    audit.record(
        session, actor, "listing.imported", "listing", listing.id,
        organisation_id=listing.organisation_id, missing=list(row.missing),
    )  # fmt: skip


def guard_owners(actor: Actor, board: Board, owners: Sequence[int | None]) -> None:
    """Only operators write for others; Forbidden otherwise."""
    if not actor.can(Permission.IMPORT_FOR_OTHERS) and (
        not actor.acts_in(board.line) or set(owners) != {actor.organisation_id}
    ):
        raise Forbidden("只能为本单位、在自己的经办范围内导入。")


def owners_of(session: Session, actor: Actor, rows: Sequence[ImportedRow]) -> list[int | None]:
    """Each row's organisation; one that the platform does not know is made, as 待认领."""
    known = named_organisations(session, actor, rows)
    owners: list[int | None] = []
    for row in rows:
        if row.organisation_id is not None or not row.organisation_name:
            owners.append(row.organisation_id)
            continue
        if row.organisation_name not in known:
            found = orgs.unclaimed(session, actor, row.organisation_name)
            session.flush()
            known[row.organisation_name] = found.id
        owners.append(known[row.organisation_name])
    return owners


def named_organisations(
    session: Session, actor: Actor, rows: Sequence[ImportedRow]
) -> dict[str, int]:
    """Those named that the platform knows already, in one query."""
    if not actor.can(Permission.IMPORT_FOR_OTHERS):
        return {}
    named = {row.organisation_name for row in rows if row.organisation_id is None}
    keys = {name: name_key(name) for name in named if name}
    found = session.execute(
        select(Organisation.name_key, Organisation.id)
        .where(Organisation.name_key.in_(set(keys.values())))
        .order_by(Organisation.id.desc())
    )
    ids = {key: each for key, each in found}
    return {name: ids[key] for name, key in keys.items() if key in ids}


def key_of(row: ImportedRow, owner: int | str | None) -> str:
    """The identity of a row among its owner's: external id, or what it says."""
    scope = "-" if owner is None else str(owner)
    return f"{scope}:id:{row.external_id}" if row.external_id else f"{scope}:{row.content_hash}"


def known_listings(session: Session, board: Board, keys: Sequence[str]) -> dict[str, Listing]:
    """The listings that rows of these identities renew."""
    found = session.scalars(
        select(Listing)
        .where(Listing.board == board, Listing.import_key.in_(set(keys)))
        .options(*detail_loads())
    ).unique()
    return {str(listing.import_key): listing for listing in found}

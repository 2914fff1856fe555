"""What the database, the audit, the index and a page say of a listing."""

from __future__ import annotations

import re
from html import unescape

from sqlalchemy import select

from jiebang.boards.models import Listing
from jiebang.core import audit
from jiebang.core.audit import AuditEntry
from jiebang.core.boards import Board
from jiebang.core.permissions import ANONYMOUS, Actor
from jiebang.discovery.models import SearchRow, SearchText
from tests.factories import World


def actions(world: World, code: str) -> list[str]:
    """What the audit says of a listing, in order; the chain must be whole."""
    with world.database.reading() as session:
        assert list(audit.verify(session)) == []
        listing_id = session.scalars(select(Listing.id).where(Listing.code == code)).one()
        return list(
            session.scalars(
                select(AuditEntry.action)
                .where(AuditEntry.target_type == "listing")
                .where(AuditEntry.target_id == str(listing_id))
                .order_by(AuditEntry.id)
            )
        )


def row(world: World, code: str) -> SearchRow | None:
    with world.database.reading() as session:
        return session.scalars(
            select(SearchRow).join(Listing, Listing.id == SearchRow.listing_id)
            .where(Listing.code == code)
        ).first()  # fmt: skip


def text(world: World, code: str) -> bytes | None:
    """What the index holds of a listing's words; none when nothing is kept."""
    with world.database.reading() as session:
        return session.scalar(
            select(SearchText.prepared).join(Listing, Listing.id == SearchText.listing_id)
            .where(Listing.code == code)
        )  # fmt: skip


def found_by(world: World, text: str, board: Board, who: Actor | None = None) -> list[str]:
    with world.database.reading() as session:
        hits = world.discovery.search_text(session, text, board, who or ANONYMOUS, 50)
        return [hit.card.code for hit in hits]


def value_of(page: str, name: str) -> str:
    """What stands in an input or a text area of a page."""
    found = re.search(
        rf'<textarea[^>]*name="{name}"[^>]*>(.*?)</textarea>|<input[^>]*name="{name}"[^>]*>',
        page,
        re.DOTALL,
    )
    assert found is not None, f"no field {name}"
    if found[1] is not None:
        return unescape(found[1]).strip("\r\n")
    value = re.search(r'value="([^"]*)"', found[0])
    return unescape(value[1]) if value else ""

"""Tables of grant rules, and which of them apply."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core.errors import NotFound

from .models import GrantTable, GrantVersion


def tables(session: Session) -> Sequence[GrantTable]:
    """Every table, by place."""
    return session.scalars(
        select(GrantTable).order_by(GrantTable.place, GrantTable.programme, GrantTable.id)
    ).all()


def table(session: Session, table_id: int, *, lock: bool = False) -> GrantTable:
    """One table; NotFound otherwise."""
    query = select(GrantTable).where(GrantTable.id == table_id)
    if lock:
        query = query.with_for_update(of=GrantTable).execution_options(populate_existing=True)
    found = session.scalars(query).first()
    if found is None:
        raise NotFound
    return found


def in_use(session: Session, day: date) -> list[tuple[GrantTable, GrantVersion]]:
    """The tables that are switched on, with the version valid on a day; none valid, none used."""
    rows = session.scalars(select(GrantTable).where(GrantTable.active).order_by(GrantTable.id))
    return [(each, version) for each in rows if (version := each.on(day)) is not None]

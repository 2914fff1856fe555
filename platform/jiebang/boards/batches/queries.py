"""Batches for everybody, and the needs of one as its reader may see them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor
from jiebang.orgs.models import Organisation

from ..models import Listing
from ..queries import visible_to
from ..workflow import ListingState
from .models import Batch, BatchListing

SHOWN = (ListingState.PUBLISHED, ListingState.CLOSED)


def batch(session: Session, batch_id: int, *, lock: bool = False) -> Batch:
    """One batch; they are public."""
    found = session.get(Batch, batch_id, with_for_update=True if lock else None)
    if found is None:
        raise NotFound("没有找到这个批次。")
    return found


def all_batches(session: Session) -> Sequence[Batch]:
    """Every batch, those that close last first."""
    return session.scalars(select(Batch).order_by(Batch.closes_at.desc(), Batch.id.desc())).all()


def not_over(session: Session) -> Sequence[Batch]:
    """Batches that a need can still join."""
    return session.scalars(
        select(Batch).where(Batch.closes_at > clock.now()).order_by(Batch.opens_at, Batch.id)
    ).all()


def of_listing(session: Session, listing_id: int) -> Batch | None:
    """The batch that a need belongs to."""
    return session.scalars(
        select(Batch)
        .join(BatchListing, BatchListing.batch_id == Batch.id)
        .where(BatchListing.listing_id == listing_id)
    ).first()


def needs(
    session: Session, batch_id: int, viewer: Actor
) -> list[tuple[Listing, Organisation | None]]:
    """The published needs of a batch that the viewer may see."""
    rows = session.execute(
        select(Listing, Organisation)
        .join(BatchListing, BatchListing.listing_id == Listing.id)
        .outerjoin(Organisation, Organisation.id == Listing.organisation_id)
        .where(BatchListing.batch_id == batch_id, Listing.state.in_(SHOWN), visible_to(viewer))
        .order_by(Listing.published_at, Listing.id)
    )
    return [(listing, owner) for listing, owner in rows]


def sizes(session: Session, viewer: Actor) -> dict[int, int]:
    """How many published needs of each batch the viewer may see."""
    rows = session.execute(
        select(BatchListing.batch_id, func.count())
        .join(Listing, Listing.id == BatchListing.listing_id)
        .where(Listing.state.in_(SHOWN), visible_to(viewer))
        .group_by(BatchListing.batch_id)
    )
    return {batch_id: number for batch_id, number in rows}


def owners(session: Session, batch_id: int) -> list[Listing]:
    """Every need of a batch that has an owner, for telling them."""
    return list(
        session.scalars(
            select(Listing)
            .join(BatchListing, BatchListing.listing_id == Listing.id)
            .where(BatchListing.batch_id == batch_id, Listing.organisation_id.is_not(None))
        )
    )

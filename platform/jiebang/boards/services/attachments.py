"""Files of a listing: as readable as its text, or for the owner alone."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiebang.core import audit, uploads
from jiebang.core.errors import Invalid, NotFound
from jiebang.core.permissions import Actor
from jiebang.core.uploads import Received, Upload, UploadRefused

from ..models import Listing, ListingAttachment
from ..workflow import ListingState
from .drafting import UNENDORSED

LIMIT = 10
"""Files per listing."""


def attach(
    session: Session,
    actor: Actor,
    listing: Listing,
    received: Received,
    *,
    folder: Path,
    limit: int,
    protected: bool,
) -> ListingAttachment:
    """Adds a file to one's own listing; Invalid names what is wrong with it and the limit."""
    published = listing.state is ListingState.PUBLISHED
    if published and not protected and actor.seat is not None and actor.seat.must_ask:
        raise Invalid({"file": UNENDORSED})
    number = session.scalar(
        select(func.count())
        .select_from(ListingAttachment)
        .where(ListingAttachment.listing_id == listing.id)
    )
    if (number or 0) >= LIMIT:
        raise Invalid({"file": f"每条内容最多 {LIMIT} 个附件，请先移除一个。"})
    try:
        upload = uploads.store(
            session,
            actor,
            received,
            folder=folder,
            limit=limit,
            purpose="listing",
            organisation_id=listing.organisation_id,
            kinds=uploads.DOCUMENTS,
        )
    except UploadRefused as error:
        raise Invalid({"file": error.message}) from error
    session.flush()
    attachment = ListingAttachment(listing_id=listing.id, upload_id=upload.id, protected=protected)
    session.add(attachment)
    session.flush()
    audit.record(
        session, actor, "listing.attached", "listing", listing.id,
        organisation_id=listing.organisation_id, upload=upload.id, protected=protected,
    )  # fmt: skip
    return attachment


def detach(session: Session, actor: Actor, listing: Listing, attachment_id: int) -> None:
    """Takes a file off one's own listing; the stored file stays for the audit."""
    attachment = session.get(ListingAttachment, attachment_id)
    if attachment is None or attachment.listing_id != listing.id:
        raise NotFound
    session.delete(attachment)
    audit.record(
        session, actor, "listing.detached", "listing", listing.id,
        organisation_id=listing.organisation_id, upload=attachment.upload_id,
    )  # fmt: skip


def of_listing(
    session: Session, listing: Listing, *, hidden_too: bool
) -> list[tuple[ListingAttachment, Upload]]:
    """Files of a listing in the order added; hidden ones for the owner alone."""
    query = (
        select(ListingAttachment, Upload)
        .join(Upload, Upload.id == ListingAttachment.upload_id)
        .where(ListingAttachment.listing_id == listing.id)
        .order_by(ListingAttachment.id)
    )
    if not hidden_too:
        query = query.where(ListingAttachment.protected.is_(False))
    return [(attachment, upload) for attachment, upload in session.execute(query)]

"""A thread that a third person began: both sides agreed to talk before it was there."""

from __future__ import annotations

from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.errors import Conflict
from jiebang.core.permissions import SYSTEM, Actor
from jiebang.core.sides import Holder
from jiebang.core.working_days import add_working_days

from ...models import Listing
from ...tracks import queries as tracks
from ...workflow import ListingState
from .. import queries
from ..models import MessageKind, Thread
from ..workflow import THREAD, ThreadState
from .talk import add_line, pass_ball

INTRODUCED = "服务专员引荐，双方同意对接。"


def open_introduced(
    session: Session,
    actor: Actor,
    listing: Listing,
    organisation_id: int,
    own_listing: Listing | None = None,
) -> Thread:
    """The thread of a listing with an organisation, talking: the one that runs, or a new one.

    `actor` is whoever agreed last. Raises Conflict where the listing is no longer published and
    nothing runs.
    """
    thread = queries.live_between(session, listing.id, organisation_id)
    if thread is None:
        if listing.state is not ListingState.PUBLISHED or listing.organisation_id is None:
            raise Conflict("这条内容已不在榜，不能再开始对接。")
        rules, moment = tracks.current(session, listing.track), clock.now()
        thread = Thread(
            listing_id=listing.id,
            issuer_id=listing.organisation_id,
            organisation_id=organisation_id,
            own_listing_id=own_listing.id if own_listing else None,
            track_version_id=rules.id,
            state=ThreadState.INTERESTED,
            opened_by=None,
            opened_at=moment,
            changed_at=moment,
            holder=Holder.RESPONDER,
            due=add_working_days(clock.today(), rules.idle_days),
        )
        thread.listing = listing
        session.add(thread)
        session.flush()
        audit.record(
            session, actor, "thread.introduced", "thread", thread.id,
            organisation_id=actor.organisation_id, listing=listing.code,
        )  # fmt: skip
    if thread.state is ThreadState.INTERESTED:
        THREAD.apply("accept", thread, SYSTEM)
    add_line(session, SYSTEM, thread, INTRODUCED, MessageKind.STEP)
    side = thread.side_of(actor)
    assert side is not None
    pass_ball(session, thread, side, asks=False)
    return thread

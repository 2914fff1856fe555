"""Threads by who asks: the organisation acted for is in the query, "not yours" is not there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from jiebang.accounts.models import User
from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor
from jiebang.core.sides import Holder, Side
from jiebang.core.uploads import Upload
from jiebang.orgs.models import Organisation

from ..models import Disclosure, Listing
from .models import (
    AccessEntry,
    FileLevel,
    Looker,
    Thread,
    ThreadAgreement,
    ThreadContact,
    ThreadMeeting,
    ThreadMessage,
    ThreadOpening,
)
from .workflow import LIVE


def _mine(organisation_id: int | None):  # type: ignore[no-untyped-def]
    return or_(Thread.issuer_id == organisation_id, Thread.organisation_id == organisation_id)


def thread(session: Session, thread_id: int, actor: Actor, *, lock: bool = False) -> Thread:
    """A thread of the organisation acted for, either side; NotFound for everybody else."""
    if actor.organisation_id is None:
        raise NotFound
    query = select(Thread).where(Thread.id == thread_id, _mine(actor.organisation_id))
    found = session.scalars(query.with_for_update(of=Thread) if lock else query).first()
    if found is None:
        raise NotFound
    return found


def of_organisation(
    session: Session, organisation_id: int, *, live: bool | None = None
) -> Sequence[Thread]:
    """An organisation's threads, those that moved last first."""
    query = select(Thread).where(_mine(organisation_id))
    if live is not None:
        rule = Thread.state.in_(LIVE)
        query = query.where(rule if live else ~rule)
    return session.scalars(query.order_by(Thread.changed_at.desc(), Thread.id.desc())).all()


def waiting_for(
    session: Session, organisation_ids: Collection[int], before: date
) -> list[tuple[Thread, int]]:
    """Threads that should have been answered before a day, by one of these organisations: with
    the organisation whose turn it is, the oldest first."""
    if not organisation_ids:
        return []
    rows = session.scalars(
        select(Thread)
        .where(
            Thread.state.in_(LIVE),
            Thread.due < before,
            or_(
                and_(Thread.holder == Holder.ISSUER, Thread.issuer_id.in_(organisation_ids)),
                and_(
                    Thread.holder == Holder.RESPONDER, Thread.organisation_id.in_(organisation_ids)
                ),
            ),
        )
        .order_by(Thread.due, Thread.id)
    )
    return [
        (each, each.issuer_id if each.holder is Holder.ISSUER else each.organisation_id)
        for each in rows
    ]


def live_between(session: Session, listing_id: int, organisation_id: int) -> Thread | None:
    """The thread that runs on a listing with one organisation."""
    return session.scalars(
        select(Thread).where(
            Thread.listing_id == listing_id,
            Thread.organisation_id == organisation_id,
            Thread.state.in_(LIVE),
        )
    ).first()


def latest_between(session: Session, listing_id: int, organisation_id: int) -> Thread | None:
    """The newest thread on a listing with one organisation, ended ones too."""
    return session.scalars(
        select(Thread)
        .where(Thread.listing_id == listing_id, Thread.organisation_id == organisation_id)
        .order_by(Thread.id.desc())
    ).first()


def on_listing(session: Session, listing_id: int) -> Sequence[Thread]:
    """All threads on a listing, newest first; for its owner."""
    return session.scalars(
        select(Thread).where(Thread.listing_id == listing_id).order_by(Thread.id.desc())
    ).all()


def messages(session: Session, thread_id: int) -> list[tuple[ThreadMessage, Upload | None]]:
    """Lines of a thread with their files, in order."""
    rows = session.execute(
        select(ThreadMessage, Upload)
        .outerjoin(Upload, Upload.id == ThreadMessage.upload_id)
        .where(ThreadMessage.thread_id == thread_id)
        .order_by(ThreadMessage.id)
    )
    return [(message, upload) for message, upload in rows]


def meetings(session: Session, thread_id: int) -> Sequence[ThreadMeeting]:
    """Meetings of a thread, the next first."""
    return session.scalars(
        select(ThreadMeeting)
        .where(ThreadMeeting.thread_id == thread_id)
        .order_by(ThreadMeeting.starts_at.desc(), ThreadMeeting.id.desc())
    ).all()


def meeting(session: Session, found: Thread, meeting_id: int) -> ThreadMeeting:
    """One meeting of a thread that the actor may see."""
    row = session.get(ThreadMeeting, meeting_id, with_for_update=True)
    if row is None or row.thread_id != found.id:
        raise NotFound
    return row


def contacts(session: Session, thread_id: int) -> dict[Side, ThreadContact]:
    """What the sides gave; a reader gets the other's only when both are there (`released`)."""
    rows = session.scalars(select(ThreadContact).where(ThreadContact.thread_id == thread_id))
    return {row.side: row for row in rows}


def released(given: Mapping[Side, ThreadContact]) -> bool:
    """Whether both sides agreed to exchange contacts."""
    return set(given) == set(Side)


def agreements(session: Session, thread_id: int) -> dict[Side, ThreadAgreement]:
    """Who accepted the confidentiality agreement."""
    rows = session.scalars(select(ThreadAgreement).where(ThreadAgreement.thread_id == thread_id))
    return {row.side: row for row in rows}


def file(
    session: Session, found: Thread, side: Side, message_id: int
) -> tuple[ThreadMessage, Upload]:
    """A file that this side may open now; NotFound for a protected one before the agreement."""
    row = session.execute(
        select(ThreadMessage, Upload)
        .join(Upload, Upload.id == ThreadMessage.upload_id)
        .where(ThreadMessage.id == message_id, ThreadMessage.thread_id == found.id)
    ).first()
    if row is None:
        raise NotFound
    message, upload = row
    if (
        message.side is not side
        and message.level is FileLevel.AGREEMENT
        and side not in agreements(session, found.id)
    ):
        raise NotFound("这份文件要先接受保密协议才能打开。")
    return message, upload


def accesses(session: Session, owner_id: int, listing_id: int) -> Sequence[AccessEntry]:
    """Who looked at an owner's protected texts and files of a listing, newest first."""
    return session.scalars(
        select(AccessEntry)
        .where(AccessEntry.owner_id == owner_id, AccessEntry.listing_id == listing_id)
        .order_by(AccessEntry.id.desc())
    ).all()


@dataclass(frozen=True, slots=True)
class Look:
    """One look as the owner reads it."""

    at: datetime
    who: str
    what: str
    reason: str


LOOKERS = {
    Looker.SPECIALIST: "服务专员",
    Looker.OPERATOR: "平台运营",
    Looker.EXPERT: "评审专家",
}


def looks(
    session: Session, owner_id: int, listing_id: int, number: int = 1, size: int = 50
) -> tuple[list[Look], int]:
    """One page of the log of looks at a listing, newest first, and how many there are.

    The other side is named as an organisation, specialists and operators by name, experts never.
    """
    rule = and_(AccessEntry.owner_id == owner_id, AccessEntry.listing_id == listing_id)
    total = session.scalar(select(func.count()).select_from(AccessEntry).where(rule)) or 0
    rows = session.execute(
        select(AccessEntry, Organisation.name, User.display_name)
        .outerjoin(Organisation, Organisation.id == AccessEntry.organisation_id)
        .outerjoin(User, User.id == AccessEntry.user_id)
        .where(rule)
        .order_by(AccessEntry.id.desc())
        .limit(size)
        .offset((number - 1) * size)
    )
    return [
        Look(entry.at, _who(entry.looker, organisation, person), entry.what, entry.reason)
        for entry, organisation, person in rows
    ], total


def _who(looker: Looker, organisation: str | None, person: str | None) -> str:
    if looker is Looker.COUNTERPART:
        return organisation or "对方单位"
    name = person if looker is not Looker.EXPERT and person else ""
    return f"{LOOKERS[looker]} {name}".strip()


def let_in(session: Session, listing: Listing, organisation_id: int | None) -> Thread | None:
    """The running thread in which an organisation accepted the confidentiality agreement; what
    the agreement stands before is open to it while the thread runs."""
    found = live_between(session, listing.id, organisation_id) if organisation_id else None
    if found is None or Side.RESPONDER not in agreements(session, found.id):
        return None
    return found


def openings(session: Session, thread_id: int) -> Sequence[ThreadOpening]:
    """What the owner keeps open to the other side of a thread now, in the order it was opened."""
    return session.scalars(
        select(ThreadOpening)
        .where(ThreadOpening.thread_id == thread_id, ThreadOpening.closed_at.is_(None))
        .order_by(ThreadOpening.id)
    ).all()


def opened_on(session: Session, listing_id: int) -> list[tuple[Thread, ThreadOpening]]:
    """What is open to whom on a listing now: openings of running threads, thread by thread."""
    rows = session.execute(
        select(Thread, ThreadOpening)
        .join(ThreadOpening, ThreadOpening.thread_id == Thread.id)
        .where(
            Thread.listing_id == listing_id,
            Thread.state.in_(LIVE),
            ThreadOpening.closed_at.is_(None),
        )
        .order_by(Thread.id, ThreadOpening.id)
    )
    return [(found, opening) for found, opening in rows]


def other_names(session: Session, threads: Collection[Thread], viewer: Actor) -> dict[int, str]:
    """For each thread, what its viewer may call the other side.

    The owner of an anonymous listing stays 匿名单位 until both sides exchanged contacts.
    """
    wanted = {t.issuer_id for t in threads} | {t.organisation_id for t in threads}
    names = {
        row.id: row.name
        for row in session.execute(
            select(Organisation.id, Organisation.name).where(Organisation.id.in_(wanted))
        )
    }
    given = dict(
        session.execute(
            select(ThreadContact.thread_id, func.count())
            .where(ThreadContact.thread_id.in_([t.id for t in threads]))
            .group_by(ThreadContact.thread_id)
        ).all()
    )
    found = {}
    for each in threads:
        if each.side_of(viewer) is Side.ISSUER:
            found[each.id] = names[each.organisation_id]
        elif hides_owner(each.listing) and given.get(each.id, 0) < len(Side):
            found[each.id] = f"匿名单位（{each.listing.code}）"
        else:
            found[each.id] = names[each.issuer_id]
    return found


def hides_owner(listing: Listing) -> bool:
    """Whether the listing's owner is not named."""
    return listing.disclosure is Disclosure.ANONYMOUS

"""对接: all threads of the organisation, one thread, and its files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from jiebang.accounts.models import User
from jiebang.boards.documents import card
from jiebang.core import clock, uploads
from jiebang.core.permissions import Actor
from jiebang.core.reasons import REASON_LABELS
from jiebang.core.sides import Side
from jiebang.orgs import queries as orgs
from jiebang.web import files
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform

from .. import confidentiality, queries, services
from ..models import FileLevel, Looker, MeetingState, MessageKind, Thread, ThreadMeeting
from ..stages import stages, waiting
from ..workflow import LIVE, STATE_LABELS, STATE_TONES, THREAD
from .blueprint import blueprint
from .sections import ON_THREAD


@blueprint.get("/threads/")
@access(Level.MEMBER)
def index() -> str:
    """The organisation's threads, running or ended."""
    session, who = db(), actor()
    assert who.organisation_id is not None
    ended = request.args.get("ended") == "1"
    found = list(queries.of_organisation(session, who.organisation_id))
    live = [each for each in found if each.state in LIVE]
    shown = [each for each in found if (each.state not in LIVE) is ended]
    names = queries.other_names(session, shown, who)
    return render_template(
        "threads/index.html",
        tabs_items=[
            {
                "label": "进行中",
                "url": url_for("threads.index"),
                "active": not ended,
                "badge": len(live),
            },
            {
                "label": "已结束",
                "url": url_for("threads.index", ended=1),
                "active": ended,
                "badge": len(found) - len(live),
            },
        ],
        rows=[
            {
                "thread": each,
                "name": names[each.id],
                "waiting": waiting(each, each.side_of(who)),
                "state": (STATE_LABELS[each.state], STATE_TONES[each.state]),
            }
            for each in shown
        ],
        ended=ended,
    )


@blueprint.get("/threads/<int:thread_id>")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def thread(thread_id: int) -> str:
    """One thread as its side reads it."""
    return page(queries.thread(db(), thread_id, actor()))


def page(
    found: Thread, errors: dict[str, str] | None = None, typed: dict[str, str] | None = None
) -> str:
    """The thread's page; after a refusal with what was typed and what is wrong with it."""
    session, who = db(), actor()
    side = found.side_of(who)
    assert side is not None
    given = queries.contacts(session, found.id)
    both = queries.released(given)
    meetings = queries.meetings(session, found.id)
    agreed = queries.agreements(session, found.id)
    listing, owner = found.listing, orgs.organisation(session, found.issuer_id)
    may = {t.name for t in THREAD.open_to(found, who)}
    me = session.get(User, who.user_id)
    return render_template(
        "threads/thread.html",
        thread=found,
        side=side,
        name=queries.other_names(session, [found], who)[found.id],
        listing=card(listing, owner, who),
        listing_open=side is Side.ISSUER or listing.state.value == "published",
        own=_own_card(found, who),
        state=(STATE_LABELS[found.state], STATE_TONES[found.state]),
        stages=stages(
            found,
            met=any(each.state is MeetingState.HELD for each in meetings),
            exchanged=both,
        ),
        waiting=waiting(found, side, meeting=_asked_to_meet(meetings, side)),
        lines=_lines(found, side, who, side in agreed),
        may=may,
        live=found.state in LIVE,
        talking="say" in may,
        reason=REASON_LABELS[found.reason_code] if found.reason_code else "",
        meetings=[_meeting(each, side, "say" in may) for each in meetings],
        given=side in given,
        asked=side.other in given,
        contact=given[side.other] if both else None,
        agreed=side in agreed,
        sections=[part for part in (each(session, found, who) for each in ON_THREAD) if part],
        accept=uploads.accept_of(uploads.DOCUMENTS),
        file_kinds=uploads.names_of(uploads.DOCUMENTS),
        upload_limit=platform().settings.upload_limit // (1024 * 1024),
        defaults={
            "person": me.display_name if me else "",
            "reach": (me.phone or me.email or "") if me else "",
        },
        errors=errors or {},
        typed=typed or {},
    )


def _asked_to_meet(meetings: Sequence[ThreadMeeting], side: Side) -> bool:
    return any(
        each.state is MeetingState.PROPOSED and each.proposed_by is not side for each in meetings
    )


def _own_card(found: Thread, who: Actor) -> Any:
    """The other half of the pair, when the reader may know it."""
    if found.own_listing is None:
        return None
    if found.organisation_id == who.organisation_id:
        return card(found.own_listing, None, who)
    return (
        platform()
        .discovery.provider.cards(db(), {found.own_listing.id}, who)
        .get(found.own_listing.id)
    )


def _lines(found: Thread, side: Side, who: Actor, agreed: bool) -> list[dict[str, Any]]:
    """Lines as this side reads them: its own people by name, the other's as a side."""
    session = db()
    rows = queries.messages(session, found.id)
    own = {m.author_id for m, _ in rows if m.side is side and m.author_id is not None}
    people = {
        user.id: user.display_name
        for user in (session.get(User, each) for each in own)
        if user is not None
    }
    other = queries.other_names(session, [found], who)[found.id]
    shown = []
    for message, upload in rows:
        mine = message.side is side
        locked = message.level is FileLevel.AGREEMENT and not mine and not agreed
        shown.append(
            {
                "id": message.id,
                "mine": mine,
                "who": "平台"
                if message.side is None
                else (people.get(message.author_id or 0, "本单位") if mine else other),
                "at": message.at,
                "text": message.text,
                "step": message.kind is MessageKind.STEP,
                "asks": message.asks and message.kind is MessageKind.MESSAGE,
                # a locked file's name may say what it protects
                "file": None if upload is None or locked else upload.original_name,
                "size": 0 if upload is None else upload.size,
                "locked": upload is not None and locked,
                "protected": message.level is FileLevel.AGREEMENT,
            }
        )
    return shown


def _meeting(meeting: ThreadMeeting, side: Side, may: bool) -> dict[str, Any]:
    past = meeting.starts_at <= clock.now()
    proposed = meeting.state is MeetingState.PROPOSED
    words = {
        MeetingState.PROPOSED: ("等对方确认" if meeting.proposed_by is side else "等本单位确认"),
        MeetingState.AGREED: "待写纪要" if past else "已约定",
        MeetingState.CANCELLED: "已取消",
        MeetingState.HELD: "已会面",
    }
    return {
        "meeting": meeting,
        "word": words[meeting.state],
        "tone": {"proposed": "info", "agreed": "good", "cancelled": "neutral", "held": "neutral"}[
            meeting.state.value
        ],
        "confirm": may and proposed and meeting.proposed_by is not side and not past,
        "cancel": may and (proposed or (meeting.state is MeetingState.AGREED and not past)),
        "write": may and meeting.state is MeetingState.AGREED and past,
    }


@blueprint.get("/threads/<int:thread_id>/files/<int:message_id>")
@access(Level.MEMBER, tenancy=Tenancy.OWNER, writes=True)
def download(thread_id: int, message_id: int) -> Response:
    """A file of a thread; a look at a protected one is logged for its owner."""
    session, who = db(), actor()
    found = queries.thread(session, thread_id, who)
    side = found.side_of(who)
    assert side is not None
    message, upload = queries.file(session, found, side, message_id)
    if message.level is FileLevel.AGREEMENT and message.side is side.other:
        services.log_access(
            session, who, found.organisation_of(side.other), found.listing_id,
            f"文件：{upload.original_name}", Looker.COUNTERPART, thread_id=found.id,
        )  # fmt: skip
    return files.serve(upload, platform().settings.uploads)


@blueprint.get("/threads/<int:thread_id>/confidentiality")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def agreement(thread_id: int) -> str:
    """The text, who accepted it, and who looked at what this side protects."""
    session, who = db(), actor()
    found = queries.thread(session, thread_id, who)
    side = found.side_of(who)
    assert side is not None and who.organisation_id is not None
    looks = [
        entry
        for entry in queries.accesses(session, who.organisation_id, found.listing_id)
        if entry.thread_id == found.id
    ]
    return render_template(
        "threads/confidentiality.html",
        thread=found,
        side=side,
        agreed=queries.agreements(session, found.id),
        sides=list(Side),
        paragraphs=confidentiality.PARAGRAPHS,
        version=confidentiality.VERSION,
        live=found.state in LIVE,
        looks=looks,
        name=queries.other_names(session, [found], who)[found.id],
        listing_code=found.listing.code,
        listing_title=found.listing.title,
    )

"""请专员对接: from a match, a listing or a thread to a named person with a clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from jiebang.boards import queries as boards
from jiebang.boards.models import Disclosure, Listing
from jiebang.boards.threads.models import Thread
from jiebang.boards.threads.workflow import LIVE as THREAD_LIVE
from jiebang.boards.tracks import queries as tracks
from jiebang.boards.workflow import ListingState
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import Actor
from jiebang.core.working_days import add_working_days
from jiebang.discovery.provider import Card
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.throttle import throttle

from .. import queries, services
from ..services.requesting import NAMED, WISH_LIMIT
from .blueprint import blueprint


def _open_to(listing: Listing, who: Actor) -> bool:
    """Whether somebody may be introduced to this listing's owner at all."""
    return (
        listing.state is ListingState.PUBLISHED
        and listing.organisation_id is not None
        and listing.organisation_id not in who.organisation_ids
        and listing.disclosure is not Disclosure.INVITED
        and (who.seat is None or who.acts_in(listing.line))
    )


def _own(session: Session, listing: Listing, who: Actor) -> list[Listing]:
    """What the actor's organisation has on the opposite board and may be named with."""
    if who.organisation_id is None:
        return []
    found = boards.of_organisation(session, who.organisation_id, (ListingState.PUBLISHED,))
    return [
        each for each in found if each.board is listing.board.opposite and each.disclosure in NAMED
    ]


def on_listing(session: Session, listing: Listing, who: Actor) -> Markup | str:
    """The way to a person on a listing's page, or the introduction that runs on it."""
    if who.seat is None or not _open_to(listing, who):
        return ""
    own = _own(session, listing, who)
    if listing.board is Board.DEMAND and (not own or listing.disclosure not in NAMED):
        return ""
    running = _running(session, listing, who, own)
    return Markup(  # noqa: S704
        render_template("brokering/_on_listing.html", listing=listing, running=running)
    )


def _running(session: Session, listing: Listing, who: Actor, own: list[Listing]) -> Any:
    assert who.organisation_id is not None
    if listing.board is not Board.DEMAND:
        return queries.live_between(session, listing.id, who.organisation_id)
    mine = {each.id for each in own}
    found = queries.on_listing(session, listing.id)
    return next((each for each in found if each.listing_id in mine), None)


def on_match(listing: Listing, card: Card, who: Actor) -> dict[str, Any] | None:
    """A match card's action; `listing` is the reader's own."""
    if not who.acts_in(listing.line) or listing.state is not ListingState.PUBLISHED:
        return None
    named = listing.disclosure in NAMED
    if card.kind is Board.DEMAND and not named:
        return None
    own = listing.code if named else None
    url = url_for("brokering.ask", code=card.code, own=own)
    return {"label": "请专员对接", "url": url, "method": "get", "tone": "secondary"}


def on_thread(session: Session, thread: Thread, who: Actor) -> Markup | str:
    """The way to a person when a talk is stuck, or the introduction that runs beside it."""
    running = queries.live_between(session, thread.listing_id, thread.organisation_id)
    if running is None and thread.state not in THREAD_LIVE:
        return ""
    mine = thread.listing if thread.listing.belongs_to(who) else thread.own_listing
    other = thread.own_listing if thread.listing.belongs_to(who) else thread.listing
    url = ""
    if running is None and other is not None and _open_to(other, who):
        own = mine.code if mine is not None and mine.disclosure in NAMED else None
        if other.board is not Board.DEMAND or own:
            url = url_for("brokering.ask", code=other.code, own=own)
    if running is None and not url:
        return ""
    return Markup(  # noqa: S704
        render_template("brokering/_on_thread.html", running=running, url=url)
    )


@blueprint.get("/listings/<code>/introduction")
@access(Level.MEMBER, tenancy=Tenancy.VIEWER)
def ask(code: str) -> str:
    """What will happen, what one may add, and one button."""
    listing, _ = boards.readable(db(), code, actor())
    return _page(listing, request.args.get("own", ""), "", {})


@blueprint.post("/listings/<code>/introduction")
@access(Level.MEMBER, tenancy=Tenancy.VIEWER)
def send(code: str) -> str | tuple[str, int] | Response:
    """It falls on a person, with a day."""
    throttle("introduction", 30, timedelta(hours=1), f"organisation:{actor().organisation_id}")
    session, who = db(), actor()
    listing, _ = boards.readable(session, code, who)
    wish, chosen = request.form.get("wish", ""), request.form.get("own", "")
    own = next((each for each in _own(session, listing, who) if each.code == chosen), None)
    try:
        if chosen and own is None:
            raise Invalid({"own": "所附的内容不在本单位在榜的发布里，请重新选择。"})
        found = services.request(session, who, listing, wish, own)
    except (Invalid, Conflict) as error:
        errors = error.errors if isinstance(error, Invalid) else {"": error.message}
        return _page(listing, chosen, wish, errors), error.status
    assert found.due is not None
    holder = "服务专员" if found.specialist_id is not None else "平台运营（指派专员）"
    flash(f"已送达{holder}，应在 {clock.day_text(found.due)} 前引荐或答复。", "success")
    return redirect(url_for("brokering.introduction", introduction_id=found.id), 303)


def _page(listing: Listing, chosen: str, wish: str, errors: dict[str, str]) -> str:
    session, who = db(), actor()
    if listing.belongs_to(who):
        raise NotFound
    rules = tracks.current(session, listing.track)
    assert who.organisation_id is not None
    person = queries.specialist_of(session, who.organisation_id)
    return render_template(
        "brokering/ask.html",
        listing=listing,
        own=_own(session, listing, who),
        needs_own=listing.board is Board.DEMAND,
        chosen=chosen,
        wish=wish,
        limit=WISH_LIMIT,
        errors=errors,
        specialist=person.display_name if person else "",
        days=rules.introduction_days,
        by=clock.day_text(add_working_days(clock.today(), rules.introduction_days)),
        verified=who.seat is not None and who.seat.verified,
    )

"""Interest in one sentence and one click, from a listing's page."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from jiebang.boards import queries as boards
from jiebang.boards.models import Disclosure, Listing
from jiebang.boards.tracks import queries as tracks
from jiebang.boards.workflow import ListingState
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import Actor
from jiebang.core.working_days import add_working_days
from jiebang.discovery import feedback
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform
from jiebang.web.throttle import throttle

from .. import queries, services
from ..services.talk import SENTENCE
from ..stages import waiting
from .blueprint import blueprint

LABELS = {
    Board.NEED: "我要对接",
    Board.OUTCOME: "意向对接",
    Board.PRODUCT: "我要询价",
    Board.ORDER: "我要承接",
    Board.PROGRAMME: "合作订单班",
}
"""The button in the line's language. Not on a purchase: no price may reach it before sealed
quotes exist (DOMAIN.md, procurement)."""
PLACEHOLDERS = {
    Board.NEED: "例：我们做过同类壳体的激光焊接，平面度能到 0.6 mm，想了解批量和预算。",
    Board.OUTCOME: "例：我们有两条产线想试用，想了解对现有设备的要求和报价方式。",
    Board.PRODUCT: "例：每月约需 200 件，想了解交期和最小起订量。",
    Board.ORDER: "例：我校焊接专业每届 80 人，可按岗位要求调整课程，想了解实习安排。",
    Board.PROGRAMME: "例：我们明年需要 20 名机器人操作工，想谈订单班和实习。",
}


def on_listing(session: Session, listing: Listing, who: Actor) -> Markup | str:
    """The way into a thread on a listing's page; for its owner, the threads it has."""
    if listing.board not in LABELS:
        return ""
    if listing.belongs_to(who):
        found = list(queries.on_listing(session, listing.id))
        rows = []
        names = queries.other_names(session, found, who)
        for each in found:
            state = waiting(each, each.side_of(who))
            rows.append({"thread": each, "name": names[each.id], "waiting": state})
        return _markup("threads/of_owner.html", rows=rows) if rows else ""
    if listing.state is not ListingState.PUBLISHED:
        return ""
    if who.user_id is not None and (who.seat is None or not who.acts_in(listing.line)):
        return ""
    latest = (
        queries.latest_between(session, listing.id, who.organisation_id)
        if who.organisation_id is not None
        else None
    )
    rules = tracks.current(session, listing.track)
    return _markup(
        "threads/on_listing.html",
        listing=listing,
        latest=latest,
        waiting=waiting(latest, latest.side_of(who)) if latest else None,
        own=_own(session, listing, who),
        label=LABELS[listing.board],
        placeholder=PLACEHOLDERS[listing.board],
        days=rules.interest_days,
        by=clock.day_text(add_working_days(clock.today(), rules.interest_days)),
        signed_in=who.user_id is not None,
        verified=who.seat is not None and who.seat.verified,
        errors={},
        sentence="",
        chosen="",
    )


def _markup(template: str, **values: object) -> Markup:
    return Markup(render_template(template, **values))  # noqa: S704


def _own(session: Session, listing: Listing, who: Actor) -> list[Listing]:
    """What the actor's organisation has on the opposite board, to make it a pair. Anonymous ones
    are left out: beside the organisation's name they would be anonymous no longer."""
    if who.organisation_id is None:
        return []
    found = boards.of_organisation(session, who.organisation_id, (ListingState.PUBLISHED,))
    return [
        each
        for each in found
        if each.board is listing.board.opposite and each.disclosure is not Disclosure.ANONYMOUS
    ]


@blueprint.get("/listings/<code>/interest")
@access(Level.MEMBER, tenancy=Tenancy.VIEWER)
def interest(code: str) -> str | Response:
    """The form on a page of its own: where a visitor lands after signing in."""
    listing, _ = boards.readable(db(), code, actor())
    running = queries.live_between(db(), listing.id, actor().organisation_id or 0)
    if running is not None:
        return redirect(url_for("threads.thread", thread_id=running.id), 303)
    return _page(listing, "", request.args.get("own", ""), {})


@blueprint.post("/listings/<code>/interest")
@access(Level.MEMBER, tenancy=Tenancy.VIEWER)
def send(code: str) -> str | tuple[str, int] | Response:
    """One sentence, one click."""
    throttle("interest", 60, timedelta(hours=1), f"organisation:{actor().organisation_id}")
    session, who = db(), actor()
    listing, _ = boards.readable(session, code, who)
    if listing.board not in LABELS:
        raise NotFound
    sentence, chosen = request.form.get("sentence", ""), request.form.get("own", "")
    own = next((each for each in _own(session, listing, who) if each.code == chosen), None)
    try:
        if chosen and own is None:
            raise Invalid({"own": "所附的内容不在本单位在榜的发布里，请重新选择。"})
        thread = services.express_interest(session, who, listing, sentence, own)
        if own is not None:  # somebody took the pair up: the ranking learns from it
            feedback.take_up(platform().discovery, session, who, own.id, listing.id)
    except (Invalid, Conflict) as error:
        errors = error.errors if isinstance(error, Invalid) else {"": error.message}
        return _page(listing, sentence, chosen, errors), error.status
    assert thread.due is not None
    flash(f"意向已送达，对方应在 {clock.day_text(thread.due)} 前答复。", "success")
    return redirect(url_for("threads.thread", thread_id=thread.id), 303)


def _page(listing: Listing, sentence: str, chosen: str, errors: dict[str, str]) -> str:
    session, who = db(), actor()
    if listing.board not in LABELS or listing.belongs_to(who):
        raise NotFound
    rules = tracks.current(session, listing.track)
    return render_template(
        "threads/interest.html",
        listing=listing,
        own=_own(session, listing, who),
        label=LABELS[listing.board],
        placeholder=PLACEHOLDERS[listing.board],
        by=clock.day_text(add_working_days(clock.today(), rules.interest_days)),
        days=rules.interest_days,
        limit=SENTENCE[1],
        verified=who.seat is not None and who.seat.verified,
        sentence=sentence,
        chosen=chosen,
        errors=errors,
    )

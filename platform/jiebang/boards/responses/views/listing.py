"""On a listing's page: the way to answer it, and for its owner what came in."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from jiebang.boards import queries as boards
from jiebang.boards.models import Listing
from jiebang.boards.tracks import queries as tracks
from jiebang.boards.tracks.models import RelatedRule, TrackVersion
from jiebang.boards.workflow import ListingState
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import Actor
from jiebang.orgs.models import Organisation
from jiebang.web.access import Level, Tenancy, access, actor, db

from .. import queries, services
from ..models import Response, Verdict
from ..stages import waiting
from ..workflow import STATE_LABELS, STATE_TONES
from .blueprint import blueprint

LABELS = {Board.NEED: "我要揭榜", Board.OUTCOME: "提交合作方案"}
"""Both boards of the technology line are answered in the same way (双向揭榜)."""


def on_listing(session: Session, listing: Listing, who: Actor) -> Markup | str:
    """The button to answer; for the owner the responses and how many it will select."""
    if listing.board not in LABELS:
        return ""
    round_ = queries.round_of(session, listing.id)
    if listing.belongs_to(who):
        rows = [row(session, each, who) for each in queries.received(session, listing.id)]
        if not rows or round_ is None:
            return ""
        rules = session.get_one(TrackVersion, round_.track_version_id)
        return _markup(
            "responses/of_owner.html",
            listing=listing,
            rows=rows,
            round=round_,
            several=rules.several and round_.awarded_at is None,
        )
    if listing.state is not ListingState.PUBLISHED or listing.organisation_id is None:
        return ""
    if who.user_id is not None and (who.seat is None or not who.acts_in(listing.line)):
        return ""
    running = (
        queries.live_of(session, listing.id, who.organisation_id)
        if who.organisation_id is not None
        else []
    )
    rules = _rules(session, listing)
    return _markup(
        "responses/on_listing.html",
        listing=listing,
        label=LABELS[listing.board],
        running=[(each, STATE_LABELS[each.state]) for each in running],
        awarded=round_ is not None and round_.awarded_at is not None,
        may_add=not running or not rules.one_each,
        signed_in=who.user_id is not None,
        closes=clock.day_text(listing.deadline) if listing.deadline else "",
        rules=rules,
    )


def _rules(session: Session, listing: Listing) -> TrackVersion:
    round_ = queries.round_of(session, listing.id)
    if round_ is None:
        return tracks.current(session, listing.track)
    return session.get_one(TrackVersion, round_.track_version_id)


def _markup(template: str, **values: object) -> Markup:
    return Markup(render_template(template, **values))  # noqa: S704


def row(session: Session, found: Response, who: Actor) -> dict[str, object]:
    """One line of a list of responses."""
    counts = {
        verdict: sum(each.verdict is verdict for each in found.answers) for verdict in Verdict
    }
    other_id = found.organisation_id
    return {
        "response": found,
        "name": session.get_one(Organisation, other_id).name,
        "waiting": waiting(found, found.side_of(who)),
        "state": (STATE_LABELS[found.state], STATE_TONES[found.state]),
        "met": counts[Verdict.MET],
        "partly": counts[Verdict.PARTLY],
        "unmet": counts[Verdict.UNMET],
    }


@blueprint.get("/listings/<code>/respond")
@access(Level.MEMBER, tenancy=Tenancy.VIEWER)
def start(code: str) -> str:
    """What answering means, and the button that begins it: where visitors land after signing in."""
    listing, _ = boards.readable(db(), code, actor())
    if listing.board not in LABELS or listing.belongs_to(actor()):
        raise NotFound
    return _start(listing, "")


def _start(listing: Listing, refused: str) -> str:
    rules = _rules(db(), listing)
    return render_template(
        "responses/start.html",
        listing=listing,
        label=LABELS[listing.board],
        rules=rules,
        barred=rules.related is RelatedRule.BARRED,
        closes=clock.day_text(listing.deadline) if listing.deadline else "",
        refused=refused,
    )


@blueprint.post("/listings/<code>/respond")
@access(Level.MEMBER, tenancy=Tenancy.VIEWER)
def begin(code: str) -> str | tuple[str, int] | Answer:
    """Makes the draft, or goes on with it."""
    session, who = db(), actor()
    listing, _ = boards.readable(session, code, who)
    if listing.board not in LABELS or listing.belongs_to(who):
        raise NotFound
    try:
        found = services.begin(session, who, listing)
    except Conflict as error:
        return _start(listing, error.message), error.status
    return redirect(url_for("responses.edit", response_id=found.id), 303)


@blueprint.post("/listings/<code>/winners")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def winners(code: str) -> Answer:
    """How many will be selected."""
    session, who = db(), actor()
    listing = boards.owned(session, code, who)
    text = request.form.get("winners", "").strip()
    try:
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
        services.set_winners(session, who, listing, number)
    except (Invalid, Conflict) as error:
        session.rollback()
        flash(str(error), "error")
    else:
        flash(f"拟选定 {number} 家。", "success")
    return redirect(url_for("boards.listing", code=code, _anchor="responses"), 303)

"""A listing's counterparts: explained, and answered with one click."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiebang.core.boards import Board
from jiebang.core.errors import Invalid, NotFound
from jiebang.discovery import feedback, suggestions
from jiebang.discovery import team as teams
from jiebang.discovery.engine import Found
from jiebang.discovery.presenting import match_view
from jiebang.discovery.values import Document
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform
from jiebang.web.throttle import throttle

from .. import queries
from ..documents import card, indexable
from ..intake.parts import parts
from ..models import Listing
from ..workflow import ListingState
from .blueprint import blueprint
from .sections import MATCH_ACTIONS

SHOWN = 20


def views_of(
    listing: Listing, found: list[Found], query: Document, mine: bool
) -> list[dict[str, Any]]:
    """Matches as cards; the owner can say 不合适 with a reason."""
    dismissed = suggestions.dismissed_ids(db(), listing.id) if mine else frozenset()
    codes = list(feedback.reasons(listing.line).items())
    views = []
    for each in found:
        if each.match.id in dismissed:
            continue
        actions: list[dict[str, Any]] = [
            {"label": "查看详情", "url": each.card.url, "method": "get", "tone": "secondary"}
        ]
        if mine:
            more = (offer(listing, each.card, actor()) for offer in MATCH_ACTIONS)
            actions += [action for action in more if action is not None]
            url = url_for("boards.dismiss", code=listing.code, other=each.card.code)
            actions.append(
                {
                    "label": "不合适",
                    "url": url,
                    "method": "post",
                    "tone": "quiet",
                    "reasons": [pair for pair in codes if pair[0] != "other"],
                }
            )
        views.append(match_view(each, query, actions))
    return views


@blueprint.get("/listings/<code>/matches")
@access(Level.ANYONE, tenancy=Tenancy.VIEWER)
def matches(code: str) -> str:
    """All counterparts worth showing, the best for both sides first."""
    session, who = db(), actor()
    listing, owner = queries.readable(session, code, who)
    mine = listing.belongs_to(who)
    item = indexable(listing)
    discovery = platform().discovery
    found = discovery.search_listing(session, item, listing.board.opposite, who, SHOWN)
    if listing.state is ListingState.PUBLISHED:
        found = discovery.both_ways(session, item, found)
    return render_template(
        "boards/matches.html",
        listing=listing,
        card=card(listing, owner, who),
        mine=mine,
        matches=views_of(listing, found, item.document, mine),
        team=has_team(listing),
    )


TEAM_FROM = 3
"""So many sub-problems make a team worth asking for."""


def has_team(listing: Listing) -> bool:
    """Whether a need names enough sub-problems for a team."""
    return listing.board is Board.NEED and len(parts(listing)) >= TEAM_FROM


@blueprint.get("/listings/<code>/team")
@access(Level.ANYONE, tenancy=Tenancy.VIEWER)
def team(code: str) -> str:
    """组队: outcomes that together answer most of a need's sub-problems, and what stays open."""
    who = actor()
    if who.user_id is None:
        throttle("team", platform().settings.search_per_minute, timedelta(minutes=1))
    session = db()
    listing, owner = queries.readable(session, code, who)
    if listing.board is not Board.NEED:
        raise NotFound
    found = teams.find(
        platform().discovery, session, indexable(listing), parts(listing), Board.OUTCOME, who
    )
    return render_template(
        "boards/team.html",
        listing=listing,
        card=card(listing, owner, who),
        mine=listing.belongs_to(who),
        team=found,
    )


@blueprint.post("/listings/<code>/matches/<other>/dismiss")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def dismiss(code: str, other: str) -> Response:
    """不合适, with a reason code that the ranking learns from."""
    session, who = db(), actor()
    listing = queries.owned(session, code, who)
    counterpart, _ = queries.readable(session, other, who)
    if counterpart.board is not listing.board.opposite:
        raise NotFound
    parts, version = platform().discovery.parts(session, listing.id, counterpart.id)
    try:
        feedback.give(
            session,
            who,
            listing.line,
            listing.id,
            counterpart.id,
            request.form.get("reason", ""),
            request.form.get("note", ""),
            parts=parts,
            model=version,
        )
    except Invalid as error:
        flash(str(error), "warning")
    else:
        flash("已记下原因，这一对不再推荐给您。", "success")
    return redirect(url_for("boards.matches", code=code), 303)

"""专员工作台: what is overdue, what has come to a stop, new strong pairs, what runs out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from jiebang.boards import queries as boards
from jiebang.boards.models import Listing
from jiebang.boards.responses.queries import waiting_for as responses_waiting
from jiebang.boards.stages import CONFIRM_DAYS
from jiebang.boards.threads.queries import waiting_for as threads_waiting
from jiebang.boards.workflow import ListingState
from jiebang.core import clock
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import Actor, Permission
from jiebang.discovery import suggestions
from jiebang.discovery.presenting import match_view
from jiebang.orgs.models import Organisation
from jiebang.web.access import Level, access, actor, db
from jiebang.web.current import platform

from .. import queries, services
from ..models import Introduction
from ..services.requesting import WORDS
from ..services.telling import title
from ..stages import waiting
from ..workflow import STATE_LABELS, IntroductionState
from .blueprint import blueprint

STILL = timedelta(days=7)
"""Nothing moved for so long: it has come to a stop."""
FRESH = timedelta(days=14)
SOON = timedelta(days=14)
PAIRS = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the desk."""

    url: str
    title: str
    meta: str
    due: date | None
    action: str
    reach: str = ""
    """Whom to call: the contact that the served organisation gave to the platform."""

    @property
    def late(self) -> bool:
        return self.due is not None and self.due < clock.today()


@blueprint.get("/brokering/")
@access(Level.PERMISSION, Permission.INTRODUCE)
def desk() -> str:
    """Today first; every line leads to the next step."""
    session, who = db(), actor()
    firms = {each.id: each for each in queries.served(session, who)}
    work = queries.of_specialist(session, who)
    lines = [_introduction(each, who) for each in work]
    lines += _held_by_firms(session, firms)
    late = sorted((each for each in lines if each.late), key=lambda each: each.due or date.max)
    moment = clock.now()
    still = [
        _introduction(each, who)
        for each in work
        if each.changed_at < moment - STILL and not (each.due and each.due < clock.today())
    ]
    stopped = {line.url for line in (*late, *still)}
    return render_template(
        "brokering/desk.html",
        firms=list(firms.values()),
        cap=queries.rule(session).load_cap,
        late=late,
        now=[
            _introduction(each, who) for each in work if _introduction(each, who).url not in stopped
        ],
        still=still,
        pairs=_pairs(session, firms, who),
        ending=_ending(session, firms),
    )


def _introduction(found: Introduction, who: Actor) -> Line:
    state = waiting(found, who)
    url = url_for("brokering.introduction", introduction_id=found.id)
    mine = state is not None and state.mine
    meta = f"引荐 · {STATE_LABELS[found.state]}"
    if state is not None and not mine:
        meta += f" · 等{state.who}"
    action = "去引荐" if found.state is IntroductionState.REQUESTED else "去跟进"
    return Line(url, title(found.listing), meta, found.due, action if mine else "查看")


def _held_by_firms(session: Session, firms: dict[int, Organisation]) -> list[Line]:
    """Talks and responses in which a served organisation has the ball and its day is past."""
    lines = []
    for what, rows in (
        ("对接", threads_waiting(session, list(firms), clock.today())),
        ("揭榜", responses_waiting(session, list(firms), clock.today())),
    ):
        for found, organisation_id in rows:
            firm = firms[organisation_id]
            lines.append(
                Line(
                    url_for("brokering.organisation", organisation_id=firm.id),
                    title(found.listing),
                    f"{what} · 等{firm.name}答复",
                    found.due,
                    "看单位",
                    " ".join(filter(None, (firm.contact_name, firm.contact_phone))),
                )
            )
    return lines


def _published(session: Session, firms: dict[int, Organisation]) -> dict[int, Listing]:
    rows = boards.of_organisations(session, list(firms), (ListingState.PUBLISHED,))
    return {each.id: each for each in rows}


def _pairs(session: Session, firms: dict[int, Organisation], who: Actor) -> list[dict[str, Any]]:
    """New strong pairs of served organisations that nobody has taken up yet."""
    own = _published(session, firms)
    found = suggestions.fresh_for(session, list(own), clock.now() - FRESH, limit=60)
    done = queries.handled(session, list(own))
    discovery = platform().discovery
    provider, version = discovery.provider, discovery.version(session)
    old = suggestions.outdated(session, found, version)
    cards = provider.cards(session, {pair.other_id for pair in found}, who)
    mine = provider.cards(session, set(own), who)
    return [
        {
            "own": own[pair.listing_id],
            "firm": firms[own[pair.listing_id].organisation_id or 0].name,
            "card": cards[pair.other_id],
            "level": pair.level,
            "old": (pair.listing_id, pair.other_id) in old,
            "url": url_for(
                "brokering.introduce",
                code=own[pair.listing_id].code,
                other=cards[pair.other_id].code,
            ),
        }
        for pair in found
        if pair.other_id in cards
        and pair.listing_id in mine
        and pair.other_id not in own
        and frozenset((pair.listing_id, pair.other_id)) not in done
    ][:PAIRS]


def _ending(session: Session, firms: dict[int, Organisation]) -> list[Line]:
    """Published listings that close soon, or whose owner has to say that they still hold."""
    today, lines = clock.today(), []
    for each in _published(session, firms).values():
        firm = firms[each.organisation_id or 0]
        assert each.confirmed_at is not None
        ask = clock.to_beijing(each.confirmed_at).date() + timedelta(days=CONFIRM_DAYS)
        url = url_for("brokering.listing", code=each.code)
        if each.deadline is not None and each.deadline <= today + SOON:
            meta = f"{each.board.label} · {firm.name} · 即将截止"
            lines.append(Line(url, each.title, meta, each.deadline, "看内容"))
        elif ask <= today + SOON:
            meta = f"{each.board.label} · {firm.name} · 请单位确认是否仍有效"
            lines.append(Line(url, each.title, meta, ask, "看内容"))
    return sorted(lines, key=lambda line: line.due or date.max)


@blueprint.get("/brokering/listings/<code>/introduce/<other>")
@access(Level.PERMISSION, Permission.INTRODUCE)
def introduce(code: str, other: str) -> str:
    """The pair's argument and a first draft of what both sides will read."""
    own, listing = _two(code, other)
    return _page(own, listing, {}, None)


@blueprint.post("/brokering/listings/<code>/introduce/<other>")
@access(Level.PERMISSION, Permission.INTRODUCE)
def propose(code: str, other: str) -> str | tuple[str, int] | Response:
    """The second click."""
    own, listing = _two(code, other)
    assert own.organisation_id is not None
    words = request.form.get("words", "")
    try:
        found = services.propose(db(), actor(), own.organisation_id, listing, own, words)
    except (Invalid, Conflict) as error:
        errors = error.errors if isinstance(error, Invalid) else {"": error.message}
        return _page(own, listing, errors, words), error.status
    flash("已引荐，双方都会收到通知。", "success")
    return redirect(url_for("brokering.introduction", introduction_id=found.id), 303)


def _two(code: str, other: str) -> tuple[Listing, Listing]:
    session, who = db(), actor()
    own, _ = queries.served_listing(session, who, code)
    listing, _ = boards.readable(session, other, who)
    if listing.board is not own.board.opposite:
        raise NotFound
    return own, listing


def _page(own: Listing, listing: Listing, errors: dict[str, str], words: str | None) -> str:
    seen = platform().discovery.pair(db(), own.id, listing.id, actor())
    view = match_view(*seen) if seen else None
    if words is None:
        words = f"“{own.title}”与“{listing.title}”方向相符，建议双方谈一谈。"
        for begin, key, most in (("依据", "reasons", 3), ("先确认", "gaps", 2)):
            if view and view[key]:
                said = "；".join(str(each).rstrip("。") for each in view[key][:most])
                words += f"{begin}：{said}。"
    return render_template(
        "brokering/introduce.html",
        own=own,
        listing=listing,
        argument=view,
        words=words,
        limit=WORDS[1],
        errors=errors,
    )

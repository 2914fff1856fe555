"""One introduction as each of its parts reads it, and what they can do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiebang.accounts.models import User
from jiebang.boards.models import Disclosure, Listing
from jiebang.core.errors import Conflict, Invalid
from jiebang.core.permissions import Actor, Permission
from jiebang.core.reasons import REASON_LABELS, choices
from jiebang.core.sides import SIDE_LABELS, Side
from jiebang.discovery.presenting import match_view
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform

from .. import queries, services
from ..models import Introduction
from ..stages import stages, waiting
from ..workflow import (
    CLOSING,
    INTRODUCTION,
    LIVE,
    RESULT_LABELS,
    STATE_LABELS,
    STATE_TONES,
    TALKED,
    IntroductionState,
)
from .blueprint import blueprint

DONE = {
    "accept": "已引荐，双方都会收到通知。",
    "refuse": "已说明原因，送达请求方。",
    "agree": "已同意，等对方答复。",
    "decline": "已说明原因，送达对方和专员。",
    "withdraw": "请求已撤回。",
    "meet": "会面已记入台账。",
    "close": "已办结，结果记入台账。",
}


@blueprint.get("/introductions/")
@access(Level.MEMBER)
def index() -> str:
    """The organisation's introductions, and who serves it."""
    session, who = db(), actor()
    assert who.organisation_id is not None
    found = [
        each
        for each in queries.of_organisation(session, who.organisation_id)
        # before the specialist has introduced them, the other side is not told of a request
        if each.accepted_at is not None or each.side_of(who) is each.requested_by
    ]
    person = queries.specialist_of(session, who.organisation_id)
    names = queries.names(session, found, who)
    shown = _titles([each.listing for each in found], who)
    return render_template(
        "brokering/index.html",
        rows=[_row(each, who, names, shown) for each in found],
        specialist=person.display_name if person else "",
    )


def _row(
    found: Introduction, who: Actor, names: dict[int, tuple[str, str]], shown: dict[int, str]
) -> dict[str, Any]:
    issuer, responder = names[found.id]
    return {
        "found": found,
        "title": shown[found.listing_id],
        "other": responder if found.side_of(who) is Side.ISSUER else issuer,
        "waiting": waiting(found, who),
        "state": (STATE_LABELS[found.state], STATE_TONES[found.state]),
    }


def _titles(listings: Iterable[Listing | None], who: Actor) -> dict[int, str]:
    """The titles that the reader may know at this moment; numbers instead of the others."""
    rows = {each.id: each for each in listings if each is not None}
    visible = platform().discovery.provider.cards(db(), set(rows), who)
    return {
        key: each.title
        if key in visible
        or each.organisation_id in who.organisation_ids
        or each.disclosure is not Disclosure.INVITED
        else each.code
        for key, each in rows.items()
    }


@blueprint.get("/introductions/<int:introduction_id>")
@access(Level.SIGNED_IN, tenancy=Tenancy.OWNER)
def introduction(introduction_id: int) -> str:
    """For its two sides, its specialist, and the operator."""
    return page(_load(introduction_id), {}, {})


def _load(introduction_id: int, *, lock: bool = False) -> Introduction:
    """A request that the specialist has not introduced yet is not there for the other side."""
    who = actor()
    found = queries.introduction(db(), introduction_id, who, lock=lock)
    side = found.side_of(who)
    if side is not None and found.accepted_at is None and side is not found.requested_by:
        return queries.introduction(db(), 0, who)
    return found


def page(found: Introduction, errors: dict[str, str], typed: dict[str, str]) -> str:
    """The page; after a refusal with what was typed and what is wrong with it."""
    session, who = db(), actor()
    issuer, responder = queries.names(session, [found], who)[found.id]
    side = found.side_of(who)
    titles = _titles([found.listing, found.own_listing], who)
    asker = session.get(User, found.asked_by) if found.asked_by else None
    person = session.get(User, found.specialist_id) if found.specialist_id else None
    may = {t.name for t in INTRODUCTION.open_to(found, who)}
    reads_wish = side is found.requested_by if side is not None else True
    return render_template(
        "brokering/introduction.html",
        found=found,
        side=side,
        title=titles[found.listing_id],
        state=(STATE_LABELS[found.state], STATE_TONES[found.state]),
        stages=stages(found),
        waiting=waiting(found, who),
        halves=_halves(found, who, (issuer, responder), titles),
        argument=_argument(found, who, side),
        may=may,
        wish=found.wish if reads_wish else "",
        asker=asker.display_name if asker is not None and side is found.requested_by else "",
        specialist=person.display_name if person else "",
        live=found.state in LIVE,
        oversees=who.can(Permission.SPECIALISTS_ASSIGN),
        reason=REASON_LABELS[found.reason_code] if found.reason_code else "",
        ended_by=_ended_by(found, side),
        result=RESULT_LABELS[found.result] if found.result else "",
        note=_note(found, side),
        codes=choices(found.line),
        results=[
            (each.value, RESULT_LABELS[each])
            for each in CLOSING
            if found.both_agreed or each not in TALKED
        ],
        thread_open=found.thread_id is not None and side is not None and found.both_agreed,
        choose_from=_choose_from(found, who),
        errors=errors,
        typed=typed,
    )


def _halves(
    found: Introduction, who: Actor, names: tuple[str, str], titles: dict[int, str]
) -> list[dict[str, Any]]:
    """The two sides with their listings and whether they have agreed."""
    rows = []
    for side, name, listing in (
        (Side.ISSUER, names[0], found.listing),
        (Side.RESPONDER, names[1], found.own_listing),
    ):
        rows.append(
            {
                "label": SIDE_LABELS[side],
                "name": "本单位" if side is found.side_of(who) else name,
                "title": titles[listing.id] if listing else "",
                "kind": listing.board.label if listing else "",
                "url": _url(listing, who) if listing else "",
                "agreed": found.agreed_at(side),
                "asked": side is found.requested_by,
            }
        )
    return rows


def _url(listing: Listing, who: Actor) -> str:
    """Where this reader may read a listing; "" where nowhere."""
    session = db()
    if listing.organisation_id in {each.id for each in queries.served(session, who)}:
        return url_for("brokering.listing", code=listing.code)
    if listing.organisation_id in who.organisation_ids:
        return url_for("boards.listing", code=listing.code)
    card = platform().discovery.provider.cards(session, {listing.id}, who).get(listing.id)
    return card.url if card else ""


def _argument(found: Introduction, who: Actor, side: Side | None) -> dict[str, Any] | None:
    """Why the pair matches, asked from the reader's side: public texts alone, and only when the
    reader may see both listings now."""
    if found.own_listing_id is None:
        return None
    here, there = found.own_listing_id, found.listing_id
    if side is Side.ISSUER:
        here, there = there, here
    seen = platform().discovery.pair(db(), here, there, who)
    return match_view(*seen) if seen else None


def _ended_by(found: Introduction, side: Side | None) -> str:
    if found.ended_by is None:
        return "服务专员"
    return "本单位" if found.ended_by is side else SIDE_LABELS[found.ended_by]


def _note(found: Introduction, side: Side | None) -> str:
    """The closing sentence is for the ledger: the sides read the result."""
    if found.state is IntroductionState.CLOSED and side is not None:
        return ""
    return found.reason


def _choose_from(found: Introduction, who: Actor) -> list[tuple[int, str]]:
    """Specialists that the operator may give it to."""
    if not who.can(Permission.SPECIALISTS_ASSIGN) or found.state not in LIVE:
        return []
    return [
        (each.user.id, f"{each.user.display_name}（服务 {each.serves} 家）")
        for each in queries.specialists(db())
        if each.user.id != found.specialist_id
    ]


@blueprint.post(
    "/introductions/<int:introduction_id>/"
    "<any(accept,refuse,agree,decline,withdraw,meet,close):name>"
)
@access(Level.SIGNED_IN, tenancy=Tenancy.OWNER)
def act(introduction_id: int, name: str) -> str | tuple[str, int] | Response:
    """One step of the table."""
    session, who, form = db(), actor(), request.form
    found, said = _load(introduction_id, lock=True), DONE[name]
    try:
        if name == "accept":
            services.accept(session, who, found, form.get("words", ""))
        elif name == "agree":
            if services.agree(session, who, platform().discovery, found):
                said = "双方都已同意，可以在对接里继续。"
        elif name == "meet":
            services.meet(session, who, found, form.get("note", ""))
        else:
            services.end(
                session, who, found, name, form.get("reason", ""), form.get("code", ""),
                form.get("result", ""),
            )  # fmt: skip
    except Invalid as error:
        return page(found, {**error.errors, "form": name}, dict(form)), 422
    flash(said, "success")
    return redirect(url_for("brokering.introduction", introduction_id=introduction_id), 303)


@blueprint.post("/introductions/<int:introduction_id>/specialist")
@access(Level.PERMISSION, Permission.SPECIALISTS_ASSIGN)
def give(introduction_id: int) -> Response:
    """The operator gives it to a specialist."""
    session, who = db(), actor()
    found = queries.introduction(session, introduction_id, who, lock=True)
    chosen = request.form.get("specialist_id", "")
    if not (chosen.isascii() and chosen.isdigit() and len(chosen) < 10):
        raise Invalid({"specialist_id": "请选择一位服务专员。"})
    try:
        services.give_to(session, who, found, int(chosen))
    except Conflict as error:
        flash(error.message, "warning")
    else:
        flash("已指派，专员会收到通知。", "success")
    return redirect(url_for("brokering.introduction", introduction_id=introduction_id), 303)

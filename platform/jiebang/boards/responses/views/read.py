"""揭榜: all responses of the organisation, and one of them as its reader may see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from jiebang.boards.documents import card, organisation_name
from jiebang.boards.threads import queries as threads
from jiebang.boards.threads.models import Looker
from jiebang.core import clock
from jiebang.core.permissions import Actor
from jiebang.core.reasons import REASON_LABELS, choices
from jiebang.core.sides import Side
from jiebang.orgs.models import Organisation
from jiebang.web.access import Level, Tenancy, access, actor, db

from .. import queries, services
from ..models import Response, Verdict
from ..services.deciding import others_waiting
from ..services.filing import LABELS
from ..services.steps import awaits_review
from ..stages import stages, waiting
from ..workflow import RESPONSE, STATE_LABELS, STATE_TONES, ResponseState
from .blueprint import blueprint
from .shares import rows
from .write import VERDICTS

AFTERWARDS: list[Callable[[Session, Response, Actor], Markup | str]] = []
"""What higher rooms put on a response's page once it was selected, or after."""
VERDICT_MARKS = {Verdict.MET: "fits", Verdict.PARTLY: "unknown", Verdict.UNMET: "fails"}


@blueprint.get("/responses/")
@access(Level.MEMBER)
def index() -> str:
    """What the organisation filed, and what it received."""
    session, who = db(), actor()
    assert who.organisation_id is not None
    received = request.args.get("received") == "1"
    found = queries.of_organisation(session, who.organisation_id)
    own = [each for each in found if each.organisation_id == who.organisation_id]
    shown = [each for each in found if (each.organisation_id != who.organisation_id) is received]
    if not received:  # those that it joins beside those that it leads
        own += queries.joined(session, who.organisation_id)
        shown = own
    return render_template(
        "responses/index.html",
        tabs_items=[
            {
                "label": "我方提交",
                "url": url_for("responses.index"),
                "active": not received,
                "badge": len(own),
            },
            {
                "label": "收到的",
                "url": url_for("responses.index", received=1),
                "active": received,
                "badge": len(found) - len(own),
            },
        ],
        rows=[
            {
                "response": each,
                "url": url_for(
                    "responses.response" if each.side_of(who) else "responses.split",
                    response_id=each.id,
                ),
                "name": other_name(each, who)
                if each.side_of(who)
                else f"联合体，{session.get_one(Organisation, each.organisation_id).name}牵头",
                "waiting": waiting(each, each.side_of(who)),
                "state": (STATE_LABELS[each.state], STATE_TONES[each.state]),
            }
            for each in shown
        ],
        received=received,
    )


def other_name(found: Response, who: Actor) -> str:
    """What the reader may call the other side: an anonymous issuer is named to its chosen ones."""
    session = db()
    if found.side_of(who) is not Side.RESPONDER:
        return session.get_one(Organisation, found.organisation_id).name
    issuer = session.get_one(Organisation, found.issuer_id)
    if found.state is ResponseState.SELECTED:
        return issuer.name
    if found.thread_id is not None and threads.released(threads.contacts(session, found.thread_id)):
        return issuer.name
    return organisation_name(found.listing, issuer, who)


@blueprint.get("/responses/<int:response_id>")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER, writes=True)
def response(response_id: int) -> str:
    """One response, to its writer, to the issuer, or to whoever checks it."""
    session, who = db(), actor()
    found = queries.response(session, response_id, who)
    outside = found.side_of(who) is None
    services.seen(session, who, found, Looker.OPERATOR if outside else Looker.COUNTERPART)
    return page(found)


def page(
    found: Response, errors: dict[str, str] | None = None, typed: dict[str, str] | None = None
) -> str:
    """The page; after a refused check with what was typed and what is wrong with it."""
    session, who = db(), actor()
    side = found.side_of(who)
    rules = queries.rules_of(session, found)
    may = {t.name for t in RESPONSE.open_to(found, who)}
    if awaits_review(found, rules):
        may -= {"shortlist", "select"}
    checking = bool(may & {"qualify", "return", "disqualify"})
    # what is being rewritten is not the issuer's to read until it comes back
    hidden = found.state is ResponseState.RETURNED and side is Side.ISSUER
    anonymous = threads.hides_owner(found.listing)
    return render_template(
        "responses/response.html",
        response=found,
        side=side,
        own=side is Side.RESPONDER,
        name=other_name(found, who),
        listing=card(found.listing, session.get(Organisation, found.issuer_id), who),
        listing_open=side is not Side.RESPONDER or found.listing.state.value == "published",
        state=(STATE_LABELS[found.state], STATE_TONES[found.state]),
        stages=stages(found, formality=rules.formality, review=rules.response_review),
        waiting=waiting(found, side),
        answers=[] if hidden else [answer_row(each) for each in found.answers],
        texts=[]
        if hidden
        else [
            (LABELS[name], getattr(found, name)) for name in ("approach", "basis", "plan", "team")
        ],
        leader="" if hidden else found.leader,
        split=[] if hidden else rows(found),
        budget=None if hidden else found.budget,
        hidden=hidden,
        reviewed_at=found.reviewed_at,
        related="" if side is Side.RESPONDER and anonymous else found.related,
        related_hidden=bool(found.related) and side is Side.RESPONDER and anonymous,
        reason=REASON_LABELS[found.reason_code] if found.reason_code else "",
        may=may,
        checking=checking,
        at_once="select" in may and not rules.shortlist and not others(found),
        must_shortlist=rules.shortlist and found.state is ResponseState.QUALIFIED,
        codes=choices(found.line),
        events=[
            {
                "time_text": clock.moment_text(event.at),
                "title": event.label,
                "text": event.reason,
                "actor": event.who,
            }
            for event in queries.events(session, found.id)
        ],
        afterwards=[part for each in AFTERWARDS if (part := each(session, found, who))],
        thread_id=found.thread_id if side is not None else None,
        can_refile=side is Side.RESPONDER
        and found.state
        in (ResponseState.DECLINED, ResponseState.WITHDRAWN, ResponseState.DISQUALIFIED)
        and found.listing.state.value == "published"
        and not _awarded(found),
        errors=errors or {},
        typed=typed or {},
    )


def _awarded(found: Response) -> bool:
    round_ = queries.round_of(db(), found.listing_id)
    return round_ is not None and round_.awarded_at is not None


def answer_row(answer: Any) -> dict[str, str]:
    """The reply to one indicator as tables draw it."""
    return {
        "name": answer.name,
        "target": answer.target,
        "verdict": VERDICTS[answer.verdict] if answer.verdict else "未答复",
        "mark": VERDICT_MARKS[answer.verdict] if answer.verdict else "unknown",
        "how": answer.how,
    }


def others(found: Response) -> int:
    """How many would be answered together with the last place."""
    return len(others_waiting(db(), found))

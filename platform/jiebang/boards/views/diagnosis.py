"""需求诊断: one page for whoever asks, answers and oversees; each sees what they may."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiebang.core import clock
from jiebang.core.errors import Invalid
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform

from .. import consultations, storage
from ..consultations import Consultation
from ..diagnosis import ENDING_LABELS, SPEAKER_LABELS, TURN_LABELS, Diagnosis, Speaker
from ..documents import card, is_open
from ..fields import FieldType, fields_of
from ..fields.values import display
from ..intake.clarity import points
from ..models import Disclosure
from ..services import diagnosis as services
from ..stages import holder, stages
from .advice import drawn
from .blueprint import blueprint

DONE = {
    "ask": "问题已发给发布方，对方会收到通知。",
    "answer": "已回答，诊断人会收到通知。内容补充好后，也可以直接再次提交。",
    "stand_aside": "已退回平台运营。",
}


@blueprint.get("/listings/<code>/diagnosis")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def diagnosis(code: str) -> str:
    """The thread of a diagnosis beside the listing it is about."""
    return _page(consultations.consultation(db(), code, actor()), {}, {})


@blueprint.post("/listings/<code>/diagnosis/<any(ask,answer,stand_aside):name>")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def diagnose(code: str, name: str) -> str | tuple[str, int] | Response:
    """Asks, answers, or gives it back."""
    session, who, discovery = db(), actor(), platform().discovery
    found = consultations.consultation(session, code, who, lock=True)
    text = request.form.get("reason" if name == "stand_aside" else "text", "")
    act = {"ask": services.ask, "answer": services.answer, "stand_aside": services.stand_aside}
    try:
        act[name](session, who, discovery, found, text)
    except Invalid as error:
        typed = {"reason" if name == "stand_aside" else "text": text}
        return _page(found, typed, error.errors), 422
    flash(DONE[name], "success")
    if name == "stand_aside":  # it is not theirs any more
        return redirect(url_for("boards.todo"), 303)
    return redirect(url_for("boards.diagnosis", code=code), 303)


def _page(found: Consultation, typed: dict[str, str], errors: dict[str, str]) -> str:
    listing, who = found.listing, actor()
    values = storage.read(listing)
    if not found.mine:  # advisors and reviewers read what the board's readers would
        opened = [f for f in fields_of(listing.board) if is_open(f, listing.disclosure)]
        hidden = [
            f.label for f in fields_of(listing.board) if f not in opened and values.get(f.name)
        ]
        values = {field.name: values[field.name] for field in opened}
    else:
        opened, hidden = list(fields_of(listing.board)), []
    return render_template(
        "boards/diagnosis.html",
        listing=listing,
        card=card(listing, found.owner, who),
        found=found,
        open=found.diagnosis.closed_at is None,
        turn=found.diagnosis.turn.value,
        rows=[
            (field.label, display(field, values.get(field.name)))
            for field in opened
            if field.type is not FieldType.ROWS and field.name != "title"
        ],
        tables=[
            (field, values.get(field.name) or []) for field in opened
            if field.type is FieldType.ROWS
        ],
        hidden=hidden,
        rounds=[_round(each, found) for each in _rounds(found)],
        advice=drawn(
            listing.board, listing, points(listing.board, values), linked=found.mine
        ),
        stages=stages(listing),
        holder=holder(listing, found.diagnosis if found.diagnosis.closed_at is None else None),
        limit=services.LIMIT,
        typed=typed,
        errors=errors,
        turn_label=TURN_LABELS[found.diagnosis.turn],
    )  # fmt: skip


def _rounds(found: Consultation) -> list[Diagnosis]:
    """An advisor reads their own round; the owner and reviewers read all of them."""
    if found.mine or found.reviews:
        return list(consultations.past(db(), found.listing.id))
    return [found.diagnosis]


def _round(diagnosis: Diagnosis, found: Consultation) -> dict[str, Any]:
    nameless = found.listing.disclosure is Disclosure.ANONYMOUS and not (
        found.mine or found.reviews
    )
    return {
        "ending": ENDING_LABELS[diagnosis.ending] if diagnosis.ending else "",
        "entries": [
            {
                "time_text": clock.moment_text(entry.at),
                "title": SPEAKER_LABELS[entry.speaker],
                "text": entry.text,
                "actor": ""
                if entry.speaker is Speaker.CLOCK or (nameless and entry.speaker is Speaker.OWNER)
                else entry.author_label,
                "icon": {Speaker.OWNER: "user", Speaker.CLOCK: "clock"}.get(
                    entry.speaker, "question"
                ),
            }
            for entry in diagnosis.entries
        ],
    }

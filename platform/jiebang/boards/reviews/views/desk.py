"""The expert's desk: what was assigned, until when; first the declaration, then the material."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from jiebang.boards.documents import card
from jiebang.boards.responses import services as responses
from jiebang.boards.responses.models import Response
from jiebang.boards.responses.services.filing import LABELS
from jiebang.boards.responses.views.read import answer_row
from jiebang.boards.threads.models import Looker
from jiebang.boards.threads.queries import hides_owner
from jiebang.boards.views.material import material
from jiebang.core import clock
from jiebang.core.errors import Invalid
from jiebang.core.permissions import Actor
from jiebang.orgs.models import Organisation
from jiebang.web.access import Level, Tenancy, access, actor, db

from .. import queries, services
from ..models import ADVICE_LABELS, DECLARATION, ReviewAssignment, Stage
from ..services.scoring import COMMENT_LIMIT, WORDS_LIMIT
from ..workflow import ASSIGNMENT, STATE_LABELS, STATE_TONES, UNDER_WAY, AssignmentState, PanelState
from .blueprint import blueprint

S = AssignmentState
MORE: list[Callable[[Session, Actor], list[dict[str, Any]]]] = []
"""Other rooms' rows for the desk, with the keys of `index`."""


@blueprint.get("/reviews/")
@access(Level.SIGNED_IN)
def index() -> str:
    """Everything that was assigned to the reader, what waits first."""
    rows = [
        {
            "url": url_for("reviews.part", assignment_id=each.id),
            "assigned_at": each.assigned_at,
            "due": each.due,
            "code": each.panel.listing.code,
            "what": "需求评审" if each.panel.stage is Stage.NEED else "揭榜评审",
            "state": (STATE_LABELS[each.state], STATE_TONES[each.state]),
            "waits": each.state in UNDER_WAY,
            "overdue": each.state in UNDER_WAY and each.due < clock.today(),
        }
        for each in queries.desk(db(), actor())
    ]
    for more in MORE:
        rows += more(db(), actor())
    rows.sort(key=lambda row: not row["waits"])
    return render_template("reviews/index.html", rows=rows)


@blueprint.get("/reviews/desk/<int:assignment_id>")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER, writes=True)
def part(assignment_id: int) -> str:
    """One part: the declaration, the material with the form, or what was handed in."""
    found = queries.part(db(), assignment_id, actor())
    if _shown(found):
        for each in queries.subjects(found.panel):
            if each is not None:
                responses.seen(db(), actor(), each, Looker.EXPERT)
    return _page(found, _saved(found), {})


@blueprint.post("/reviews/desk/<int:assignment_id>/<any(accept,recuse):name>")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def declare(assignment_id: int, name: str) -> tuple[str, int] | Answer:
    """No conflict, or recusal with its reason."""
    session, who = db(), actor()
    found = queries.part(session, assignment_id, who, lock=True)
    if name == "accept":
        services.accept(session, who, found)
        flash("声明已记录，材料和打分表在下面。", "success")
        return redirect(url_for("reviews.part", assignment_id=assignment_id), 303)
    reason = request.form.get("reason", "")
    try:
        services.recuse(session, who, found, reason)
    except Invalid as error:
        return _page(found, {**_saved(found), "reason": reason}, error.errors), 422
    flash("回避声明已记录，平台会另请他人。谢谢。", "success")
    return redirect(url_for("reviews.index"), 303)


@blueprint.post("/reviews/desk/<int:assignment_id>")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def score(assignment_id: int) -> tuple[str, int] | Answer:
    """Keeps what was typed; hands it in where that was the button."""
    session, who, typed = db(), actor(), dict(request.form)
    found = queries.part(session, assignment_id, who, lock=True)
    try:
        services.save(session, who, found, _entries(found, typed))
    except Invalid as error:
        return _page(found, typed, error.errors), 422
    if "submit" not in typed:
        flash("已保存，可随时回来继续。", "success")
        return redirect(url_for("reviews.part", assignment_id=assignment_id), 303)
    try:
        services.submit(session, who, found)
    except Invalid as error:  # all of it is still in the form
        return _page(found, typed, error.errors), 422
    flash("评审已提交，谢谢。", "success")
    return redirect(url_for("reviews.part", assignment_id=assignment_id), 303)


def _criteria(found: ReviewAssignment) -> tuple[Any, ...]:
    return found.panel.rules.criteria(of_needs=found.panel.stage is Stage.NEED)


def _entries(found: ReviewAssignment, typed: dict[str, str]) -> dict[int, services.Entry]:
    keys = [each.key for each in _criteria(found)]
    entries = {}
    for subject in queries.subjects(found.panel):
        number = subject.id if subject is not None else 0
        entries[number] = services.Entry(
            typed.get(f"advice-{number}", ""),
            typed.get(f"comment-{number}", ""),
            {key: typed.get(f"points-{number}-{key}", "") for key in keys},
            {key: typed.get(f"words-{number}-{key}", "") for key in keys},
        )
    return entries


def _saved(found: ReviewAssignment) -> dict[str, str]:
    typed: dict[str, str] = {}
    for review in found.reviews:
        number = review.response_id or 0
        typed[f"advice-{number}"] = review.advice.value if review.advice else ""
        typed[f"comment-{number}"] = review.comment
        for score_ in review.scores:
            points = "" if score_.points is None else str(score_.points)
            typed[f"points-{number}-{score_.criterion}"] = points
            typed[f"words-{number}-{score_.criterion}"] = score_.words
    return typed


def _page(found: ReviewAssignment, typed: dict[str, str], errors: dict[str, str]) -> str:
    session, who = db(), actor()
    panel, listing = found.panel, found.panel.listing
    shown = _shown(found)
    owner = session.get(Organisation, listing.organisation_id)
    subjects = queries.subjects(panel)
    names = queries.names(session, {each.organisation_id for each in subjects if each})
    return render_template(
        "reviews/part.html",
        part=found,
        listing=listing,
        stage=panel.stage.value,
        state=(STATE_LABELS[found.state], STATE_TONES[found.state]),
        waits=found.state in UNDER_WAY,
        overdue=found.state in UNDER_WAY and found.due < clock.today(),
        owner=card(listing, owner, who).org_name,
        anonymous=hides_owner(listing),
        others=list(names.values()),
        may={t.name for t in ASSIGNMENT.open_to(found, who)},
        shown=shown,
        material=material(listing) if shown else None,
        subjects=[_subject(each, names) for each in subjects] if shown else [],
        criteria=_criteria(found),
        advice=[(value.value, label) for value, label in ADVICE_LABELS[panel.stage].items()],
        limits={"words": WORDS_LIMIT, "comment": COMMENT_LIMIT},
        declaration=DECLARATION,
        typed=typed,
        errors=errors,
    )


def _shown(found: ReviewAssignment) -> bool:
    """Before the declaration, after a recusal and once the review has ended nothing is shown."""
    return found.state in (S.REVIEWING, S.SUBMITTED) and found.panel.state is PanelState.OPEN


def _subject(found: Response | None, names: dict[int, str]) -> dict[str, Any]:
    if found is None:
        return {"id": 0, "name": "", "answers": [], "texts": [], "budget": None, "leader": ""}
    return {
        "id": found.id,
        "name": names[found.organisation_id],
        "leader": found.leader,
        "budget": found.budget,
        "answers": [answer_row(each) for each in found.answers],
        "texts": [
            (LABELS[name], getattr(found, name)) for name in ("approach", "basis", "plan", "team")
        ],
    }

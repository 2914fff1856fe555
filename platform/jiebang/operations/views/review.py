"""The review queue: oldest first, every decision with a reason that reaches the owner."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from jiebang.boards import consultations, queries, services, storage
from jiebang.boards.batches import queries as batches
from jiebang.boards.batches.models import Batch
from jiebang.boards.documents import INDUSTRY_LABELS, card, indexable, is_open
from jiebang.boards.fields import FieldType, fields_of
from jiebang.boards.fields.values import completeness, display
from jiebang.boards.intake.clarity import Mark, points
from jiebang.boards.models import Listing, Track
from jiebang.boards.reviews import queries as reviews
from jiebang.boards.reviews.models import Stage
from jiebang.boards.reviews.services.following import lacking
from jiebang.boards.reviews.views.reading import drawn
from jiebang.boards.services import diagnosis as diagnosing
from jiebang.boards.stages import review_due
from jiebang.boards.views.todo import Task
from jiebang.boards.workflow import LISTING
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.errors import Invalid
from jiebang.core.permissions import Actor, Permission
from jiebang.web.access import Level, access, actor, db
from jiebang.web.current import platform

from ..notices import decided
from .blueprint import blueprint
from .protected import hidden_files

SIMILAR = 3
DONE = {
    "approve": "已通过并发布，发布方会收到通知。",
    "return": "已退回，发布方会看到您写的原因。",
    "suspend": "已暂停展示，发布方会看到原因。",
    "resume": "已恢复展示。",
    "conclude": "已结束诊断，内容回到待审核。",
}


def tasks(session: Session, who: Actor) -> tuple[list[Task], list[Task]]:
    """Submitted listings as tasks of an operator's 我的待办."""
    if not who.can(Permission.LISTING_REVIEW):
        return [], []
    found = []
    for listing, owner in queries.submitted(session):
        name = owner.name if owner else "待认领单位"
        found.append(
            Task(
                url_for("operations.review", code=listing.code),
                listing.title,
                f"待审核 · {listing.board.label} · {name}",
                review_due(listing),
                "去审核",
            )
        )
    return found, []


@blueprint.get("/operations/review")
@access(Level.PERMISSION, Permission.LISTING_REVIEW)
def queue() -> str:
    """All submitted listings by age."""
    today = clock.today()
    rows = []
    for listing, owner in queries.submitted(db()):
        due = review_due(listing)
        rows.append(
            {
                "listing": listing,
                "owner": owner.name if owner else "待认领单位",
                "industry": INDUSTRY_LABELS.get(listing.industry, ""),
                "due": due,
                "overdue": due < today,
                "missing": listing.missing,
            }
        )
    return render_template("operations/queue.html", rows=rows)


@blueprint.get("/operations/review/<code>")
@access(Level.PERMISSION, Permission.LISTING_REVIEW)
def review(code: str) -> str:
    """One listing with what a reviewer needs: open fields, gaps, look-alikes, likely partners."""
    return _page(queries.for_review(db(), code), "", {})


def _page(
    listing: Listing, reason: str, errors: dict[str, str], asked: dict[str, str] | None = None
) -> str:
    session, who = db(), actor()
    values = storage.read(listing)
    fields = fields_of(listing.board)
    rows, tables, hidden = [], [], []
    for field in fields:
        # the operator sees what the board's readers may see, never protected text, nor what an
        # agreement stands before; the level itself is what is being reviewed
        if not is_open(field, listing.disclosure) and field.name != "disclosure":
            if values.get(field.name):
                hidden.append(field.label)
        elif field.type is FieldType.ROWS:
            tables.append((field, values.get(field.name) or []))
        elif field.name != "title":  # it heads the page
            rows.append((field.label, display(field, values.get(field.name))))
    item = indexable(listing)
    discovery = platform().discovery
    similar = [
        found
        for found in discovery.search_listing(
            session, item, listing.board, who, SIMILAR + 1, explain=False
        )
        if found.card.id != listing.id and found.match.level in ("强", "较强")
    ][:SIMILAR]
    partners = discovery.search_listing(
        session, item, listing.board.opposite, who, SIMILAR, explain=False
    )
    owner = queries.owner(session, listing)
    return render_template(
        "operations/review.html",
        listing=listing,
        owner=owner,
        card=card(listing, owner, who),
        rows=rows,
        tables=tables,
        hidden=hidden,
        hidden_files=len(hidden_files(session, listing)),
        completeness=completeness(fields, values),
        similar=similar,
        partners=partners,
        transitions={t.name: t for t in LISTING.open_to(listing, who)},
        reason=reason,
        errors=errors,
        due=review_due(listing) if listing.submitted_at else None,
        advisors=consultations.advisors(session, listing),
        diagnosis=consultations.latest(session, listing.id),
        experts=_experts(listing),
        batch=batches.of_listing(session, listing.id),
        batches=_batches(listing),
        asked=asked or {"advisor": "", "questions": _questions(listing, values)},
        limit=diagnosing.LIMIT,
    )


def _batches(listing: Listing) -> list[Batch] | None:
    """Batches that it could join; None where it joins none."""
    if listing.track is not Track.COMPETITION or listing.board is not Board.NEED:
        return None
    own = batches.of_listing(db(), listing.id)
    if own is not None and own.opened:
        return []
    return [each for each in batches.not_over(db()) if own is None or each.id != own.id]


def _experts(listing: Listing) -> dict[str, Any] | None:
    """How far the experts are, where the track asks them before publication."""
    session = db()
    if reviews.rules_for(session, listing, Stage.NEED) is None:
        return None
    panel = reviews.open_panel(session, listing.id, Stage.NEED)
    panel = panel or reviews.concluded_for(session, listing)
    return {
        "lacking": lacking(session, listing),
        "panel": panel,
        "submitted": len(reviews.submitted(panel)) if panel else 0,
        "summaries": drawn(session, panel) if panel else [],
    }


def _questions(listing: Listing, values: dict[str, Any]) -> str:
    """What the open text leaves open, as questions to begin with; the reviewer edits them."""
    seen = {
        field.name: values[field.name]
        for field in fields_of(listing.board)
        if is_open(field, listing.disclosure)
    }
    return "\n".join(
        f"{number}. {point.label}：{point.says}"
        for number, point in enumerate(
            (each for each in points(listing.board, seen) if each.mark is not Mark.FOUND), 1
        )
    )


@blueprint.post("/operations/review/<code>/diagnosis")
@access(Level.PERMISSION, Permission.LISTING_REVIEW)
def diagnose(code: str) -> str | tuple[str, int] | Response:
    """Sends a need or an outcome with questions to an advisor, or straight to the owner."""
    session, who = db(), actor()
    listing = queries.for_review(session, code)
    asked = {name: request.form.get(name, "") for name in ("advisor", "questions")}
    chosen = asked["advisor"]
    try:
        if chosen and not (chosen.isascii() and chosen.isdigit() and len(chosen) < 10):
            raise Invalid({"advisor": "请从列表里选一位。"})
        diagnosing.send(
            session, who, platform().discovery, listing, int(chosen) if chosen else None,
            asked["questions"],
        )  # fmt: skip
    except Invalid as error:
        return _page(listing, "", error.errors, asked), 422
    flash("已送诊断，对方会收到通知，5 个工作日内答复。", "success")
    return redirect(url_for("operations.queue"), 303)


@blueprint.post("/operations/review/<code>/<any(approve,'return',suspend,resume,conclude):name>")
@access(Level.PERMISSION, Permission.LISTING_REVIEW)
def decide(code: str, name: str) -> str | tuple[str, int] | Response:
    """Approve, return, suspend or resume."""
    session, who = db(), actor()
    listing = queries.for_review(session, code)
    reason = request.form.get("reason", "").replace("\r\n", "\n")
    try:
        services.advance(session, who, platform().discovery, listing, name, reason)
    except Invalid as error:
        return _page(listing, reason, error.errors), 422
    decided(session, platform().settings.base_url, listing, name, reason.strip())
    flash(DONE[name], "success")
    return redirect(url_for("operations.queue"), 303)

"""The operator's page of a review: whom to ask, how far it is, what it came to."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from jiebang.boards.models import Listing
from jiebang.core.errors import Invalid
from jiebang.core.permissions import Permission
from jiebang.web.access import Level, access, actor, db

from .. import queries, services
from ..models import Stage
from ..services.asking import NO_STEP, fewest
from ..workflow import (
    ASSIGNMENT,
    PANEL,
    PANEL_LABELS,
    PANEL_TONES,
    STATE_LABELS,
    STATE_TONES,
    PanelState,
)
from .blueprint import blueprint
from .reading import drawn


@blueprint.get("/reviews/of/<code>/<any(need,responses):stage>")
@access(Level.PERMISSION, Permission.LISTING_REVIEW)
def of(code: str, stage: str) -> str:
    """The review under way, the form to begin one, and earlier ones."""
    return _page(queries.for_operator(db(), code, actor()), Stage(stage), {}, {})


def _page(listing: Listing, stage: Stage, errors: dict[str, str], typed: dict[str, object]) -> str:
    session, who = db(), actor()
    rules = queries.rules_for(session, listing, stage)
    panel = queries.open_panel(session, listing.id, stage)
    waiting = queries.to_compare(session, listing.id) if stage is Stage.RESPONSES else []
    if panel is not None:
        parties = panel.party_ids
    else:
        parties = frozenset(each.organisation_id for each in waiting)
        if listing.organisation_id is not None:
            parties |= {listing.organisation_id}
    asked = {each.expert_id for each in panel.assignments} if panel else set()
    earlier = [
        each
        for each in queries.panels(session, listing.id, stage)
        if each.state is not PanelState.OPEN
    ]
    people = queries.people(
        session,
        {a.expert_id for each in (*earlier, *filter(None, [panel])) for a in each.assignments},
    )

    def parts(of: object) -> list[dict[str, object]]:
        return [
            {
                "id": each.id,
                "name": people[each.expert_id],
                "state": (STATE_LABELS[each.state], STATE_TONES[each.state]),
                "part": each,
                "replaceable": ASSIGNMENT.refusal("replace", each, who) is None,
            }
            for each in getattr(of, "assignments")  # noqa: B009
        ]

    return render_template(
        "reviews/of.html",
        listing=listing,
        stage=stage.value,
        rules=rules,
        no_step=NO_STEP,
        fewest=fewest(rules, stage) if rules else 0,
        criteria=rules.criteria(of_needs=stage is Stage.NEED) if rules else (),
        panel=panel,
        parts=parts(panel) if panel else [],
        summaries=drawn(session, panel) if panel else [],
        concludable=panel is not None and PANEL.refusal("conclude", panel, who) is None,
        earlier=[
            {
                "panel": each,
                "state": (PANEL_LABELS[each.state], PANEL_TONES[each.state]),
                "parts": parts(each),
                "summaries": drawn(session, each),
            }
            for each in earlier
        ],
        experts=queries.experts(session, parties, asked),
        waiting=waiting,
        names=queries.names(session, {each.organisation_id for each in waiting}),
        unchecked=queries.unchecked(session, listing.id) if stage is Stage.RESPONSES else 0,
        openable=stage is Stage.RESPONSES or listing.state.value == "submitted",
        errors=errors,
        typed=typed,
    )


@blueprint.post("/reviews/of/<code>/<any(need,responses):stage>/experts")
@access(Level.PERMISSION, Permission.LISTING_REVIEW)
def ask(code: str, stage: str) -> tuple[str, int] | Answer:
    """Asks experts: opens the review, or adds to the one under way."""
    session, who = db(), actor()
    listing = queries.for_operator(session, code, who, lock=True)
    chosen = [
        int(each)
        for each in request.form.getlist("experts")
        if each.isascii() and each.isdigit() and len(each) < 10
    ]
    panel = queries.open_panel(session, listing.id, Stage(stage))
    try:
        if panel is None:
            services.open_panel(session, who, listing, Stage(stage), chosen)
        else:
            services.add(session, who, queries.locked(session, panel.id), chosen)
    except Invalid as error:
        session.rollback()
        listing = queries.for_operator(session, code, who)
        return _page(listing, Stage(stage), error.errors, {"experts": chosen}), 422
    flash("已请专家评审，对方会收到通知。", "success")
    return redirect(url_for("reviews.of", code=code, stage=stage), 303)


@blueprint.post("/reviews/of/<code>/<any(need,responses):stage>/conclude")
@access(Level.PERMISSION, Permission.LISTING_REVIEW)
def conclude(code: str, stage: str) -> Answer:
    """Ends the review under way."""
    session, who = db(), actor()
    listing = queries.for_operator(session, code, who, lock=True)
    panel = queries.open_panel(session, listing.id, Stage(stage))
    if panel is None:
        flash("没有正在进行的评审。", "warning")
        return redirect(url_for("reviews.of", code=code, stage=stage), 303)
    services.conclude(session, who, queries.locked(session, panel.id))
    if stage == Stage.NEED.value:
        flash("评审已结束，请据此通过或退回。", "success")
        return redirect(url_for("operations.review", code=code), 303)
    flash("评审已结束，汇总已交发榜方。", "success")
    return redirect(url_for("reviews.of", code=code, stage=stage), 303)


@blueprint.post("/reviews/assignments/<int:assignment_id>/replace")
@access(Level.PERMISSION, Permission.LISTING_REVIEW)
def replace(assignment_id: int) -> tuple[str, int] | Answer:
    """Takes an expert off, and asks another one where one is chosen."""
    session, who, form = db(), actor(), request.form
    found = queries.asked(session, assignment_id, who)
    code, stage = found.panel.listing.code, found.panel.stage
    other = form.get("expert", "")
    chosen = int(other) if other.isascii() and other.isdigit() and len(other) < 10 else None
    try:
        services.replace(session, who, found, form.get("reason", ""), chosen)
    except Invalid as error:
        session.rollback()
        errors = {f"{name}-{assignment_id}": text for name, text in error.errors.items()}
        listing = queries.for_operator(session, code, who)
        return _page(
            listing, stage, errors, {f"reason-{assignment_id}": form.get("reason", "")}
        ), 422
    flash("已撤换，双方都会收到通知。" if chosen else "已撤换，请另行分派。", "success")
    return redirect(url_for("reviews.of", code=code, stage=stage.value), 303)

"""认领: finding one's organisation and proving it."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiebang.core.errors import Invalid
from jiebang.web.access import Level, access, actor, db
from jiebang.web.current import platform
from jiebang.web.throttle import throttle

from .. import queries, services
from ..forms import ClaimForm, SearchForm
from ..models import Organisation
from ..terms import CATEGORY_LABELS
from .blueprint import blueprint
from .papers import given, receive


@blueprint.get("/organisations/claim")
@access(Level.SIGNED_IN)
def claim_search() -> str:
    """Unclaimed organisations by name."""
    form = SearchForm(request.args)
    text = (form.q.data or "").strip()
    asked = bool(text) and form.validate()
    session = db()
    same = queries.by_name(session, text) if asked else None
    return render_template(
        "orgs/claim_search.html",
        form=form,
        text=text,
        asked=asked,
        found=queries.unclaimed_matching(session, text) if asked else [],
        taken=same if same is not None and same.claimed else None,
        categories=CATEGORY_LABELS,
    )


@blueprint.route("/organisations/claim/<int:organisation_id>", methods=["GET", "POST"])
@access(Level.SIGNED_IN)
def claim(organisation_id: int) -> str | tuple[str, int] | Response:
    """Evidence and a note for the operator."""
    session, who, form = db(), actor(), ClaimForm()
    if form.is_submitted():
        throttle("claim", 20, timedelta(days=1), f"user:{who.user_id}")
    found = queries.claimable(session, organisation_id)
    services.check_claim(session, who, organisation_id)
    if not form.is_submitted():
        return _page(form, found)
    errors: dict[str, str] = {}
    valid = form.validate()
    evidence_id = 0
    try:
        evidence_id = receive("evidence", "claim", None, "请选择认领证明的扫描件或照片。").id
    except Invalid as error:
        errors |= error.errors
    if errors or not valid:
        form.refuse(errors)
        return _page(form, found, again=given("evidence") is not None), 422
    services.submit_claim(session, who, organisation_id, evidence_id, form.note.data or "")
    flash(f"认领{found.name}的申请已提交，平台将在 2 个工作日内答复。", "success")
    return redirect(url_for("orgs.choose"), 303)


def _page(form: ClaimForm, found: Organisation, *, again: bool = False) -> str:
    return render_template(
        "orgs/claim.html",
        form=form,
        found=found,
        again=again,
        category=CATEGORY_LABELS[found.category],
        limit=platform().settings.upload_limit // (1024 * 1024),
    )

"""Handing in code and papers."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from jiebang.core import clock
from jiebang.core.errors import Invalid
from jiebang.web.access import Level, access, actor, db
from jiebang.web.current import platform
from jiebang.web.throttle import throttle

from .. import queries, services
from ..forms import VerificationForm
from ..models import Decision, Organisation, OrganisationState, VerificationRequest
from ..terms import STATE_LABELS, STATE_TONES
from ..workflow import VERIFICATION
from .blueprint import blueprint
from .papers import given, receive

FIELDS = (
    ("licence", "licence", "请选择营业执照或法人证书的扫描件。"),
    ("authorisation", "authorisation", "请选择加盖公章的授权书。"),
)


@blueprint.route("/organisations/mine/verification", methods=["GET", "POST"])
@access(Level.MEMBER)
def verification() -> str | tuple[str, int] | Response:
    """The form, or how the request stands."""
    session, who, form = db(), actor(), VerificationForm()
    if form.is_submitted():
        throttle("verification", 30, timedelta(days=1), f"organisation:{who.organisation_id}")
    found = queries.mine(session, who)
    services.guard_manage(who)
    kept = _kept(found)
    if not form.is_submitted():
        form.credit_code.data = kept.credit_code if kept else found.credit_code
        return _page(form, found)
    if refusal := VERIFICATION.refusal("submit", found, who):
        raise refusal
    errors: dict[str, str] = {}
    ids = {"licence": kept.licence_id, "authorisation": kept.authorisation_id} if kept else {}
    if form.validate():
        try:
            services.check_code(session, found, form.credit_code.data)
        except Invalid as error:
            errors |= error.errors
    for name, purpose, missing in FIELDS:
        if given(name) is None and name in ids:
            continue
        try:
            ids[name] = receive(name, purpose, found.id, missing).id
        except Invalid as error:
            errors |= error.errors
    if errors or form.errors:
        form.refuse(errors)
        return _page(form, found, again=any(given(name) for name, _, _ in FIELDS)), 422
    services.submit_verification(
        session, who, form.credit_code.data, services.Papers(ids["licence"], ids["authorisation"])
    )
    flash("核验材料已提交，平台将在 2 个工作日内答复。", "success")
    return redirect(url_for("orgs.mine"), 303)


def _kept(found: Organisation) -> VerificationRequest | None:
    """The returned request whose papers may be handed in again."""
    request = queries.latest_request(db(), found.id)
    returned = request is not None and request.state is Decision.RETURNED
    return request if returned and found.state is OrganisationState.RETURNED else None


def _page(form: VerificationForm, found: Organisation, *, again: bool = False) -> str:
    session = db()
    request = queries.latest_request(session, found.id)
    detail = queries.verification(session, request.id) if request else None
    return render_template(
        "orgs/verification.html",
        form=form,
        found=found,
        detail=detail,
        reusing=_kept(found) is not None,
        again=again,
        open=VERIFICATION.refusal("submit", found, actor()) is None,
        state=(STATE_LABELS[found.state], STATE_TONES[found.state]),
        limit=platform().settings.upload_limit // (1024 * 1024),
        today=clock.today(),
    )

"""The operator's queue of verifications and claims: oldest first, every refusal with a reason."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from jiebang.core import clock, terms
from jiebang.core.errors import Invalid
from jiebang.core.permissions import Permission
from jiebang.web.access import Level, access, actor, db
from jiebang.web.current import platform

from .. import queries, services
from ..forms import ReasonForm
from ..models import Decision
from ..terms import CATEGORY_LABELS, DECISION_LABELS, DECISION_TONES
from ..workflow import VERIFICATION
from .blueprint import blueprint


@blueprint.get("/organisations/verifications")
@access(Level.PERMISSION, Permission.ORGANISATION_VERIFY)
def queue() -> str:
    """Everything that waits, and what was decided lately."""
    session = db()
    return render_template(
        "orgs/queue.html",
        waiting=queries.waiting(session),
        decided=queries.decided(session),
        today=clock.today(),
        labels=DECISION_LABELS,
        tones=DECISION_TONES,
    )


@blueprint.get("/organisations/verifications/<int:request_id>")
@access(Level.PERMISSION, Permission.ORGANISATION_VERIFY)
def review(request_id: int) -> str:
    """One verification request."""
    return _verification(request_id, ReasonForm())


def _verification(request_id: int, form: ReasonForm) -> str:
    session, who = db(), actor()
    found = queries.verification(session, request_id)
    refusal = VERIFICATION.refusal("approve", found.organisation, who)
    return render_template(
        "orgs/review.html",
        found=found,
        form=form,
        facts=_facts(found),
        same_code=queries.same_code(session, found.request),
        waiting=found.request.state is Decision.SUBMITTED,
        refusal=services.own_request(found, who) or (refusal.message if refusal else ""),
        label=DECISION_LABELS[found.request.state],
        tone=DECISION_TONES[found.request.state],
        today=clock.today(),
    )


def _facts(found: queries.Requested) -> list[tuple[str, str]]:
    organisation, submitter = found.organisation, found.submitter
    return [
        ("单位名称", organisation.name),
        ("单位类别", CATEGORY_LABELS[organisation.category]),
        ("统一社会信用代码", found.request.credit_code),
        ("所在地区", organisation.region),
        ("产业领域", terms.INDUSTRY_LABELS.get(organisation.industry, "")),
        ("联系人", " ".join(filter(None, (organisation.contact_name, organisation.contact_phone)))),
        (
            "提交人",
            f"{submitter.display_name} {submitter.email or submitter.phone}",
        ),
        ("提交时间", clock.moment_text(found.request.submitted_at)),
    ]


@blueprint.post("/organisations/verifications/<int:request_id>/<any(approve,'return'):name>")
@access(Level.PERMISSION, Permission.ORGANISATION_VERIFY)
def decide(request_id: int, name: str) -> str | tuple[str, int] | Response:
    """Approves or returns a verification."""
    form = ReasonForm()
    try:
        services.decide(
            db(), actor(), request_id, name, form.reason.data or "", platform().settings.base_url
        )
    except Invalid as error:
        form.validate()
        form.refuse(error.errors)
        return _verification(request_id, form), 422
    done = "已通过核验" if name == "approve" else "已退回补正"
    flash(f"{done}，申请单位会收到通知。", "success")
    return redirect(url_for("orgs.queue"), 303)


@blueprint.get("/organisations/claims/<int:claim_id>")
@access(Level.PERMISSION, Permission.ORGANISATION_VERIFY)
def review_claim(claim_id: int) -> str:
    """One claim."""
    return _claim(claim_id, ReasonForm())


def _claim(claim_id: int, form: ReasonForm) -> str:
    session, who = db(), actor()
    found = queries.claim(session, claim_id)
    own = found.claim.user_id == who.user_id or found.organisation.belongs_to(who)
    return render_template(
        "orgs/review_claim.html",
        found=found,
        form=form,
        rivals=len(queries.rival_claims(session, found.claim)),
        waiting=found.claim.state is Decision.SUBMITTED,
        refusal="不能办理自己或本单位的认领申请，请由其他运营人员办理。" if own else "",
        label=DECISION_LABELS[found.claim.state],
        tone=DECISION_TONES[found.claim.state],
        category=CATEGORY_LABELS[found.organisation.category],
        today=clock.today(),
    )


@blueprint.post("/organisations/claims/<int:claim_id>/<any(approve,'return'):name>")
@access(Level.PERMISSION, Permission.ORGANISATION_VERIFY)
def decide_claim(claim_id: int, name: str) -> str | tuple[str, int] | Response:
    """Approves or returns a claim."""
    form, base_url = ReasonForm(), platform().settings.base_url
    try:
        if name == "approve":
            services.approve_claim(db(), actor(), claim_id, base_url)
        else:
            services.return_claim(db(), actor(), claim_id, form.reason.data or "", base_url)
    except Invalid as error:
        form.validate()
        form.refuse(error.errors)
        return _claim(claim_id, form), 422
    flash(
        "已通过，申请人成为该单位管理员。" if name == "approve" else "已退回，申请人会看到原因。",
        "success",
    )
    return redirect(url_for("orgs.queue"), 303)

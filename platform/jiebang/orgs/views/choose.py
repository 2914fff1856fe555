"""After registration: create an organisation, claim one, or take an invitation; change seats."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from jiebang.accounts import queries as accounts
from jiebang.core import terms
from jiebang.core.errors import Invalid
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.throttle import throttle

from .. import queries, services
from ..forms import ProfileForm
from ..terms import CATEGORY_LABELS, DECISION_LABELS, DECISION_TONES, ROLE_LABELS
from .blueprint import blueprint


@blueprint.get("/organisations/choose")
@access(Level.SIGNED_IN)
def choose() -> str:
    """Invitations first, then the three ways in; one's seats where there are any."""
    session, who = db(), actor()
    assert who.user_id is not None
    person = accounts.user(session, who.user_id)
    invited = [
        (found, services.proves(person, found.invitation))
        for found in queries.invitations_for(session, person)
        if found.organisation.id not in who.organisation_ids
    ]
    return render_template(
        "orgs/choose.html",
        seats=who.seats,
        acting=who.organisation_id,
        invited=invited,
        claims=queries.claims_of(session, who.user_id),
        roles=ROLE_LABELS,
        decisions=DECISION_LABELS,
        tones=DECISION_TONES,
        due_day=queries.due_day,
        address=person.email or person.phone,
    )


@blueprint.post("/organisations/switch")
@access(Level.SIGNED_IN, tenancy=Tenancy.OWNER)
def switch() -> Response:
    """Acts for another of one's organisations from now on."""
    text = request.form.get("organisation_id", "")
    organisation_id = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    name = services.switch_seat(db(), actor(), current_user.session_id, organisation_id)
    flash(f"现在以{name}的身份办理。", "success")
    return redirect(url_for("orgs.mine"), 303)


@blueprint.route("/organisations/new", methods=["GET", "POST"])
@access(Level.SIGNED_IN)
def new() -> str | tuple[str, int] | Response:
    """Creates an organisation; its creator becomes the administrator."""
    form, who = ProfileForm(), actor()
    if not form.is_submitted():
        return _new(form)
    assert who.user_id is not None
    if not form.validate():
        return _new(form), 422
    throttle("organisation", 10, timedelta(days=1), f"user:{who.user_id}")
    session = db()
    try:
        found = services.create_organisation(
            session, who, form.profile(), owner_user_id=who.user_id
        )
    except Invalid as error:
        form.refuse(error.errors)
        return _new(form), 422
    services.switch_seat(session, who, current_user.session_id, found.id)
    flash(f"{found.name}已创建，您是管理员。下一步提交核验，通过后就可以发布和揭榜。", "success")
    return redirect(url_for("orgs.mine"), 303)


def _new(form: ProfileForm) -> str:
    return render_template(
        "orgs/profile.html",
        form=form,
        title="创建单位",
        label="创建单位",
        cancel=url_for("orgs.choose"),
        fixed={},
        categories=CATEGORY_LABELS,
        chains=terms.CHAINS,
        regions=terms.REGIONS,
    )


@blueprint.get("/invitations/<token>")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def invitation(token: str) -> str:
    """What a mailed link offers."""
    from jiebang.core.tokens import token_hash

    session, who = db(), actor()
    assert who.user_id is not None
    found = queries.invitation_by_token(session, token_hash(token))
    person = accounts.user(session, who.user_id)
    return render_template(
        "orgs/invitation.html",
        found=found,
        token=token,
        roles=ROLE_LABELS,
        fits=found.invitation.identifier in (person.email, person.phone),
        address=person.email or person.phone,
        member=found.organisation.id in who.organisation_ids,
    )


@blueprint.post("/invitations/<token>")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def accept(token: str) -> Response:
    """Takes the place."""
    session = db()
    found = services.accept_invitation(session, actor(), token)
    return _joined(found.organisation_id)


@blueprint.post("/organisations/invitations/<int:invitation_id>/accept")
@access(Level.SIGNED_IN, tenancy=Tenancy.OWNER)
def accept_own(invitation_id: int) -> Response:
    """Takes a place offered to one's confirmed address."""
    found = services.accept_own_invitation(db(), actor(), invitation_id)
    return _joined(found.organisation_id)


def _joined(organisation_id: int) -> Response:
    name = services.switch_seat(db(), actor(), current_user.session_id, organisation_id)
    flash(f"您已加入{name}，现在以它的身份办理。", "success")
    return redirect(url_for("orgs.mine"), 303)

"""Members: invite, change, remove."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from jiebang.core.errors import Conflict, Invalid
from jiebang.core.permissions import Permission
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform
from jiebang.web.throttle import throttle

from .. import queries, services
from ..forms import InviteForm, MemberForm
from ..models import Invitation
from ..terms import ROLE_LABELS
from .blueprint import blueprint
from .mine import LINK


@blueprint.route("/organisations/mine/invite", methods=["GET", "POST"])
@access(Level.MEMBER)
def invite() -> str | tuple[str, int] | Response:
    """Offers somebody a place."""
    session, who, form = db(), actor(), InviteForm()
    services.guard_manage(who)
    if not form.is_submitted():
        return render_template("orgs/invite.html", form=form)
    if not form.validate():
        return render_template("orgs/invite.html", form=form), 422
    throttle("invite", 50, timedelta(days=1), f"organisation:{who.organisation_id}")
    try:
        found, link = services.invite(
            session, who, form.identifier.data, form.chosen_role, form.lines,
            platform().settings.base_url,
        )  # fmt: skip
    except Invalid as error:
        form.refuse(error.errors)
        return render_template("orgs/invite.html", form=form), 422
    _show(found, link)
    return redirect(url_for("orgs.mine"), 303)


def _show(found: Invitation, link: str) -> None:
    """The link is shown once, on the next page of this browser: only its hash is kept."""
    cookie[LINK] = {"identifier": found.identifier, "link": link}
    if "@" in found.identifier:
        flash(f"邀请已发往 {found.identifier}，14 天内有效。", "success")
    else:
        flash(f"已生成给 {found.identifier} 的邀请链接，请发给对方。", "success")


@blueprint.post("/organisations/mine/invitations/<int:invitation_id>/renew")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def renew(invitation_id: int) -> Response:
    """A new link; the old one stops working."""
    throttle("invite", 50, timedelta(days=1), f"organisation:{actor().organisation_id}")
    found, link = services.renew_invitation(
        db(), actor(), invitation_id, platform().settings.base_url
    )
    _show(found, link)
    return redirect(url_for("orgs.mine"), 303)


@blueprint.post("/organisations/mine/invitations/<int:invitation_id>/revoke")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def revoke(invitation_id: int) -> Response:
    """Takes an invitation back."""
    found = services.revoke_invitation(db(), actor(), invitation_id)
    cookie.pop(LINK, None)
    flash(f"已撤回给 {found.identifier} 的邀请，链接不再有效。", "success")
    return redirect(url_for("orgs.mine"), 303)


@blueprint.route("/organisations/mine/members/<int:membership_id>", methods=["GET", "POST"])
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def member(membership_id: int) -> str | tuple[str, int] | Response:
    """Another role, other lines."""
    session, who, form = db(), actor(), MemberForm()
    found = queries.member(session, who, membership_id)
    services.guard_manage(who)
    if not form.is_submitted():
        form.role.data = found.membership.role.value
        form.scopes.data = list(found.membership.scopes)
        return render_template("orgs/member.html", form=form, found=found)
    if not form.validate():
        return render_template("orgs/member.html", form=form, found=found), 422
    try:
        services.change_member(session, who, membership_id, form.chosen_role, form.lines)
    except Invalid as error:
        form.refuse(error.errors)
        return render_template("orgs/member.html", form=form, found=found), 422
    except Conflict as error:
        form.refuse({"role": error.message})
        return render_template("orgs/member.html", form=form, found=found), 409
    flash(f"{found.user.display_name}的角色已更新。", "success")
    return redirect(url_for("orgs.mine"), 303)


@blueprint.get("/organisations/mine/members/<int:membership_id>/remove")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def ask_remove(membership_id: int) -> str:
    """Asks before a place is taken away."""
    session, who = db(), actor()
    found = queries.member(session, who, membership_id)
    own = found.user.id == who.user_id
    if not own and not who.can(Permission.ORGANISATION_MANAGE):
        services.guard_manage(who)
    return render_template(
        "orgs/remove.html",
        found=found,
        own=own,
        role=ROLE_LABELS[found.membership.role],
        organisation=queries.mine(session, who),
    )


@blueprint.post("/organisations/mine/members/<int:membership_id>/remove")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def remove(membership_id: int) -> Response:
    """Takes a place away."""
    who = actor()
    try:
        found = services.remove_member(db(), who, membership_id)
    except Conflict as error:
        db().rollback()
        flash(error.message, "error")
        return redirect(url_for("orgs.mine"), 303)
    if found.user.id == who.user_id:
        flash("您已退出该单位。", "success")
        return redirect(url_for("orgs.choose"), 303)
    flash(f"已将{found.user.display_name}移出本单位。", "success")
    return redirect(url_for("orgs.mine"), 303)

"""Accounts and roles, for the security administrator."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiebang.core.errors import Invalid
from jiebang.core.permissions import ROLE_LABELS, Permission, Role
from jiebang.web.access import Level, access, actor, db
from jiebang.web.pagination import Page, page_number
from jiebang.web.returning import is_local

from .. import queries, services
from ..forms import PeopleFilter
from .blueprint import blueprint

SIZE = 30


@blueprint.get("/account/roles")
@access(Level.PERMISSION, Permission.ROLES_ASSIGN)
def roles() -> str:
    """Everybody, those with roles first."""
    form = PeopleFilter(request.args)
    role = Role(form.role.data) if form.role.data in set(Role) else None
    number = page_number()
    found = queries.people(db(), text=(form.q.data or "")[:100], role=role, page=number, size=SIZE)
    return render_template(
        "accounts/roles.html",
        form=form,
        people=found.users,
        page=Page(number, found.total, SIZE),
        labels=ROLE_LABELS,
        own_id=actor().user_id,
        filtered=bool(form.q.data or role),
        here=request.full_path.rstrip("?"),
    )


@blueprint.post("/account/roles/<int:user_id>/grant")
@access(Level.PERMISSION, Permission.ROLES_ASSIGN)
def grant_role(user_id: int) -> Response:
    """Gives a role."""
    role = _role()
    user = services.grant_role(db(), actor(), user_id, role)
    flash(f"已将“{ROLE_LABELS[role]}”授予{user.display_name}，立即生效。", "success")
    return _back()


@blueprint.post("/account/roles/<int:user_id>/revoke")
@access(Level.PERMISSION, Permission.ROLES_ASSIGN)
def revoke_role(user_id: int) -> Response:
    """Takes a role."""
    role = _role()
    user = services.revoke_role(db(), actor(), user_id, role)
    flash(f"已撤销{user.display_name}的“{ROLE_LABELS[role]}”，立即生效。", "success")
    return _back()


@blueprint.post("/account/roles/<int:user_id>/deactivate")
@access(Level.PERMISSION, Permission.ROLES_ASSIGN)
def deactivate(user_id: int) -> Response:
    """Stops an account."""
    user = services.deactivate(db(), actor(), user_id)
    flash(f"{user.display_name}的账号已停用，所有设备都已退出。", "success")
    return _back()


@blueprint.post("/account/roles/<int:user_id>/reactivate")
@access(Level.PERMISSION, Permission.ROLES_ASSIGN)
def reactivate(user_id: int) -> Response:
    """Lets an account sign in again."""
    user = services.reactivate(db(), actor(), user_id)
    flash(f"{user.display_name}的账号已启用。", "success")
    return _back()


def _role() -> Role:
    text = request.form.get("role", "")
    if text not in set(Role):
        raise Invalid({"role": "请选择一个角色。"})
    return Role(text)


def _back() -> Response:
    target = request.form.get("back", "")
    own = url_for("accounts.roles")
    return redirect(target if is_local(target) and target.startswith(own) else own, 303)

"""股权与控制关系: what one's own organisation declares."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiebang.core.errors import Invalid
from jiebang.core.permissions import Permission
from jiebang.web.access import Level, Tenancy, access, actor, db

from . import queries, services
from .models import KIND_LABELS

blueprint = Blueprint("relations", __name__, template_folder="templates")


def register(app: Flask) -> None:
    """Adds the pages; 我的单位 leads there."""
    app.register_blueprint(blueprint)


@blueprint.get("/organisations/mine/relations")
@access(Level.MEMBER)
def index() -> str:
    """Everything declared, and the form for one more."""
    return _page({}, {})


@blueprint.post("/organisations/mine/relations")
@access(Level.MEMBER)
def declare() -> str | tuple[str, int] | Response:
    """One more."""
    form = request.form
    try:
        services.declare(
            db(), actor(), form.get("direction", ""), form.get("name", ""),
            form.get("kind", ""), form.get("percent", ""),
        )  # fmt: skip
    except Invalid as error:
        return _page(error.errors, dict(form)), 422
    flash("已申报。揭榜时平台据此检查关联关系。", "success")
    return redirect(url_for("relations.index"), 303)


@blueprint.post("/organisations/mine/relations/<int:relation_id>/remove")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def remove(relation_id: int) -> Response:
    """Takes one back."""
    services.remove(db(), actor(), relation_id)
    flash("已删除这条申报，审计记录仍保留。", "success")
    return redirect(url_for("relations.index"), 303)


def _page(errors: dict[str, str], typed: dict[str, str]) -> str:
    session, who = db(), actor()
    assert who.organisation_id is not None
    return render_template(
        "relations/index.html",
        rows=queries.declared(session, who.organisation_id),
        labels=KIND_LABELS,
        manages=who.can(Permission.ORGANISATION_MANAGE),
        errors=errors,
        typed=typed,
    )

"""The buttons of a listing's life; a destructive one asks first."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiebang.core.errors import Invalid, NotFound
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform

from .. import queries, services
from ..workflow import LISTING
from .blueprint import blueprint

DONE = {
    "propose": "已提交本单位审批，管理员会收到通知；同意后自动提交平台审核。",
    "endorse": "已同意并提交平台审核，平台将在 2 个工作日内答复。",
    "send_back": "已退回起草人，对方会看到您写的原因。",
    "submit": "已提交审核，平台将在 2 个工作日内答复，结果会出现在“我的待办”。",
    "recall": "已取回，可以继续修改。",
    "confirm": "已确认仍有效，继续在榜。",
    "withdraw": "已撤榜，别人不再能找到它。",
    "reopen": "已转为草稿，修改后可再次提交。",
}
CONSEQUENCES = {
    "withdraw": (
        "立即从榜单和匹配结果中消失",
        "以后可以“重新编辑”，再次提交审核",
        "对方若已收藏链接，打开时会看到“没有找到”",
    ),
    "send_back": ("起草人会收到您写的原因", "修改后可以再次提交本单位审批"),
}


def _owners(name: str) -> None:
    if name not in DONE:
        raise NotFound("没有这个操作，请从页面上的按钮进入。")


@blueprint.get("/listings/<code>/<any(withdraw,send_back):name>")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def ask(code: str, name: str) -> str:
    """Asks before something that cannot simply be undone."""
    listing = queries.owned(db(), code, actor())
    refusal = LISTING.refusal(name, listing, actor())
    if refusal is not None:
        raise refusal
    return _ask(listing.code, listing.title, name, "", {})


@blueprint.post(
    "/listings/<code>/<any(propose,endorse,send_back,submit,recall,confirm,withdraw,reopen):name>"
)
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def act(code: str, name: str) -> str | tuple[str, int] | Response:
    """Takes one step of the workflow as its owner."""
    _owners(name)
    session, who = db(), actor()
    listing = queries.owned(session, code, who, lock=True)
    reason = request.form.get("reason", "")
    try:
        services.advance(session, who, platform().discovery, listing, name, reason)
    except Invalid as error:
        if name in CONSEQUENCES:
            return _ask(listing.code, listing.title, name, reason, error.errors), 422
        session.rollback()
        flash(str(error), "error")
        return redirect(url_for("boards.check_answers", code=code), 303)
    flash(DONE[name], "success")
    if name == "reopen":
        return redirect(url_for("boards.edit", code=code, step_key="topic"), 303)
    return redirect(url_for("boards.listing", code=code), 303)


def _ask(code: str, title: str, name: str, reason: str, errors: dict[str, str]) -> str:
    return render_template(
        "boards/confirm.html",
        code=code,
        title=title,
        name=name,
        label=LISTING.transitions[name].label,
        consequences=CONSEQUENCES[name],
        reason=reason,
        error=errors.get("reason", ""),
        tone="danger" if name == "withdraw" else "primary",
    )


@blueprint.post("/listings/<code>/invitations")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def invite(code: str) -> Response:
    """Lets an organisation read an invited-only listing."""
    session, who = db(), actor()
    listing = queries.owned(session, code, who)
    try:
        organisation = services.invite(session, who, listing, request.form.get("name", ""))
    except Invalid as error:
        flash(str(error), "error")
    else:
        flash(f"已邀请{organisation.name}查看。", "success")
    return redirect(url_for("boards.listing", code=code), 303)


@blueprint.post("/listings/<code>/invitations/<int:organisation_id>/remove")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def uninvite(code: str, organisation_id: int) -> Response:
    """Takes an invitation back."""
    session, who = db(), actor()
    services.uninvite(session, who, queries.owned(session, code, who), organisation_id)
    flash("已取消邀请，对方不再能查看。", "success")
    return redirect(url_for("boards.listing", code=code), 303)

"""From one sentence to a draft; a visitor's text waits until they have an organisation."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, request, url_for
from flask import session as cookie
from flask_login import current_user
from werkzeug.wrappers import Response

from jiebang.core.boards import Board
from jiebang.core.errors import Invalid
from jiebang.web.access import Level, access, actor, db
from jiebang.web.throttle import throttle

from .. import services
from ..models import Listing
from .blueprint import blueprint

COOKIE = "pending_draft"


@blueprint.post("/drafts")
@access(Level.ANYONE)
def keep() -> Response:
    """存为草稿: at once for members, after registration for visitors."""
    name = request.form.get("board", "")
    if name not in {board.value for board in Board}:
        raise Invalid({"board": "请选择要发布到哪个榜单。"})
    board, text = Board(name), request.form.get("text", "").replace("\r\n", "\n")
    who = actor()
    if who.seat is not None and who.acts_in(board.line):
        listing = services.create(db(), who, board, _first_values(board, text))
        flash("草稿已保存。补齐下面几步就可以提交发布。", "success")
        return redirect(_first_step(listing), 303)
    throttle("keep", 20, timedelta(hours=1))
    cookie[COOKIE] = services.keep_pending(db(), board, text)
    if current_user.is_authenticated:
        flash("内容已留存。加入或创建单位后，在“我的待办”里可以存为本单位的草稿。", "success")
        return redirect(url_for("orgs.choose"), 303)
    flash("内容已留存 7 天。注册并创建单位后，在“我的待办”里可以存为草稿。", "success")
    return redirect(url_for("accounts.register"), 303)


def _first_values(board: Board, text: str) -> dict[str, object]:
    from ..services.drafting import from_text

    if not text.strip():
        raise Invalid({"text": "请先写下您的问题或成果。"})
    return {"disclosure": "public", **from_text(board, text)}


def _first_step(listing: Listing) -> str:
    return url_for("boards.edit", code=listing.code, step_key="topic")


def adopt() -> Listing | None:
    """Turns what the visitor left into a draft; called in a writing request of a member."""
    token = cookie.get(COOKIE)
    if not token or actor().seat is None:
        return None
    listing = services.take_pending(db(), actor(), token)
    cookie.pop(COOKIE, None)
    return listing


@blueprint.post("/drafts/adopt")
@access(Level.MEMBER)
def adopt_pending() -> Response:
    """The button on 我的待办 that appears while something waits."""
    listing = adopt()
    if listing is None:
        flash("没有找到留存的内容，它可能已超过 7 天。", "warning")
        return redirect(url_for("boards.todo"), 303)
    flash("已存为草稿，补齐下面几步就可以提交发布。", "success")
    return redirect(_first_step(listing), 303)

"""保存的查询: kept from a board's page, told of what is new, deleted when it is of no use."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiebang.boards.views import browse
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import Actor
from jiebang.web import navigation
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform
from jiebang.web.navigation import Entry
from jiebang.web.throttle import throttle

from . import queries, services

blueprint = Blueprint("standing", __name__, template_folder="templates")


def register(app: Flask) -> None:
    """Adds the pages; the list stands in the account menu."""
    app.register_blueprint(blueprint)
    navigation.add(app, Entry(20, "保存的查询", "standing.index", _signed_in, account=True))


def _signed_in(who: Actor) -> bool:
    return who.user_id is not None


@blueprint.get("/searches/")
@access(Level.SIGNED_IN)
def index() -> str:
    """All of one's own."""
    return render_template("standing/index.html", rows=queries.mine(db(), actor()))


@blueprint.post("/searches/<board_name>/save")
@access(Level.SIGNED_IN)
def save(board_name: str) -> Response:
    """保存这个查询: with the conditions of the page it was pressed on."""
    throttle("save_search", 60, timedelta(hours=1), f"user:{actor().user_id}")
    if board_name not in {board.value for board in Board}:
        raise NotFound("没有这个榜单，请从“榜单”页选择。")
    board = Board(board_name)
    where, asked, name = browse.asked(board, request.form)
    back = f"/boards/{board.value}?{urlencode(asked)}"
    try:
        services.save(db(), actor(), platform().discovery, where, asked, name)
    except (Invalid, Conflict) as error:
        flash(str(error), "warning")
    else:
        flash("已保存。有新的内容符合时会告诉您，每天最多 5 条。", "success")
    return redirect(back, 303)


@blueprint.get("/searches/<int:search_id>")
@access(Level.SIGNED_IN, tenancy=Tenancy.OWNER)
def search(search_id: int) -> Response:
    """The board as the search shows it now."""
    found = queries.one(db(), search_id, actor())
    return redirect(f"/boards/{found.board.value}?{urlencode({**found.asked, 'sort': 'new'})}", 303)


@blueprint.post("/searches/<int:search_id>/delete")
@access(Level.SIGNED_IN, tenancy=Tenancy.OWNER)
def delete(search_id: int) -> Response:
    """It asks no more."""
    services.delete(db(), actor(), queries.one(db(), search_id, actor()))
    flash("已删除，不再提醒。", "success")
    return redirect(url_for("standing.index"), 303)

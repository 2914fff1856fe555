"""Import on a page: the same reader as `jiebang import`, for one's own organisation."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from flask import flash, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from jiebang.core.boards import Board
from jiebang.core.errors import Forbidden, NotFound
from jiebang.web.access import Level, access, actor
from jiebang.web.current import platform
from jiebang.web.throttle import throttle

from ..imports import ImportRefused, import_file, write_template
from ..services.imported import BoardStore
from .blueprint import blueprint


def _board(name: str) -> Board:
    if name not in {board.value for board in Board}:
        raise NotFound("没有这个榜单，请从“导入”页选择。")
    return Board(name)


@blueprint.get("/listings/import")
@access(Level.MEMBER)
def upload() -> str:
    """Choose a board, take the template, hand in the file."""
    asked = request.args.get("board", "")
    own = [board for board in Board if actor().acts_in(board.line)]
    board = Board(asked) if asked in set(Board) else next(iter(own), Board.NEED)
    return render_template(
        "boards/import.html", boards=own or list(Board), board=board, summary=None
    )


@blueprint.get("/listings/import/<board_name>/template.xlsx")
@access(Level.MEMBER)
def template(board_name: str) -> Response:
    """An empty table with explained columns."""
    board = _board(board_name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.xlsx"
        write_template(board.value, path)
        import io

        data = io.BytesIO(path.read_bytes())
    return send_file(
        data,
        mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        as_attachment=True,
        download_name=f"{board.label}导入模板.xlsx",
    )


@blueprint.post("/listings/import/<board_name>")
@access(Level.MEMBER, writes=False)
def receive(board_name: str) -> str | tuple[str, int] | Response:
    """Good rows become drafts, bad ones are listed with row, column and reason.

    The import writes in its own transactions of at most 500 rows; this request only reports.
    """
    board = _board(board_name)
    who = actor()
    assert who.seat is not None
    if not who.acts_in(board.line):
        raise Forbidden("您的经办范围不含这条业务线，请联系本单位管理员调整。")
    throttle("import", 30, timedelta(hours=1), f"organisation:{who.seat.organisation_id}")
    file = request.files.get("file")
    if file is None or not file.filename:
        flash("请先选择要导入的文件（CSV、XLSX 或 JSONL）。", "warning")
        return redirect(url_for("boards.upload", board=board.value), 303)
    settings, database = platform().settings, platform().database
    with tempfile.TemporaryDirectory(dir=settings.uploads) as folder:
        path = Path(folder) / f"import{Path(file.filename).suffix.lower()}"
        file.save(path)
        try:
            summary = import_file(
                database,
                who,
                board.value,
                path,
                file.filename,
                save=BoardStore(platform().discovery),
                upload_limit=settings.upload_limit,
                organisation_id=who.seat.organisation_id,
                strict="strict" in request.form,
            )
        except ImportRefused as error:
            page = render_template(
                "boards/import.html",
                boards=[each for each in Board if who.acts_in(each.line)],
                board=board,
                summary=None,
                refused=str(error),
            )
            return page, 422
    boards = [each for each in Board if who.acts_in(each.line)]
    return render_template("boards/import.html", boards=boards, board=board, summary=summary)

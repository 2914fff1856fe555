"""The start page: one box that answers without signing in. What is typed is kept nowhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, render_template, request
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy.orm import Session

from jiebang.core.boards import Board
from jiebang.core.permissions import LINE_LABELS, Line
from jiebang.web.access import Level, access, actor, db
from jiebang.web.current import platform
from jiebang.web.throttle import throttle
from matching.documents import Document, Kind
from matching.text import has_content

from .asking import EXAMPLES, LIMIT, Reading, only, understand
from .nothing import why_nothing
from .presenting import match_view
from .sought import sought

blueprint = Blueprint("discovery", __name__, template_folder="templates")
ON_START: list[Callable[[Session], Markup | str]] = []
"""What higher floors put below the three lines; "" where there is nothing to show yet."""
PER_BOARD = 5
PER_OTHER = 2
CLEAR = ("强", "较强")
"""Levels that are shown from a board the sentence is not about."""

LINE_TEXTS = {
    Line.TECHNOLOGY: "企业出难题，高校院所和同行来揭榜；成果上榜，企业来揭。",
    Line.PROCUREMENT: "大企业发采购清单，中小企业报价；好产品上榜，链主来询价。",
    Line.TALENT: "企业按岗位下订单，院校按专业承接。",
}


def register(app: Flask) -> None:
    """Adds the start page."""
    app.register_blueprint(blueprint)


@blueprint.get("/")
@access(Level.ANYONE)
def start() -> str:
    """The box, the three lines, live counts."""
    return render_template("start.html", **_frame(db()))


@blueprint.post("/ask")
@access(Level.ANYONE, writes=False)
def ask() -> str | tuple[str, int]:
    """Explained matches for one everyday sentence."""
    text = request.form.get("text", "").replace("\r\n", "\n").strip()
    chosen = request.form.get("board", "")
    if not current_user.is_authenticated:
        throttle("ask", platform().settings.search_per_minute, timedelta(minutes=1))
    if problem := _problem(text):
        page = render_template("start.html", **_frame(db()), asked=text, problem=problem)
        return page, 422
    reading = (
        only(Board(chosen)) if chosen in {board.value for board in Board} else understand(text)
    )
    session = db()
    wanted = sought(text)
    groups = [_group(session, wanted, board) for board in reading.boards]
    for group in groups:
        if not group["results"]:
            group["nothing"] = why_nothing(
                platform().discovery, session, wanted, group["board"], actor()
            )
    others = [_group(session, wanted, board, clear=True) for board in reading.others]
    return render_template(
        "start.html",
        **_frame(session),
        asked=text,
        groups=groups,
        others=[group for group in others if group["results"]],
        understood=_understood(reading, groups, wanted if wanted != text else ""),
    )


def _problem(text: str) -> str:
    if not text:
        return "请先写一句话，例如“铝合金薄壁件焊接后变形，怎么控制”。"
    if len(text) > LIMIT:
        return f"最多 {LIMIT} 字，现在 {len(text)} 字，请先写最要紧的部分。"
    if not has_content(text):
        return "只看到标点或符号，请用文字写出您的难题、成果、采购或用人需求。"
    return ""


def _understood(reading: Reading, groups: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
    """How the sentence was read: the words that decided, the boards, what is compared (where it
    is not the whole sentence), the field of the answers."""
    fields: dict[str, float] = {}
    for each in (result for group in groups for result in group["results"]):
        if each["industry"]:
            fields[each["industry"]] = fields.get(each["industry"], 0.0) + each["score"]
    best = max(fields, key=lambda name: fields[name], default="")
    return {
        "cues": reading.cues,
        "wanted": wanted,
        "boards": [board.label for board in reading.boards],
        "others": [board.label for board in reading.others],
        # a field is named when most of what was found is of it
        "field": best if best and fields[best] >= 0.5 * sum(fields.values()) else "",
    }


def _group(session: Session, text: str, board: Board, *, clear: bool = False) -> dict[str, Any]:
    """A board's answers; `clear` keeps only what clearly fits."""
    found = platform().discovery.search_text(session, text, board, actor(), PER_BOARD)
    if clear:
        found = [each for each in found if each.match.level in CLEAR][:PER_OTHER]
    query = Document(0, Kind(board.opposite.value), "", text)
    return {
        "board": board,
        "label": board.label,
        "draft_board": board.opposite,
        "results": [match_view(each, query) for each in found],
    }


def _frame(session: Session) -> dict[str, Any]:
    counts = platform().discovery.provider.counts(session)
    lines = [
        {
            "key": line.value,
            "label": f"{LINE_LABELS[line]}对接",
            "text": LINE_TEXTS[line],
            "boards": [
                {
                    "kind": board.value,
                    "label": board.label,
                    "url": f"/boards/{board.value}",
                    "count": counts[board],
                }
                for board in Board
                if board.line is line
            ],
        }
        for line in Line
    ]
    examples = [
        {"kind": board.value, "kind_label": board.label, "text": text} for board, text in EXAMPLES
    ]
    return {"lines": lines, "examples": examples, "below": [each(session) for each in ON_START]}

"""运行概况: what stands where, in true numbers."""

from __future__ import annotations

from flask import render_template

from jiebang.boards.workflow import STATE_LABELS, ListingState
from jiebang.core.boards import Board
from jiebang.core.permissions import Permission
from jiebang.discovery import suggestions
from jiebang.web.access import Level, access, db

from .. import queries, waits
from .blueprint import blueprint

ORGANISATIONS = {
    "verified": "已核验",
    "submitted": "核验中",
    "returned": "退回补正",
    "unverified": "未提交核验",
    "suspended": "已暂停",
    "unclaimed": "待认领",
}


@blueprint.get("/operations/")
@access(Level.PERMISSION, Permission.OPERATIONS_VIEW)
def desk() -> str:
    """Listings by board and state, organisations, reviews, background jobs."""
    session = db()
    by_board = queries.states_by_board(session)
    published = {board: by_board[board].get(ListingState.PUBLISHED, 0) for board in Board}
    reviews = queries.review_times(session)
    hours = reviews.median_hours
    organisations = queries.organisations_by_state(session)
    return render_template(
        "operations/desk.html",
        boards=list(Board),
        states=list(ListingState),
        labels=STATE_LABELS,
        by_board=by_board,
        published=sum(published.values()),
        waiting=sum(states.get(ListingState.SUBMITTED, 0) for states in by_board.values()),
        bars=[{"label": board.label, "value": number} for board, number in published.items()],
        organisations=[
            {"label": label, "value": organisations.get(name, 0)}
            for name, label in ORGANISATIONS.items()
        ],
        reviews=reviews,
        reviews_text="—" if hours is None else f"{hours:.1f} 小时",
        overdue=len(waits.overdue(session)),
        jobs=queries.jobs(session),
        pairs=suggestions.count(session),
    )

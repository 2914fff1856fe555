"""公示: what is public now, what was, and one of them."""

from __future__ import annotations

from flask import render_template

from jiebang.web.access import Level, access, actor, db

from .. import queries
from ..workflow import OBJECTION_LABELS, OBJECTION_TONES
from .blueprint import blueprint
from .shown import shown


@blueprint.get("/publicity/")
@access(Level.ANYONE)
def index() -> str:
    """Current ones first, then the past ones."""
    session, who = db(), actor()
    return render_template(
        "publicity/index.html",
        running=[shown(session, each, who) for each in queries.running(session)],
        past=[shown(session, each, who) for each in queries.past(session)],
    )


@blueprint.get("/publicity/<int:publicity_id>")
@access(Level.ANYONE)
def publicity(publicity_id: int) -> str:
    """One selection that is or was public, and one's own objections to it."""
    session, who = db(), actor()
    found = queries.publicity(session, publicity_id)
    mine = queries.own(session, found, who) if who.user_id is not None else []
    return render_template(
        "publicity/publicity.html",
        it=shown(session, found, who),
        party=found.belongs_to(who),
        mine=[
            {
                "objection": each,
                "state": (OBJECTION_LABELS[each.state], OBJECTION_TONES[each.state]),
            }
            for each in mine
        ],
    )

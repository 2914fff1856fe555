"""Asking back while somebody writes: a panel on the page and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response as FlaskResponse
from flask import jsonify, url_for

from jiebang.core.boards import Board
from jiebang.core.errors import NotFound
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform

from .. import forms, queries, storage
from ..fields.steps import Step, step_fields, step_of, steps_of
from ..intake.advice import Advice, advise
from ..intake.clarity import Mark, Point
from ..models import Listing
from ..workflow import EDITABLE
from .blueprint import blueprint
from .progress import progress

ICONS = {"found": "good", "partly": "warn", "open": "question"}
STATES = {"found": "已写明", "partly": "不够具体", "open": "还没写"}
"""What the icons say to those who hear the page."""


def panel(board: Board, listing: Listing | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """Advice as the template and the script draw it; for the owner alone, it quotes the draft."""
    found = advise(
        db(), platform().discovery, actor(), board, values, listing.id if listing else None
    )
    return {
        **drawn(board, listing, found.points),
        "examples": [
            {
                "label": each.label,
                "phrase": each.phrase,
                "title": each.title,
                "url": url_for("boards.listing", code=each.code),
            }
            for each in found.examples
        ],
        "alike": _alike(found),
    }


def drawn(
    board: Board, listing: Listing | None, found: Sequence[Point], *, linked: bool = True
) -> dict[str, Any]:
    """Points as the template and the script draw them, without examples and look-alikes. Linked
    gaps lead to their input: for the owner alone."""
    return {
        "done": sum(point.mark is Mark.FOUND for point in found),
        "total": len(found),
        "points": [
            {
                "key": point.key,
                "label": point.label,
                "mark": point.mark.value,
                "icon": ICONS[point.mark.value],
                "state": STATES[point.mark.value],
                "says": point.says,
                "url": _place(board, listing, point.field) if linked else None,
            }
            for point in found
        ],
        "examples": [],
        "alike": [],
    }


def _alike(found: Advice) -> list[dict[str, Any]]:
    return [
        {
            "title": each.title,
            "note": each.note,
            "same": each.same,
            "url": url_for("boards.listing", code=each.code),
        }
        for each in [*found.own, *found.others]
    ]


def _place(board: Board, listing: Listing | None, name: str) -> str | None:
    """The input where a point is best written, where there is one yet."""
    step = step_of(board, name)
    if listing is not None:
        if listing.state not in EDITABLE:
            return None
        return url_for("boards.edit", code=listing.code, step_key=step.key, _anchor=name)
    return f"#{name}" if step is steps_of(board)[0] else None


def _typed(board: Board, step: Step, stored: Mapping[str, Any]) -> dict[str, Any]:
    fields = step_fields(board, step)
    return {**stored, **forms.readable(forms.make(fields, stored), fields)}


@blueprint.post("/listings/new/<board_name>/advice")
@access(Level.MEMBER, writes=False)
def advice_new(board_name: str) -> FlaskResponse:
    """Advice on a first step that is not saved yet; keeps nothing of it."""
    if board_name not in {board.value for board in Board}:
        raise NotFound
    board = Board(board_name)
    return jsonify(advice=panel(board, None, _typed(board, steps_of(board)[0], {})))


@blueprint.post("/listings/<code>/advice/<step_key>")
@access(Level.MEMBER, tenancy=Tenancy.OWNER, writes=False)
def advice(code: str, step_key: str) -> FlaskResponse:
    """Advice on one's own listing as it would be with what is being typed; keeps nothing of it."""
    listing = queries.owned(db(), code, actor())
    step = next((each for each in steps_of(listing.board) if each.key == step_key), None)
    if step is None:
        raise NotFound
    values = _typed(listing.board, step, storage.read(listing))
    return jsonify(
        advice=panel(listing.board, listing, values), completeness=progress(listing, values)
    )

"""How complete a listing is, each gap with the way to the place where it is filled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for

from ..fields import fields_of
from ..fields.steps import step_of
from ..fields.values import completeness
from ..models import Listing
from ..workflow import EDITABLE


def link(listing: Listing, name: str) -> str:
    """The input of one field on its step."""
    step = step_of(listing.board, name)
    return url_for("boards.edit", code=listing.code, step_key=step.key, _anchor=name)


def progress(listing: Listing, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the `meter` component, and of the autosave's answer."""
    fields = fields_of(listing.board)
    found = completeness(fields, values)
    names = {field.label: field.name for field in fields}
    editable = listing.state in EDITABLE
    return {
        "done": found.done,
        "total": found.total,
        "missing": [
            {
                "label": label,
                "field": names[label],
                "url": link(listing, names[label]) if editable else None,
            }
            for label in found.missing
        ],
    }

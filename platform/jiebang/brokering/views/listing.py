"""A served organisation's listing with all its fields, as its specialist reads it."""

from __future__ import annotations

from flask import render_template

from jiebang.boards import storage
from jiebang.boards.documents import is_open
from jiebang.boards.fields import FieldType, fields_of
from jiebang.boards.fields.values import display
from jiebang.boards.threads import services as threads
from jiebang.boards.threads.models import Looker
from jiebang.boards.workflow import STATE_LABELS, STATE_TONES
from jiebang.core.permissions import Permission
from jiebang.web.access import Level, access, actor, db

from .. import queries
from .blueprint import blueprint


@blueprint.get("/brokering/listings/<code>")
@access(Level.PERMISSION, Permission.INTRODUCE, writes=True)
def listing(code: str) -> str:
    """Hidden fields are here for the organisation's own specialist alone; each look at them is
    logged for the owner."""
    session, who = db(), actor()
    found, owner = queries.served_listing(session, who, code)
    values = storage.read(found)
    shown = []
    hidden = []
    for field in fields_of(found.board):
        value = values.get(field.name)
        rows = list(value or []) if field.type is FieldType.ROWS else []
        text = "" if field.type is FieldType.ROWS else display(field, value)
        closed = not is_open(field, found.disclosure)
        if closed and (rows or text):
            hidden.append(field.label)
        shown.append({"field": field, "rows": rows, "text": text, "closed": closed})
    if hidden:
        threads.log_access(
            session, who, owner.id, found.id, f"不公开栏目：{'、'.join(hidden)}", Looker.SPECIALIST
        )
    return render_template(
        "brokering/listing.html",
        listing=found,
        owner=owner,
        shown=shown,
        hidden=hidden,
        state=(STATE_LABELS[found.state], STATE_TONES[found.state]),
    )

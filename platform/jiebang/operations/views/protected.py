"""An operator opens what a listing hides: with a reason, logged, and told to the owner."""

from __future__ import annotations

from flask import render_template, request

from jiebang.boards import queries as boards
from jiebang.boards.models import Listing
from jiebang.boards.threads import services as threads
from jiebang.boards.threads.services.looking import LONGEST, SHORTEST
from jiebang.boards.views.material import Material, behind, labels
from jiebang.core.errors import Invalid
from jiebang.core.permissions import Permission
from jiebang.web.access import Level, access, actor, db

from .blueprint import blueprint


@blueprint.get("/operations/review/<code>/protected")
@access(Level.PERMISSION, Permission.LISTING_REVIEW)
def protected(code: str) -> str:
    """Asks for the reason."""
    listing = boards.for_review(db(), code)
    return _page(listing, behind(listing, protected=True), "", {}, opened=False)


@blueprint.post("/operations/review/<code>/protected")
@access(Level.PERMISSION, Permission.LISTING_REVIEW)
def open_protected(code: str) -> str | tuple[str, int]:
    """Shows it once, in the answer to the reason itself: no address leads there again."""
    session, who = db(), actor()
    listing = boards.for_review(session, code)
    found = behind(listing, protected=True)
    reason = request.form.get("reason", "")
    try:
        threads.open_for_platform(session, who, listing, labels(found), reason)
    except Invalid as error:
        return _page(listing, found, reason, error.errors, opened=False), 422
    return _page(listing, found, reason, {}, opened=True)


def _page(
    listing: Listing, found: Material, reason: str, errors: dict[str, str], *, opened: bool
) -> str:
    return render_template(
        "operations/protected.html",
        listing=listing,
        names=labels(found),
        sealed=found.hidden,
        material=found if opened else None,
        reason=reason,
        error=errors.get("reason", ""),
        limits=(SHORTEST, LONGEST),
    )

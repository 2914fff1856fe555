"""An operator opens what a listing hides: with a reason, logged, and told to the owner."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from jiebang.boards import queries as boards
from jiebang.boards.models import Disclosure, Listing
from jiebang.boards.services import attachments
from jiebang.boards.threads import services as threads
from jiebang.boards.threads.services.looking import LONGEST, SHORTEST
from jiebang.boards.views.material import Material, behind, labels
from jiebang.core.errors import Invalid, NotFound
from jiebang.core.permissions import Permission
from jiebang.core.uploads import MEDIA_TYPES, Upload
from jiebang.web import files
from jiebang.web.access import Level, access, actor, db
from jiebang.web.current import platform

from .blueprint import blueprint

KINDS = {media: kind.value.upper() for kind, media in MEDIA_TYPES.items()}


@dataclass(frozen=True, slots=True)
class HiddenFile:
    """A file as it stands on the page before its reason: its name may say what it protects."""

    id: int
    kind: str
    size: int
    """Bytes."""


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


@blueprint.post("/operations/review/<code>/protected/files/<int:attachment_id>")
@access(Level.PERMISSION, Permission.LISTING_REVIEW)
def open_protected_file(code: str, attachment_id: int) -> tuple[str, int] | Response:
    """One hidden file, in the answer to its own reason."""
    session, who = db(), actor()
    listing = boards.for_review(session, code)
    upload = hidden_files(session, listing).get(attachment_id)
    if upload is None:
        raise NotFound
    reason = request.form.get("reason", "")
    try:
        threads.open_file_for_platform(session, who, listing, upload.original_name, reason)
    except Invalid as error:
        found = behind(listing, protected=True)
        return _page(listing, found, reason, error.errors, opened=False), 422
    return files.serve(upload, platform().settings.uploads)


def hidden_files(session: Session, listing: Listing) -> dict[int, Upload]:
    """The files that the board's readers do not get: kept by the owner, or behind the agreement."""
    return {
        attachment.id: upload
        for attachment, upload in attachments.of_listing(session, listing, hidden_too=True)
        if attachment.protected or listing.disclosure is Disclosure.AGREEMENT
    }


def _page(
    listing: Listing, found: Material, reason: str, errors: dict[str, str], *, opened: bool
) -> str:
    return render_template(
        "operations/protected.html",
        listing=listing,
        names=labels(found),
        sealed=found.hidden,
        material=found if opened else None,
        files=[
            HiddenFile(key, KINDS.get(upload.media_type, "文件"), upload.size)
            for key, upload in hidden_files(db(), listing).items()
        ],
        reason=reason,
        error=errors.get("reason", ""),
        limits=(SHORTEST, LONGEST),
    )

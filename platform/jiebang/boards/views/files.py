"""Files of a listing: added by its owner, handed out to those who may read the listing."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from jiebang.core.errors import Invalid, NotFound
from jiebang.core.uploads import Received
from jiebang.web import files
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform

from .. import queries
from ..models import Disclosure
from ..services import attachments
from .blueprint import blueprint


@blueprint.post("/listings/<code>/attachments")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def attach(code: str) -> Response:
    """Adds a file to one's own listing."""
    session, who = db(), actor()
    listing = queries.owned(session, code, who)
    chosen = request.files.get("file")
    settings = platform().settings
    try:
        if chosen is None or not chosen.filename:
            raise Invalid({"file": "请先选择文件。"})
        attachments.attach(
            session,
            who,
            listing,
            Received(chosen.stream, chosen.filename),  # type: ignore[arg-type]
            folder=settings.uploads,
            limit=settings.upload_limit,
            protected="protected" in request.form,
        )
    except Invalid as error:
        flash(str(error), "error")
    else:
        flash("附件已添加。", "success")
    return redirect(url_for("boards.listing", code=code, _anchor="files"), 303)


@blueprint.post("/listings/<code>/attachments/<int:attachment_id>/remove")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def detach(code: str, attachment_id: int) -> Response:
    """Takes a file off one's own listing."""
    session, who = db(), actor()
    attachments.detach(session, who, queries.owned(session, code, who), attachment_id)
    flash("附件已移除。", "success")
    return redirect(url_for("boards.listing", code=code, _anchor="files"), 303)


@blueprint.get("/listings/<code>/attachments/<int:attachment_id>")
@access(Level.ANYONE, tenancy=Tenancy.VIEWER)
def download(code: str, attachment_id: int) -> Response:
    """A file of a listing, to whoever may read it."""
    session, who = db(), actor()
    listing, _ = queries.readable(session, code, who)
    mine = listing.belongs_to(who)
    if not mine and listing.disclosure is Disclosure.AGREEMENT:
        raise NotFound
    for attachment, upload in attachments.of_listing(session, listing, hidden_too=mine):
        if attachment.id == attachment_id:
            return files.serve(upload, platform().settings.uploads)
    raise NotFound

"""Files that come in with requests, and the checked way out."""

from __future__ import annotations

from flask import request
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from jiebang.core import audit, uploads
from jiebang.core.errors import Invalid
from jiebang.core.uploads import Received, Upload, UploadRefused
from jiebang.web import files
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform

from .. import queries
from .blueprint import blueprint


def given(name: str) -> FileStorage | None:
    """The file chosen in a form, if one was."""
    found = request.files.get(name)
    return found if found is not None and found.filename else None


def receive(name: str, purpose: str, organisation_id: int | None, missing: str) -> Upload:
    """Keeps the file of a form field; Invalid under the field's name says why not."""
    chosen = given(name)
    if chosen is None:
        raise Invalid({name: missing})
    settings = platform().settings
    try:
        return uploads.store(
            db(),
            actor(),
            Received(chosen.stream, chosen.filename or ""),  # type: ignore[arg-type]
            folder=settings.uploads,
            limit=settings.upload_limit,
            purpose=purpose,
            organisation_id=organisation_id,
        )
    except UploadRefused as refusal:
        raise Invalid({name: refusal.message}) from None


@blueprint.get("/organisations/papers/<int:upload_id>")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER, writes=True)
def paper(upload_id: int) -> Response:
    """A paper as a download; every look is in the audit."""
    session, who = db(), actor()
    found = queries.paper(session, who, upload_id)
    audit.record(
        session, who, "paper.read", "upload", found.id,
        organisation_id=found.organisation_id, purpose=found.purpose,
    )  # fmt: skip
    return files.serve(found, platform().settings.uploads)

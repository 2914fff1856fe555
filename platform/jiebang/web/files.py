"""Private files on their way out: as a download, never shown in the page's origin, never cached."""

from __future__ import annotations

from pathlib import Path

from flask import send_file
from werkzeug.wrappers import Response

from jiebang.core import uploads
from jiebang.core.uploads import Upload


def serve(upload: Upload, folder: Path) -> Response:
    """A kept file as an attachment under its own (RFC 5987) name; the caller checked access."""
    response = send_file(
        uploads.existing_path(folder, upload),
        mimetype=upload.media_type,
        as_attachment=True,
        download_name=upload.original_name,
        conditional=False,
        etag=False,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response

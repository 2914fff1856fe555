"""Styles, scripts and pictures under addresses that change with their content.

Browsers may then keep them: a page costs one request instead of a dozen, which is felt on a
telephone. An address without a stamp, or with an old one, is still answered, but asked for again.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

KEPT = "public, max-age=31536000, immutable"


@lru_cache(maxsize=256)
def _digest(path: Path, _changed_at: int) -> str:
    return sha256(path.read_bytes()).hexdigest()[:10]


def stamp(app: Flask, filename: str) -> str | None:
    """The stamp of one file as it is now; None for what is not there."""
    path = Path(app.static_folder or "") / filename
    try:
        return _digest(path, path.stat().st_mtime_ns)
    except OSError:
        return None


def install(app: Flask) -> None:
    """Stamps every address of a static file and lets stamped answers be kept."""

    @app.url_defaults
    def _add(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "v" not in values:
            values["v"] = stamp(app, values["filename"])

    @app.after_request
    def _keep(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code == 200:
            given = request.args.get("v")
            if given and given == stamp(app, (request.view_args or {})["filename"]):
                response.headers["Cache-Control"] = KEPT
        return response

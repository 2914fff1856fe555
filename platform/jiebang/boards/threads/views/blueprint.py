"""The blueprint that the threads' views hang on."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("threads", __name__, template_folder="../templates")

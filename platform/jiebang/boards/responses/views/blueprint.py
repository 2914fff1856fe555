"""The blueprint that the responses' views hang on."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("responses", __name__, template_folder="../templates")

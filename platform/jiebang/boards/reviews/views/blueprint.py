"""The blueprint that the reviews' views hang on."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("reviews", __name__, template_folder="../templates")

"""The blueprint that all of the boards' views hang on."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("boards", __name__, template_folder="../templates")

"""The blueprint that the operator's views hang on."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("operations", __name__, template_folder="../templates")

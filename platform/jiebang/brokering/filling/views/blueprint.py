"""The blueprint that the fillings' views hang on."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("filling", __name__, template_folder="../templates")

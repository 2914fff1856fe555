"""The blueprint that the publicities' views hang on."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("publicity", __name__, template_folder="../templates")

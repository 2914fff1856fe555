"""The blueprint that brokering's views hang on."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("brokering", __name__, template_folder="../templates")

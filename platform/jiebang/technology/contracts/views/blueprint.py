"""The blueprint that the agreements' views hang on."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("contracts", __name__, template_folder="../templates")

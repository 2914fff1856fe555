"""The blueprint that the projects' views hang on."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("projects", __name__, template_folder="../templates")

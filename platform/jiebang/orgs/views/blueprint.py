"""The blueprint that the pages of organisations hang on."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("orgs", __name__, template_folder="../templates")

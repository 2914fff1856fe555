"""The blueprint that the registrations' views hang on."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("registration", __name__, template_folder="../templates")

"""The blueprint that the pages of grant rules hang on."""

from __future__ import annotations

from flask import Blueprint

from jiebang.core.permissions import Permission

blueprint = Blueprint("grants", __name__, template_folder="../templates")
MANAGE = Permission.GRANTS_MANAGE

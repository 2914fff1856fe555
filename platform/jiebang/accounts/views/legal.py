"""用户协议 and 个人信息保护说明."""

from __future__ import annotations

from email.utils import parseaddr

from flask import render_template

from jiebang.web.access import Level, access
from jiebang.web.current import platform

from ..legal import CONSENT_VERSION
from .blueprint import blueprint


@blueprint.get("/privacy")
@access(Level.ANYONE)
def privacy() -> str:
    """What is kept about people, why, how long, and what they can ask for."""
    return render_template("accounts/privacy.html", version=CONSENT_VERSION, contact=_contact())


@blueprint.get("/terms")
@access(Level.ANYONE)
def terms() -> str:
    """The rules of the platform."""
    return render_template("accounts/terms.html", version=CONSENT_VERSION, contact=_contact())


def _contact() -> str:
    """Where people write to; "" while the operator has set no address that can be reached."""
    address = parseaddr(platform().settings.mail_from)[1]
    return "" if address.rpartition("@")[2] in ("", "localhost") else address

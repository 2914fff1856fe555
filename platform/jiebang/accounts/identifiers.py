"""The names people sign in with: an e-mail address or a mainland mobile number."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_PHONE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
)
EMAIL_LIMIT = 254


@dataclass(frozen=True, slots=True)
class Identifier:
    """A readable sign-in name in the form the database keeps; exactly one of the two is set."""

    email: str | None = None
    phone: str | None = None

    @property
    def text(self) -> str:
        return self.email or self.phone or ""


def parse(text: str) -> Identifier | None:
    """Reads what somebody typed: full-width letters, +86, blanks and dashes are accepted."""
    clean = unicodedata.normalize("NFKC", text).strip().lower()
    if "@" in clean:
        fits = len(clean) <= EMAIL_LIMIT and _EMAIL.fullmatch(clean)
        return Identifier(email=clean) if fits else None
    digits = re.sub(r"[\s-]", "", clean)
    digits = digits.removeprefix("+86") if digits.startswith("+86") else digits
    return Identifier(phone=digits) if _PHONE.fullmatch(digits) else None


def masked(email: str | None, phone: str | None) -> str:
    """Enough to recognise oneself by, too little to copy: li***@example.com, 138****5678."""
    if phone:
        return f"{phone[:3]}****{phone[-4:]}"
    name, _, domain = (email or "").partition("@")
    return f"{name[:2]}***@{domain}"

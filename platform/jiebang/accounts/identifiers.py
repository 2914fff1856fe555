"""What people sign in with: an e-mail address or a mainland mobile number."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
)
_PHONE = re.compile(r"1[3-9][0-9]{9}")
_PREFIX = re.compile(r"^(?:\+|00)?86(?=1[3-9])")
MESSAGE = "请填写邮箱（如 name@example.com）或 11 位手机号。"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A normalised sign-in name; exactly one of the two is set."""

    email: str | None = None
    phone: str | None = None

    @property
    def value(self) -> str:
        return self.email or self.phone or ""


def email(text: str) -> str | None:
    """A lower-case e-mail address, or None when it is not one."""
    value = unicodedata.normalize("NFKC", text).strip().lower()
    return value if len(value) <= 254 and _EMAIL.fullmatch(value) else None


def phone(text: str) -> str | None:
    """11 digits, without blanks, hyphens and +86; None when it is not a mobile number."""
    value = re.sub(r"[\s\-()]", "", unicodedata.normalize("NFKC", text))
    value = _PREFIX.sub("", value)
    return value if _PHONE.fullmatch(value) else None


def parse(text: str) -> Identifier | None:
    """Whichever of the two it is; None when it is neither."""
    if number := phone(text):
        return Identifier(phone=number)
    if address := email(text):
        return Identifier(email=address)
    return None


def masked(value: str) -> str:
    """138****5678, z***@example.com: enough to know one's own."""
    if "@" in value:
        name, _, domain = value.partition("@")
        return f"{name[:1]}***@{domain}"
    return f"{value[:3]}****{value[-4:]}"

"""Random tokens: the holder has the token, the database only its hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_token() -> str:
    """256 random bits, safe in addresses."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the database keeps; the token is random, so a plain SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def keyed_hash(text: str, secret: bytes) -> str:
    """A name for something that can be guessed (an address, a telephone number), by which nobody
    without the key finds it."""
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()

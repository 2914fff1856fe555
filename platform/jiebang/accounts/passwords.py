"""Passwords: hashed with argon2id, judged by one policy (ASVS 5.0, chapter 6.2)."""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from .demo import DEMO_PASSWORD

SHORTEST = 10
LONGEST = 128
RULE = "至少 10 个字符；不能是常见密码，也不能包含您的邮箱或手机号。"
COMMON = Path(__file__).resolve().parent / "data" / "common_passwords.txt"


@dataclass
class _Hashing:
    hasher: PasswordHasher


# OWASP's second recommendation: 19 MiB a hash, so that eight threads stay below 160 MiB
_hashing = _Hashing(PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1))
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz")


def use(hasher: PasswordHasher) -> None:
    """Replaces argon2's parameters, for tests that would otherwise wait for it."""
    _hashing.hasher = hasher
    _dummy.cache_clear()
    _demo.cache_clear()


def prepare() -> None:
    """Makes the hash that unknown names are checked against, before the first one is tried."""
    _dummy()


def hashed(password: str) -> str:
    """The argon2id hash with its parameters and salt."""
    if password == DEMO_PASSWORD:  # sixty accounts may share it
        return _demo()
    return _hashing.hasher.hash(_normal(password))


def verify(stored: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed.

    For an unknown person (None) a dummy is checked, so that the answer takes the same time.
    """
    try:
        return _hashing.hasher.verify(stored or _dummy(), _normal(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hashing.hasher.check_needs_rehash(stored)


def problem(password: str, *own: str | None) -> str | None:
    """Why a new password is not accepted, in Chinese; None when it is. `own`: e-mail, phone."""
    text = _normal(password)
    if len(text) < SHORTEST:
        return f"密码太短：请至少用 {SHORTEST} 个字符，可以是几个词连成的短语。"
    if len(text) > LONGEST:
        return f"密码太长：最多 {LONGEST} 个字符。"
    folded = text.casefold()
    for part in filter(None, own):
        name = part.partition("@")[0].casefold()
        if part.casefold() in folded or (len(name) >= 4 and name in folded):
            return "密码里包含您的邮箱或手机号，请换一个。"
    if folded == DEMO_PASSWORD or folded in common() or _is_pattern(folded):
        return "这个密码太常见，容易被猜到，请换一个。"
    return None


@cache
def common() -> frozenset[str]:
    """Passwords that are tried first by whoever tries."""
    lines = COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line and not line.startswith("#"))


def _is_pattern(text: str) -> bool:
    """Few different characters, a repeated piece, or keys in a row."""
    if len(set(text)) < 4 or re.fullmatch(r"(.{1,4})\1+", text):
        return True
    return any(text in row * 3 or text in row[::-1] * 3 for row in _ROWS)


@cache
def _demo() -> str:
    return _hashing.hasher.hash(DEMO_PASSWORD)


@cache
def _dummy() -> str:
    return _hashing.hasher.hash(secrets.token_hex(16))


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)

"""Passwords: argon2id, and the few rules that help more than they annoy."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from .demo import DEMO_PASSWORD

SHORTEST, LONGEST = 10, 128
COMMON = frozenset(
    {
        "1234567890", "0123456789", "12345678910", "123456789a", "a123456789", "1q2w3e4r5t",
        "1qaz2wsx3edc", "qwertyuiop", "qwerty1234", "qwerty12345", "asdfghjkl;", "abcd123456",
        "abc1234567", "abcdefghij", "aa12345678", "password12", "password123", "password1234",
        "passw0rd123", "admin12345", "admin123456", "admin@123456", "root123456", "test123456",
        "woaini1314", "woaini520520", "5201314520", "1314520520", "iloveyou123", "9876543210",
        "0987654321", "1122334455", "q1w2e3r4t5", "zxcvbnm123", "jiebang123", "jiebang2026",
        "welcome123", "huawei12345", "china12345", "p@ssw0rd123",
    }
)  # fmt: skip


@dataclass
class _Hashing:
    hasher: PasswordHasher


_current = _Hashing(PasswordHasher())


def use(hasher: PasswordHasher) -> None:
    """Replaces the parameters of argon2, for tests that would otherwise wait for it."""
    _current.hasher = hasher
    _demo_hash.cache_clear()
    _nobody.cache_clear()


def hashed(password: str) -> str:
    """The hash to keep."""
    if password == DEMO_PASSWORD:
        return _demo_hash()
    return _current.hasher.hash(_plain(password))


def fits(stored: str | None, password: str) -> bool:
    """Whether the password is the one behind a hash.

    Without a hash (nobody has that name) it takes the same time and answers False.
    """
    try:
        right = _current.hasher.verify(stored or _nobody(), _plain(password))
    except (VerificationError, InvalidHashError):
        return False
    return right and stored is not None


def outdated(stored: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return _current.hasher.check_needs_rehash(stored)


def prepare() -> None:
    """Makes the hash that unknown names are checked against, before the first one is tried."""
    _nobody()


def problem(password: str, *names: str | None) -> str | None:
    """What is wrong with a new password, in a sentence; `names` are the person's sign-in names."""
    plain = _plain(password)
    lower = plain.lower()
    if len(plain) < SHORTEST:
        return f"密码至少 {SHORTEST} 个字符，请加长；几个不相干的词连起来既好记又安全。"
    if len(plain) > LONGEST:
        return f"密码最多 {LONGEST} 个字符，请缩短。"
    if lower in COMMON or len(set(lower)) < 4 or plain == DEMO_PASSWORD:
        return "这个密码太常见，容易被猜中，请换一个。"
    for name in names:
        part = (name or "").partition("@")[0].lower()
        if len(part) >= 4 and part in lower:
            return "密码里不能包含您的邮箱名或手机号，请换一个。"
    return None


def _plain(password: str) -> str:
    return unicodedata.normalize("NFC", password)


@cache
def _demo_hash() -> str:
    return _current.hasher.hash(DEMO_PASSWORD)


@cache
def _nobody() -> str:
    return _current.hasher.hash("nobody has this password")

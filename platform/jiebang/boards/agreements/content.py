"""What a version says, as plain values: the same JSON makes the hash, the pages and the PDF."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

Content = dict[str, Any]
"""Strings, integers, lists and objects of them; `total` (fen) and `instalments` are everybody's,
the rest is its line's."""


def canonical(content: Mapping[str, Any]) -> str:
    """One text for one content, whatever the order of its keys: sorted, without blanks."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON in UTF-8, in hexadecimal."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def pending(parties: Sequence[Any], confirmations: Sequence[Any]) -> list[Any]:
    """The parties whose word a version lacks."""
    given = {each.organisation_id for each in confirmations if each.voided_at is None}
    return [each for each in parties if each.organisation_id not in given]

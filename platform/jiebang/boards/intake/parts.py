"""The sub-problems of a need, as its open text names them: its indicators, then its sentences."""

from __future__ import annotations

import re

from .. import storage
from ..documents import is_open
from ..fields import fields_of
from ..models import Listing

SENTENCES = ("problem", "summary")
"""Fields whose sentences are sub-problems: the first of them that says anything. The present state
is none: it tells what is there."""
SHORTEST, LONGEST = 8, 120
_BREAK = re.compile(r"[。！？；;\n]+|(?=[（(]\d+[）)])|(?<=[。；\s])(?=\d+[.、．])")
_NUMBER = re.compile(r"^\s*(?:[（(]?\d+[）).、．]|[一二三四五六七八九十]、|[-•·●])\s*")


def parts(listing: Listing) -> list[str]:
    """Sub-problems in the order of the text, each once. Hidden fields are not read, whoever asks:
    what is compared with others' listings must be open to them."""
    values = storage.read(listing)
    opened = {
        field.name for field in fields_of(listing.board) if is_open(field, listing.disclosure)
    }
    found: list[str] = []
    if "indicators" in opened:
        found += [
            " ".join(filter(None, (row["name"], row["comparator"], row["value"], row["unit"])))
            for row in values.get("indicators") or []
        ]
    for name in SENTENCES:
        if name not in opened:
            continue
        for sentence in _BREAK.split(str(values.get(name) or "")):
            text = _NUMBER.sub("", sentence).strip(" ，,：:")
            if SHORTEST <= len(text) <= LONGEST and not any(text in each for each in found):
                found.append(text)
        if str(values.get(name) or "").strip():
            break
    return list(dict.fromkeys(found))

"""Rows for segments that have no row of their own.

A static embedding has room for some twenty thousand segments, and needs and outcomes are full of
others: designations, names of substances, pairs of characters. Dropping them loses what tells
two texts apart most, so each of them shares two rows out of some thousands with others, chosen by
a hash of the segment (Tito Svenstrup, Hansen & Winther 2017, "Hash Embeddings": two rows a word,
so that two words rarely share both). In the model's vocabulary these rows are called `§0`, `§1`, …

The hash is CRC-32 of the UTF-8 bytes, which every language has: a model folder can be used
without this program.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

MARK = "§"  # first character of a bucket's name; no segment begins with it
_SPREAD = 2654435761  # Knuth's multiplicative hash makes the second choice of the first's rest


def places(segment: str, count: int) -> tuple[int, int]:
    """The two buckets of a segment among `count`, each 0..count - 1; they may be the same."""
    return of_hash(crc32(segment.encode()), count)


def of_hash(value: Any, count: int) -> tuple[Any, Any]:
    """The same by the hash of a segment, or by an array of several (uint64)."""
    return value % count, ((value // count * _SPREAD) >> 7) % count


def names(count: int) -> list[str]:
    """What the buckets are called in a vocabulary."""
    return [f"{MARK}{number}" for number in range(count)]


def counted(vocabulary: dict[str, int]) -> tuple[int, int]:
    """(row of bucket 0, number of buckets) of a vocabulary; (0, 0) without any.

    Raises ValueError when the buckets do not stand in order, one row after the other.
    """
    first = vocabulary.get(MARK + "0")
    if first is None:
        return 0, 0
    count = 0
    while vocabulary.get(f"{MARK}{count}") == first + count:
        count += 1
    if sum(word[:1] == MARK and len(word) > 1 for word in vocabulary) != count:
        raise ValueError("桶的行号不连续")
    return first, count

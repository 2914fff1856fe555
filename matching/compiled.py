"""A dictionary packed for cutting: small, quick to load, and quick to ask.

A Python dictionary of 350,000 words takes 70 MB and more; most of what a text asks of it are
words of one and two characters. So these stay in a dictionary, with the third characters that can
follow each pair, and only where one of them does follow is a trie (`marisa-trie`) of the longer
words asked.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import marisa_trie
import numpy as np
from numpy.typing import NDArray

from indexes import archive

_FORMAT = 1


class CompiledInvalid(ValueError):
    """The file is no packed dictionary of this version, or was cut off."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A packed dictionary and the sum of its counts."""

    short: Mapping[str, float]
    """Words of one and two characters with the logarithm of their share."""
    thirds: Mapping[str, str]
    """Pairs of characters that longer words begin with, and every character that may be next."""
    trie: Any
    """The longer words (`marisa_trie.Trie`), numbered."""
    longer: array[float]
    """The logarithms of the shares of the longer words, by number."""
    longest: int
    """Characters of the longest word."""
    unknown: float
    """The logarithm for a character that is no word."""
    source: str
    """What it was made from."""


def pack(frequencies: Mapping[str, int], total: int, source: str = "") -> bytes:
    """The words with their counts as the bytes of a file; `total` is what shares are taken of,
    `source` tells from what the file was made."""
    longer = [word for word in frequencies if len(word) > 2]
    trie = marisa_trie.Trie(longer)
    counts = np.zeros(len(longer), np.int32)
    thirds: dict[str, set[str]] = {}
    for word in longer:
        counts[trie.key_id(word)] = frequencies[word]
        thirds.setdefault(word[:2], set()).add(word[2])
    short = {word: count for word, count in frequencies.items() if len(word) <= 2}
    pairs = sorted(thirds, key=lambda pair: pair not in short)  # first those that are words too
    short = {**{pair: short[pair] for pair in pairs if pair in short}, **short}
    arrays: dict[str, NDArray[Any]] = {
        "about": np.asarray([_FORMAT, total, max(map(len, frequencies))], np.int64),
        "short": _text(short),
        "short_counts": np.asarray(list(short.values()), np.int32),
        "begun": np.asarray([sum(pair in short for pair in pairs)], np.int64),
        "pairs": _text(pair for pair in pairs if pair not in short),
        "thirds": _text("".join(sorted(thirds[pair])) for pair in pairs),
        "trie": np.frombuffer(trie.tobytes(), np.uint8),
        "longer": counts,
        "source": archive.text(source),
    }
    return archive.pack(arrays)


def unpack(content: bytes) -> Compiled:
    """What `pack` made; raises CompiledInvalid."""
    try:
        arrays = archive.unpack(content)
        form, total, longest = arrays["about"].tolist()
        if form != _FORMAT:
            raise CompiledInvalid("词典文件不是本版本的。")
        short = _words(arrays["short"])
        # a pair that is a word too is one object in both, and so is a character that ends many
        pairs = [*short[: int(arrays["begun"][0])], *_words(arrays["pairs"])]
        single: dict[str, str] = {}
        thirds = [single.setdefault(one, one) for one in _words(arrays["thirds"])]
        logs = _logarithms((arrays["short_counts"], arrays["longer"]), total)
        trie = marisa_trie.Trie()
        trie.frombytes(arrays["trie"].tobytes())
        if len(trie) != len(arrays["longer"]):
            raise CompiledInvalid("词典文件的长度对不上。")
        values = map(logs.__getitem__, arrays["short_counts"].tolist())
        longer = array("d", map(logs.__getitem__, arrays["longer"].tolist()))
        return Compiled(
            dict(zip(short, values, strict=True)),
            dict(zip(pairs, thirds, strict=True)),
            trie,
            longer,
            longest,
            -math.log(total),
            archive.plain(arrays["source"]),
        )
    except (KeyError, ValueError, RuntimeError) as error:
        raise CompiledInvalid(f"词典文件读不出来：{error}") from error


def read(path: Path) -> Compiled:
    """A file of `pack`; raises CompiledInvalid."""
    try:
        return unpack(path.read_bytes())
    except OSError as error:
        raise CompiledInvalid(f"词典文件读不出来：{error}") from error


def _logarithms(counts: Iterable[NDArray[np.int32]], total: int) -> dict[int, float]:
    """One object for each count: most words share theirs with thousands of others."""
    log_total = math.log(total)
    distinct = np.unique(np.concatenate(list(counts))).tolist()
    return {count: math.log(count or 1) - log_total for count in distinct}


def _text(words: Iterable[str]) -> NDArray[np.uint8]:
    return archive.text("\n".join(words))


def _words(content: NDArray[np.uint8]) -> list[str]:
    text = archive.plain(content)
    return text.split("\n") if text else []

"""Words of one field drawn together: `jiebang train --merge … --related matching/data/related.txt`.

A model learns what it reads, and research papers say little of lifts, fabrics and bottling lines.
`data/related.txt` is of our own writing: lines of words that people of one trade use together. Such
a word gets a row of its own where it had none, in place of a rare pair of characters, and every
word is moved towards the mean of those it stands with (retrofitting, Faruqui et al. 2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matching import buckets
from matching.encoder import StaticEncoder
from matching.lexicon import TERMS, default_lexicon
from matching.text import segment

RELATED = TERMS.with_name("related.txt")
# How much the mean of its fellows counts beside a word's own vector. 1, 2 and 3 give the product
# 0.770, 0.771 and 0.773 on the own graded set (mean over four models), no groups 0.759.
PULL = 2.0
_ROUNDS = 5  # after these the vectors move by less than a hundredth of their length

Rows = NDArray[np.float32]


def read_groups(path: Path) -> list[list[str]]:
    """The lines of a file of word groups, as they are segmented; lines with # are remarks.

    Raises ValueError naming the line that has fewer than two words.
    """
    groups = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = list(dict.fromkeys(line.split()))
        if not words or words[0].startswith("#"):
            continue
        if len(words) < 2:
            raise ValueError(f"{path.name} 第 {number} 行：一组至少要有两个词。")
        groups.append(words)
    return groups


def drawn_together(
    names: Sequence[str], rows: Rows, groups: Sequence[Sequence[str]]
) -> tuple[list[str], Rows]:
    """Names and rows (row 0 has no name) of a model after the words of each group met."""
    names, rows = _with_rows(names, rows, groups)
    number = {name: place for place, name in enumerate(names, 1)}
    fellows: dict[int, set[int]] = {}
    for group in groups:
        known = {number[word] for word in group if word in number}
        for place in known:
            fellows.setdefault(place, set()).update(known - {place})
    lists = {place: sorted(others) for place, others in fellows.items() if others}
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    own = rows / lengths
    now = own.copy()
    for _ in range(_ROUNDS):
        moved = now.copy()
        for place, others in lists.items():
            vector = own[place] + PULL * now[others].mean(axis=0)
            moved[place] = vector / max(float(np.linalg.norm(vector)), 1e-9)
        now = moved
    return list(names), np.asarray(now * lengths, np.float32)


def _with_rows(
    names: Sequence[str], rows: Rows, groups: Sequence[Sequence[str]]
) -> tuple[list[str], Rows]:
    """Gives the groups' words rows, those of the last (rarest) pairs of characters that are no
    words: what they say, words and their neighbouring pairs say as well.

    A new row begins as what the word's parts mean, with the length that half of the rows have.
    Words that the segmentation would take apart need none.
    """
    model = StaticEncoder({name: n for n, name in enumerate(names, 1)} | {"": 0}, rows, "")
    grouped = dict.fromkeys(word for group in groups for word in group)
    missing = [w for w in grouped if w not in model.vocabulary and segment(w)[:1] == [w]]
    first, _ = buckets.counted(model.vocabulary)
    last = (first or len(names) + 1) - 1
    lexicon = default_lexicon()
    pairs = [n for n in range(last, 0, -1) if len(names[n - 1]) == 2]
    spare = (n for n in pairs if names[n - 1] not in lexicon and not names[n - 1].isascii())
    free = [n for n in spare if names[n - 1] not in grouped]
    missing = missing[: len(free) // 2]  # a small model keeps most of its own
    length = float(np.median(np.linalg.norm(rows[1 : last + 1], axis=1)))
    parts = model.encode([segment(word) for word in missing])
    found, changed = list(names), rows.copy()
    for word, place, vector in zip(missing, free, parts, strict=False):
        found[place - 1] = word
        changed[place] = vector * length
    return found, changed

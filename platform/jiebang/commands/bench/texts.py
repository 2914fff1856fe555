"""Listings and queries to measure with: pieces of a folder of papers, or made up from terms.

Nothing of the texts is kept but what a run writes into its own folder.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from itertools import accumulate, chain, count, islice
from pathlib import Path

import click

Text = tuple[str, str]
"""(title, body)"""

_SIZE = 135  # characters of a piece: what listings of the market have in the median
_TITLE = 18  # of these at most for the title
_ROUNDS = (0.0, 0.5, 0.25, 0.75)  # where in a piece the next round over the same papers begins
_BREAK = re.compile(r"[，。；：！？,;:!?\s]")
_LINKS = (
    "的",
    "与",
    "和",
    "及其",
    "在",
    "用于",
    "基于",
    "中的",
    "提高",
    "要求",
    "不低于",
    "，",
    "。",
)


def listings(number: int, corpus: Path | None, seed: int = 7) -> Iterator[Text]:
    """The first `number` texts, the same in every run; fewer when the papers do not give more."""
    source = made_up(seed) if corpus is None else pieces(corpus)
    return islice(source, number)


def pieces(corpus: Path) -> Iterator[Text]:
    """Papers' paragraphs cut into pieces; the next round begins in the middle of the pieces."""
    from matching.training.terms import read_jsonl

    files = sorted([*corpus.glob("*.jsonl"), *corpus.glob("*.jsonl.xz")])
    if not files:
        raise click.BadParameter(f"{corpus} 里没有 *.jsonl 或 *.jsonl.xz", param_hint="--corpus")
    for start in _ROUNDS:
        for record in chain.from_iterable(read_jsonl(file) for file in files):
            texts = [str(part[1]) for part in record.get("paragraphs") or ()]
            texts.append(str(record.get("abstract") or record.get("body") or ""))
            whole = "".join(texts)
            for at in range(int(start * _SIZE), len(whole) - _SIZE // 2, _SIZE):
                yield _titled(whole[at : at + _SIZE])


def _titled(piece: str) -> Text:
    """The first words as a title: up to a break, if there is one in reach."""
    end = next((m.start() for m in _BREAK.finditer(piece) if 6 <= m.start() <= _TITLE), _TITLE)
    return piece[:end], piece[end:].lstrip("，。；：！？,;:!? ")


def made_up(seed: int) -> Iterator[Text]:
    """Endless texts of the project's own terms; as in real texts a few words are very common."""
    from matching.lexicon import read_terms

    words = [word for word, _ in read_terms()]
    rng = random.Random(seed)  # noqa: S311 (sampling)
    rng.shuffle(words)
    weights = list(accumulate(1.0 / (rank + 5) for rank in range(len(words))))
    for number in count():
        chosen = rng.choices(words, cum_weights=weights, k=28)
        title = f"{chosen[0]}{rng.choice(_LINKS[:6])}{chosen[1]}{chosen[2]}"
        body = "".join(f"{word}{rng.choice(_LINKS)}" for word in chosen[3:])
        yield title, f"{body}{rng.randrange(10, 900)}MPa，型号 X{number % 997}。"


def queries(number: int, file: Path | None, seed: int = 99) -> list[Text]:
    """Titles alone and whole needs, in turn; from a file of records, or made up."""
    if file is None:
        found = list(islice(made_up(seed), number))
    else:
        from matching.training.terms import read_jsonl

        records = islice(read_jsonl(file), number)
        found = [
            (str(each.get("title") or ""), str(each.get("body") or each.get("text") or ""))
            for each in records
        ]
        found = [text for text in found if text[0] or text[1]]
    if not found:
        raise click.BadParameter(f"{file} 里没有 title、body 或 text", param_hint="--queries")
    return [text if place % 2 or not text[0] else (text[0], "") for place, text in enumerate(found)]

"""Marks words in a text as written, through the same segmentation the index uses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from matching.pieces import BIGRAM
from matching.simplified import table
from matching.text import fold, normalise, tokens

_HAN_WORD = re.compile("[\u3400-\u9fff\u3005\u3007]+")


def _aligned(text: str) -> tuple[str, list[int]]:
    """Folded text and, per folded character, the place of its source (plus the end).

    A base character is folded together with the combining marks after it.
    """
    pieces: list[str] = []
    places: list[int] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        char = text[start]
        plain = "\u4e00" <= char <= "\u9fff"
        piece = char.translate(table()) if plain else fold(text[start:end])
        pieces.append(piece)
        places += [start] * len(piece)
        start = end
    places.append(len(text))
    return "".join(pieces), places


def highlight(text: str, words: Collection[str]) -> list[tuple[str, bool]]:
    """Pieces of `text` in order, True where one of `words` stands; joined they are `text`.

    Words may be given as shown in an explanation or as written: 120 ℃ is found as 120°c, a
    designation in any of its variants, Latin words only as whole words.
    """
    wanted = {normalise(word).removeprefix(BIGRAM) for word in words} - {""}
    if not wanted or not text:
        return [(text, False)] if text else []
    folded, places = _aligned(text)
    marks = bytearray(len(text))

    def mark(start: int, end: int) -> None:
        first = places[start]
        last = places[end - 1] + 1
        while last < len(text) and (places[end] > last or unicodedata.combining(text[last])):
            last += 1  # marks and characters that folding has dropped belong to their base
        marks[first:last] = b"\1" * (last - first)

    for token in tokens(folded):
        if token.segment in wanted and token.kind != "bigram":
            mark(token.start, token.end)
    for word in wanted:
        if _HAN_WORD.fullmatch(word):
            start = folded.find(word)
            while start >= 0:
                mark(start, start + len(word))
                start = folded.find(word, start + len(word))
    pieces: list[tuple[str, bool]] = []
    begin = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or marks[place] != marks[begin]:
            pieces.append((text[begin:place], bool(marks[begin])))
            begin = place
    return pieces

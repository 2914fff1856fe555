"""One segmentation for the index, the encoder, the explanations and the highlighting.

`segment` gives words, search-mode sub-words, designations with their variants, numbers with
normalised units, and, marked by a leading "~", the character bigrams of Han text that are not
words themselves. Bigrams bring 锂电池 and 锂离子电池 together; they are never shown to people.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from matching import codes, simplified
from matching.lexicon import default_lexicon

BIGRAM = "~"  # first character of a bigram segment; no word segment contains it
HAN = "\u3400-\u9fff\u3005\u3007\U00020000-\U0003ffff"  # NFKC maps the compatibility block here
_TOKEN = re.compile(
    rf"(?P<standard>(?<![a-z0-9]){codes.STANDARD})"
    rf"|(?P<size>(?<![a-z0-9.]){codes.SIZE})"
    rf"|(?P<number>(?<![a-z0-9.]){codes.NUMBER})"
    rf"|(?P<code>{codes.code_pattern(HAN)})"
    rf"|(?P<han>[{HAN}]{{1,400}})"
)
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufe00-\ufe0f]")
_BLANK = re.compile(r"\s+")
_CONTENT = re.compile(r"[^\W_]")
_PLAIN = re.compile("[\u4e00-\u9fff]")  # stays what it is, whatever it is folded to
_SENTENCE = re.compile(r"[^。！？!?；;\n\r]+[。！？!?；;]*")
_CLAUSE = re.compile(r"[^，,、：:]+[，,、：:]*")
# Characters that are nearly always grammar: a bigram with one of them says nothing.
_GRAMMAR = frozenset("的了和与及是在等或而并其该此将被把从且也都很则之以")
_LONG_SENTENCE = 120


class Token(NamedTuple):
    """One segment and where it stands in the folded text (`start`, `end` in characters)."""

    segment: str
    start: int
    end: int
    kind: str  # "word", "sub" (part of a longer word), "code" (Latin, numbers), "bigram"


def unified(text: str) -> str:
    """NFKC, case-folded, without invisible characters; blanks are kept."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _HIDDEN.sub("", folded)


def fold(text: str) -> str:
    """`unified`, and traditional characters as simplified ones."""
    return unified(text).translate(simplified.table())


def normalise(text: str) -> str:
    """Full/half width, case and compatibility forms unified; runs of blanks become one space."""
    return _BLANK.sub(" ", fold(text)).strip()


def has_content(text: str) -> bool:
    """False for text that is only punctuation, blanks or emoji."""
    return _PLAIN.search(text) is not None or _CONTENT.search(fold(text)) is not None


def sentences(text: str) -> list[str]:
    """The sentences of `text` as written; very long ones are split at their commas."""
    found: list[str] = []
    for match in _SENTENCE.finditer(text):
        sentence = match[0].strip()
        if len(sentence) <= _LONG_SENTENCE:
            found.append(sentence)
            continue
        piece = ""
        for clause in _CLAUSE.findall(sentence) or [sentence]:
            for start in range(0, len(clause), _LONG_SENTENCE):
                part = clause[start : start + _LONG_SENTENCE]
                if piece and len(piece) + len(part) > _LONG_SENTENCE:
                    found.append(piece.strip())
                    piece = ""
                piece += part
        found.append(piece.strip())
    return [sentence for sentence in found if has_content(sentence)]


@lru_cache(maxsize=4096)
def _cut(run: str) -> tuple[str, ...]:
    """The words of a run of Han characters: a query is cut for searching and for explaining."""
    return tuple(default_lexicon().cut(run))


@lru_cache(maxsize=65536)
def _inside(word: str) -> tuple[tuple[str, int], ...]:
    """Dictionary words of two and three characters inside `word` (jieba's search mode)."""
    lexicon = default_lexicon()
    found = []
    for length in (2, 3):
        if len(word) > length:
            for start in range(len(word) - length + 1):
                part = word[start : start + length]
                if part in lexicon:
                    found.append((part, start))
    return tuple(found)


def forget() -> None:
    """Cuts everything anew: the dictionary has changed."""
    _cut.cache_clear()
    _inside.cache_clear()


def _han(run: str, base: int) -> Iterator[Token]:
    known = set()  # where a two-character word starts: its bigram would be a repetition
    at = 0
    for word in _cut(run):
        size = len(word)
        yield Token(word, base + at, base + at + size, "word")
        if size == 2:
            known.add(at)
        elif size > 2:
            for part, offset in _inside(word):
                start = at + offset
                if len(part) == 2:
                    known.add(start)
                yield Token(part, base + start, base + start + len(part), "sub")
        at += size
    for start in range(len(run) - 1):
        if start not in known:
            pair = run[start : start + 2]
            if pair[0] not in _GRAMMAR and pair[1] not in _GRAMMAR:
                yield Token(BIGRAM + pair, base + start, base + start + 2, "bigram")


def tokens(folded: str) -> Iterator[Token]:
    """The segments of already folded text, with their places; words of a run before bigrams."""
    for match in _TOKEN.finditer(folded):
        name = match.lastgroup
        start, end = match.span()
        if name == "han":
            yield from _han(match[0], start)
        else:
            forms = _FORMS[name or "code"](match[0])
            for position, form in enumerate(forms):
                yield Token(form, start, end, "sub" if position else "code")


def runs(folded: str) -> Iterator[tuple[bool, Sequence[str]]]:
    """The pieces of already folded text, in order: (True, the words of a run of Han characters)
    or (False, the forms of a designation, number or Latin word, of which the first is shown)."""
    for match in _TOKEN.finditer(folded):
        name = match.lastgroup
        if name == "han":
            yield True, _cut(match[0])
        else:
            yield False, _FORMS[name or "code"](match[0])


def inner_segments(word: str) -> tuple[list[str], list[str]]:
    """(the word and the words inside it, the bigrams inside it) of a word of Han characters."""
    parts = _inside(word)
    known = {start for part, start in parts if len(part) == 2}
    if len(word) == 2:
        known.add(0)
    pairs = (word[at : at + 2] for at in range(len(word) - 1) if at not in known)
    bigrams = [BIGRAM + pair for pair in pairs if not _GRAMMAR & {pair[0], pair[1]}]
    return [word, *(part for part, _ in parts)], bigrams


def bigram_across(left: str, right: str) -> str:
    """The bigram where two neighbouring words meet; empty when it would say nothing."""
    first, second = left[-1], right[0]
    return "" if first in _GRAMMAR or second in _GRAMMAR else BIGRAM + first + second


_FORMS = {
    "standard": codes.standard,
    "size": codes.size,
    "number": codes.number,
    "code": codes.code,
}


def _han_segments(run: str) -> list[str]:
    """What `_han` yields, without the places: twice as fast, and most of all work is here."""
    found: list[str] = []
    known = set()
    at = 0
    for word in _cut(run):
        size = len(word)
        found.append(word)
        if size == 2:
            known.add(at)
        elif size > 2:
            for part, offset in _inside(word):
                found.append(part)
                if len(part) == 2:
                    known.add(at + offset)
        at += size
    for start in range(len(run) - 1):
        if start not in known:
            first, second = run[start], run[start + 1]
            if first not in _GRAMMAR and second not in _GRAMMAR:
                found.append(BIGRAM + first + second)
    return found


def segment(text: str) -> list[str]:
    """The segments of `text`: words, sub-words, designations and, after "~", bigrams."""
    found: list[str] = []
    for match in _TOKEN.finditer(normalise(text)):
        name = match.lastgroup
        found += _han_segments(match[0]) if name == "han" else _FORMS[name or "code"](match[0])
    return found


def words(text: str) -> list[str]:
    """Only what a person would call the words of `text`, in order (no parts, no bigrams)."""
    return [t.segment for t in tokens(normalise(text)) if t.kind in ("word", "code")]

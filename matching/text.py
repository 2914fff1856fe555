"""One segmentation for the index, the encoder, the explanations and the highlighting.

`segment` gives words, search-mode sub-words, designations with their variants, numbers with
normalised units, and, marked by a leading "~", the character bigrams of Han text that are not
words themselves. Bigrams bring 锂电池 and 锂离子电池 together; they are never shown to people.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching import codes, simplified
from matching.lexicon import default_lexicon
from matching.pieces import BIGRAM, Places, across, pieces, short_segments

HAN = "\u3400-\u9fff\u3005\u3007\U00020000-\U0003ffff"  # NFKC maps the compatibility block here
_TOKEN = re.compile(
    rf"(?P<han>[{HAN}]{{1,400}})"  # first, as most are; nothing else begins with such a character
    rf"|(?P<standard>(?=[a-z])(?<![a-z0-9]){codes.STANDARD})"
    rf"|(?P<size>(?<![a-z0-9.]){codes.SIZE})"
    rf"|(?P<number>(?<![a-z0-9.]){codes.NUMBER})"
    rf"|(?P<code>{codes.code_pattern(HAN)})"
)
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufe00-\ufe0f]")
_WIDE = [(wide, unicodedata.normalize("NFKC", wide)) for wide in "，（）：；！？"]
# what stays as it is; most sentences hold nothing else
_UNCHANGED = re.compile("[\u4e00-\u9fff\n -@\\[-~。、“”《》【】·—]*")
_CONTENT = re.compile(r"[^\W_]")
_PLAIN = re.compile("[\u4e00-\u9fff]")  # stays what it is, whatever it is folded to
_SENTENCE = re.compile(r"[^。！？!?；;\n\r]+[。！？!?；;]*")
_CLAUSE = re.compile(r"[^，,、：:]+[，,、：:]*")
_LONG_SENTENCE = 120
_SHORT = 400  # Han characters up to which plain Python cuts quicker than numpy
_TOGETHER = 50_000  # Han characters that are cut at once: some 10 MB meanwhile


class Token(NamedTuple):
    """One segment and where it stands in the folded text (`start`, `end` in characters)."""

    segment: str
    start: int
    end: int
    kind: str  # "word", "sub" (part of a longer word), "code" (Latin, numbers), "bigram"


def unified(text: str) -> str:
    """NFKC, case-folded, without invisible characters; blanks are kept."""
    for wide, plain in _WIDE:  # else nearly every text goes the long way through its characters
        text = text.replace(wide, plain)
    if _UNCHANGED.fullmatch(text):
        return text
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _HIDDEN.sub("", folded)


def fold(text: str) -> str:
    """`unified`, and traditional characters as simplified ones."""
    folded = unified(text)
    return folded.translate(simplified.table()) if _traditional().search(folded) else folded


def normalise(text: str) -> str:
    """Full/half width, case and compatibility forms unified; runs of blanks become one space."""
    return " ".join(fold(text).split())


@cache
def _traditional() -> re.Pattern[str]:
    return re.compile(f"[{re.escape(''.join(map(chr, simplified.table())))}]")


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


_FORMS = {
    "standard": codes.standard,
    "size": codes.size,
    "number": codes.number,
    "code": codes.code,
}


def _forms(match: re.Match[str]) -> tuple[str, ...]:
    return _formed(match.lastgroup or "code", match[0])


@lru_cache(maxsize=4096)
def _formed(kind: str, text: str) -> tuple[str, ...]:
    return tuple(_FORMS[kind](text))


def tokens(folded: str) -> Iterator[Token]:
    """The segments of already folded text, with their places; words of a run before bigrams."""
    found = list(_TOKEN.finditer(folded))
    cut = default_lexicon().ways([match[0] for match in found if match.lastgroup == "han"])
    made = pieces(cut)
    nested = made.nested.tolist()
    words = _placed(made.words, ["sub" if inside else "word" for inside in nested])
    pairs = _placed(made.pairs, ["bigram"] * len(made.pairs.starts), BIGRAM)
    runs = zip(cut.firsts.tolist(), made.words.runs(), made.pairs.runs(), strict=True)
    for match in found:
        start, end = match.span()
        if match.lastgroup != "han":
            for position, form in enumerate(_forms(match)):
                yield Token(form, start, end, "sub" if position else "code")
            continue
        joined, (one, two), (three, four) = next(runs)
        for each in (*words[one:two], *pairs[three:four]):
            yield each._replace(start=each.start + start - joined, end=each.end + start - joined)


def _placed(places: Places, kinds: list[str], mark: str = "") -> list[Token]:
    starts, ends = places.starts.tolist(), places.ends.tolist()
    return list(map(Token, places.texts(mark), starts, ends, kinds))


class Occurrences(NamedTuple):
    """The words of several texts, in order, and the pairs of characters across two of them."""

    words: list[str | tuple[str, ...]]
    """Words of Han characters; of designations, numbers and Latin words all forms, of which the
    first is shown."""
    ends: list[int]
    """How many of them come before the end of each text."""
    pairs: list[str]
    """Without the bigram mark; those that say nothing are left out."""
    right: NDArray[np.int64]
    """Which of the words stands right of each pair."""


def occurrences(folded: Iterable[str]) -> Occurrences:
    """What stands in already folded texts."""
    found = [list(_TOKEN.finditer(text)) for text in folded]
    cut = default_lexicon().ways(
        [match[0] for matches in found for match in matches if match.lastgroup == "han"]
    )
    cut_words, bounds = cut.words(), cut.bounds()
    words: list[str | tuple[str, ...]] = []
    ends: list[int] = []
    others: list[int] = []  # how many words of another sort come before each run
    first, coming = 0, iter(bounds.tolist())
    for matches in found:
        for match in matches:
            if match.lastgroup == "han":
                others.append(len(words) - first)
                last = next(coming)
                words += cut_words[first:last]
                first = last
            elif forms := _forms(match):
                words.append(forms)
        ends.append(len(words))
    pairs, right = across(cut)
    sizes = np.asarray(np.diff(bounds, prepend=0), np.int64)
    before = np.asarray(others, np.int64).repeat(sizes)
    return Occurrences(words, ends, pairs, right + before.take(right))


def inner_segments(words: Sequence[str]) -> list[tuple[list[str], list[str]]]:
    """(the word and the words inside it, the bigrams inside it) of each word of Han characters."""
    found = []
    for segments in short_segments(default_lexicon().whole(words)):
        inside = [segment for segment in segments if segment[0] != BIGRAM]
        found.append((inside, segments[len(inside) :]))
    return found


def segment(text: str) -> list[str]:
    """The segments of `text`: words, sub-words, designations and, after "~", bigrams."""
    return segment_many([text])[0]


def segment_many(texts: Iterable[str]) -> list[list[str]]:
    """`segment` of each; for many in a third of the time."""
    found: list[list[str]] = []
    waiting: list[list[re.Match[str]]] = []
    runs: list[str] = []
    size = 0
    for text in texts:
        matches = list(_TOKEN.finditer(normalise(text)))
        waiting.append(matches)
        for match in matches:
            if match.lastgroup == "han":
                runs.append(match[0])
                size += len(match[0])
        if size > _TOGETHER:
            found += _segments(waiting, runs)
            waiting, runs, size = [], [], 0
    return found + _segments(waiting, runs)


def _segments(texts: list[list[re.Match[str]]], runs: list[str]) -> list[list[str]]:
    """The segments of texts whose runs of Han characters are these."""
    lexicon = default_lexicon()
    if sum(map(len, runs)) < _SHORT:
        cut = iter(short_segments(lexicon.short(runs)))
    else:
        cut = iter(pieces(lexicon.ways(runs)).segments())
    found = []
    for matches in texts:
        own: list[str] = []
        for match in matches:
            own += next(cut) if match.lastgroup == "han" else _forms(match)
        found.append(own)
    return found


def words(text: str) -> list[str]:
    """Only what a person would call the words of `text`, in order (no parts, no bigrams)."""
    return [t.segment for t in tokens(normalise(text)) if t.kind in ("word", "code")]

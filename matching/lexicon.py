"""Word segmentation by maximum probability over jieba's dictionary plus our domain terms.

The algorithm is that of jieba with HMM off (a word graph over a prefix dictionary, the path of
maximal unigram probability, ties to the longer word); it has the words of jieba's own `dict.txt`,
so it gives the same words for a run of Han characters (tests compare the two), but in one pass and
without jieba's cache file, logging and start-up imports.

`data/lexicon.npz` is that dictionary with `data/terms.txt`, packed (`matching.compiled`). Where the
installed jieba brings another `dict.txt` than the one it was made from, the words are packed anew
in memory, which takes about two seconds.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from matching import compiled, cutting
from matching.compiled import NOTHING, Compiled, CompiledInvalid
from matching.cutting import Cut, Short

TERMS = Path(__file__).with_name("data") / "terms.txt"
FREQUENCIES = Path(__file__).with_name("data") / "frequencies.txt"
PACKED = Path(__file__).with_name("data") / "lexicon.npz"
_SURELY = 1e-6  # by how much an operator's word is likelier than what it would be cut into


class DictionaryMissing(Exception):
    """jieba's dictionary is not installed."""


def jieba_dictionary() -> Path:
    """Where the installed jieba keeps its dictionary (found without importing jieba)."""
    spec = importlib.util.find_spec("jieba")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(place) / "dict.txt"
        if path.is_file():
            return path
    raise DictionaryMissing("没有找到 jieba 的词典：请先安装 jieba（pip install jieba）。")


def _pairs(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    for line in lines:
        fields = line.split()
        if len(fields) >= 2 and not line.startswith("#"):
            yield fields[0], int(fields[1])


class Lexicon:
    """Words with frequencies; `cut` splits runs of Han characters."""

    def __init__(self, words: Iterable[tuple[str, int]], extra: Iterable[tuple[str, int]] = ()):
        self._plain = self._words = compiled.unpack(packed(words, extra))

    @classmethod
    def of(cls, dictionary: Compiled, terms: Mapping[str, float] | None = None) -> Lexicon:
        """Over a packed dictionary, with terms and their scores."""
        found = cls.__new__(cls)
        found._plain = dictionary
        found._words = dictionary.extended(terms) if terms else dictionary
        return found

    def with_terms(self, words: Iterable[str]) -> Lexicon:
        """The packed dictionary with these words too (two characters and more), each just likely
        enough to stay whole by itself (jieba's `suggest_freq`); words that it has stay as they
        are."""
        plain = Lexicon.of(self._plain)
        new = [word for word in words if word not in plain]
        wholes = (
            min(sum(map(plain._score, cut)) + _SURELY, -_SURELY) for cut in plain.cut_many(new)
        )
        return Lexicon.of(self._plain, dict(zip(new, wholes, strict=True)))

    def _score(self, word: str) -> float:
        score = self._words.score(word)
        return score if score > NOTHING else self._words.unknown

    def __contains__(self, word: str) -> bool:
        return self._words.score(word) > NOTHING

    def cut(self, run: str) -> list[str]:
        """The words of `run`, in order; their concatenation is `run`."""
        return self.cut_many([run])[0]

    def cut_many(self, runs: Sequence[str]) -> list[list[str]]:
        """`cut` of each; for many in a fraction of the time."""
        return self.ways(runs).runs()

    def ways(self, runs: Sequence[str]) -> Cut:
        """Where the words of runs are, and all further words of the dictionary in them."""
        return cutting.cut(self._words, runs)

    def short(self, runs: Sequence[str]) -> Short:
        """`ways` for a few short runs."""
        return cutting.short(self._words, runs)

    def whole(self, words: Sequence[str]) -> Short:
        """The same of words that are not to be cut."""
        return cutting.whole(self._words, words)


def packed(
    words: Iterable[tuple[str, int]], extra: Iterable[tuple[str, int]] = (), source: str = ""
) -> bytes:
    """Words with counts, and further ones that do not count in the total, for `Compiled`.

    Raises ValueError when the counts add up to nothing.
    """
    frequencies = dict(words)
    total = sum(frequencies.values())
    for word, count in extra:
        frequencies.setdefault(word, count)
    if not total:
        raise ValueError("词典是空的。")
    return compiled.pack(frequencies, total, source)


def read_terms(path: Path = TERMS) -> list[tuple[str, int]]:
    """The domain terms with the frequency that makes each of them win as a whole."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8") as lines:
        return list(_pairs(lines))


def source_of(dictionary: Path, terms: Path = TERMS) -> str:
    """What tells one pair of word lists from another."""
    digest = hashlib.blake2b(digest_size=16)
    for path in (dictionary, terms):
        digest.update(hashlib.blake2b(path.read_bytes()).digest())
    return digest.hexdigest()


def pack_default() -> bytes:
    """The content of `data/lexicon.npz`."""
    dictionary = jieba_dictionary()
    with dictionary.open(encoding="utf-8") as lines:
        return packed(_pairs(lines), read_terms(), source_of(dictionary))


@cache
def default_lexicon() -> Lexicon:
    """What texts are cut by: jieba's dictionary with the domain terms and the operator's own
    (`use_own`); loaded once per process (about 0.1 s)."""
    return plain_lexicon().with_terms(_own) if _own else plain_lexicon()


_own: tuple[str, ...] = ()


def use_own(terms: Iterable[str]) -> None:
    """Takes these words into `default_lexicon`, in place of those given before; see
    `matching.terms.use`, which also makes texts that were cut already be cut anew."""
    global _own  # noqa: PLW0603 (one dictionary per process)
    _own = tuple(terms)
    default_lexicon.cache_clear()


def own_terms() -> tuple[str, ...]:
    """The operator's terms in use."""
    return _own


@cache
def plain_lexicon() -> Lexicon:
    """jieba's dictionary with the domain terms."""
    source = source_of(jieba_dictionary())
    try:
        found = compiled.read(PACKED)
    except CompiledInvalid:
        found = None
    if found is None or found.source != source:
        found = compiled.unpack(pack_default())
    return Lexicon.of(found)

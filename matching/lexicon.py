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
from array import array
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import marisa_trie

from matching import compiled
from matching.compiled import Compiled, CompiledInvalid

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
    """Words with frequencies; `cut` splits a run of Han characters."""

    def __init__(self, words: Iterable[tuple[str, int]], extra: Iterable[tuple[str, int]] = ()):
        self._take(compiled.unpack(packed(words, extra)))

    @classmethod
    def of(cls, dictionary: Compiled) -> Lexicon:
        """Over a packed dictionary."""
        found = cls.__new__(cls)
        found._take(dictionary)
        return found

    def _take(self, dictionary: Compiled) -> None:
        self._dictionary = dictionary
        self._short, self._thirds = dictionary.short, dictionary.thirds
        self._trie, self._longer = dictionary.trie, dictionary.longer
        self._longest, self._unknown = dictionary.longest, dictionary.unknown
        self._own = marisa_trie.Trie()  # longer words that were added
        self._prefixes = self._trie.iter_prefixes_with_ids

    def with_terms(self, words: Iterable[str]) -> Lexicon:
        """The packed dictionary with these words too (two characters and more), each just likely
        enough to stay whole by itself (jieba's `suggest_freq`); words that it has stay as they
        are."""
        found = Lexicon.of(self._dictionary)
        new = {word: found._whole(word) for word in words if word not in found}
        longer = [word for word in new if len(word) > 2]
        short, thirds = dict(found._short), dict(found._thirds)
        for word, score in new.items():
            if len(word) == 2:
                short[word] = score
            elif word[2] not in thirds.get(word[:2], ""):
                thirds[word[:2]] = thirds.get(word[:2], "") + word[2]
        found._short, found._thirds = short, thirds
        if longer:
            found._own = marisa_trie.Trie(longer)
            numbered = [found._own.restore_key(n) for n in range(len(found._own))]
            found._longer = found._longer + array("d", [new[word] for word in numbered])
            found._longest = max(found._longest, *map(len, longer))
            found._prefixes = found._prefixes_with_own
        return found

    def _whole(self, word: str) -> float:
        return min(sum(map(self._score, self.cut(word))) + _SURELY, -_SURELY)

    def _score(self, word: str) -> float:
        if len(word) > 2:
            return float(self._longer[self._trie.key_id(word)])
        return self._short.get(word) or self._unknown

    def __contains__(self, word: str) -> bool:
        if len(word) > 2:
            return word in self._trie or word in self._own
        return bool(self._short.get(word))

    def cut(self, run: str) -> list[str]:
        """The words of `run`, in order; their concatenation is `run`."""
        size = len(run)
        best = [0.0] * (size + 1)
        ends = [0] * size
        get, more, unknown = self._short.get, self._thirds.get, self._unknown
        prefixes, longer, longest = self._prefixes, self._longer, self._longest
        for start in range(size - 1, -1, -1):
            end = at = start + 1
            top = (get(run[start]) or unknown) + best[end]
            if end < size:
                end += 1
                pair = run[start:end]
                score = get(pair)
                if score is not None:
                    value = score + best[end]
                    if value >= top:
                        top, at = value, end
                thirds = more(pair)
                if thirds is not None and end < size and run[end] in thirds:
                    for word, number in prefixes(run[start : start + longest]):
                        end = start + len(word)
                        value = longer[number] + best[end]
                        if value >= top:
                            top, at = value, end
            best[start], ends[start] = top, at
        words = []
        start = 0
        while start < size:
            end = ends[start]
            words.append(run[start:end])
            start = end
        return words

    def _prefixes_with_own(self, piece: str) -> list[tuple[str, int]]:
        """The longer words that `piece` begins with and their numbers, the longest last."""
        found = self._trie.iter_prefixes_with_ids(piece)
        own = self._own.iter_prefixes_with_ids(piece)
        size = len(self._trie)
        return sorted([*found, *((word, size + number) for word, number in own)])


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
    (`use_own`); loaded once per process (about 0.2 s)."""
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

"""Word segmentation by maximum probability over jieba's dictionary plus our domain terms.

The algorithm is that of jieba with HMM off (a word graph over a prefix dictionary, the path of
maximal unigram probability, ties to the longer word); it reads jieba's own `dict.txt`, so it
gives the same words for a run of Han characters (tests compare the two), but in one pass and
without jieba's cache file, logging and start-up imports.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

TERMS = Path(__file__).with_name("data") / "terms.txt"
FREQUENCIES = Path(__file__).with_name("data") / "frequencies.txt"
_PREFIX = 0.0  # marks "only a prefix of a word"; a log-probability is always below zero


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
        frequencies = dict(words)
        total = sum(frequencies.values())
        for word, count in extra:
            frequencies.setdefault(word, count)
        if not total:
            raise ValueError("词典是空的。")
        logs: dict[int, float] = {}
        log_total = math.log(total)
        scores: dict[str, float] = {}
        for word, count in frequencies.items():
            score = logs.get(count)
            if score is None:
                score = logs[count] = math.log(count or 1) - log_total
            scores[word] = score
        for word in frequencies:
            for end in range(len(word) - 1, 0, -1):
                prefix = word[:end]
                if prefix in scores:
                    break  # its own prefixes are there already, or will be
                scores[prefix] = _PREFIX
        self._scores = scores
        self._unknown = -log_total

    def __contains__(self, word: str) -> bool:
        return self._scores.get(word, _PREFIX) != _PREFIX

    def cut(self, run: str) -> list[str]:
        """The words of `run`, in order; their concatenation is `run`."""
        size = len(run)
        best = [0.0] * (size + 1)
        ends = [0] * size
        get, unknown = self._scores.get, self._unknown
        for start in range(size - 1, -1, -1):
            end = start + 1
            score = get(run[start])
            top, at = (score or unknown) + best[end], end
            while score is not None and end < size:
                end += 1
                score = get(run[start:end])
                if score:
                    value = score + best[end]
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


def read_terms(path: Path = TERMS) -> list[tuple[str, int]]:
    """The domain terms with the frequency that makes each of them win as a whole."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8") as lines:
        return list(_pairs(lines))


@cache
def default_lexicon() -> Lexicon:
    """jieba's dictionary with the domain terms; loaded once per process (about 0.6 s)."""
    with jieba_dictionary().open(encoding="utf-8") as lines:
        return Lexicon(_pairs(lines), read_terms())

"""Training texts as numbers: reads a folder of texts, segments them, samples pairs.

Two kinds of file are understood, by the fields of their records (JSON Lines, `.xz` or not):
papers (`title`, `abstract`, `keywords`, `paragraphs` as [[heading, text], ...]) and plain
listings (`title` and `body`, or only `text`). Nothing of the texts is kept but segment numbers.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matching.lexicon import FREQUENCIES, default_lexicon
from matching.terms import keywords, read_jsonl
from matching.text import BIGRAM, has_content, segment

Ids = NDArray[np.int32]
_PLAIN_HEADING = re.compile(
    r"^[\d.\s一二三四五六七八九十、（）()]*(引言|前言|绪论|结论|结语|讨论|摘要|参考文献|致谢|结果与?.{0,2}分析?|材料与方法|概述|总结)?[:：]?$"
)
_MAX_CHARACTERS = 700


@dataclass
class Source:
    """One document: the numbers of its texts in the corpus (-1: it has none)."""

    title: int = -1
    summary: int = -1
    keywords: int = -1
    paragraphs: list[tuple[int, int]] = field(default_factory=list)  # (heading or -1, text)
    listing: bool = False


@dataclass
class Corpus:
    """Segment numbers of all texts, flat, with `offsets` (texts + 1), and the documents."""

    vocabulary: list[str]
    counts: NDArray[np.int64]  # texts that contain the segment, weighted
    ids: Ids
    offsets: NDArray[np.int64]
    sources: list[Source]

    def text(self, number: int) -> Ids:
        """The segment numbers of one text."""
        return self.ids[self.offsets[number] : self.offsets[number + 1]]


class Reader:
    """Collects texts; every text is segmented once and stored as numbers."""

    def __init__(self, seed: int, paragraphs: int):
        self._numbers: dict[str, int] = {}
        self._counts: list[float] = []
        self._texts: list[Ids] = []
        self._sources: list[Source] = []
        self._random = random.Random(seed)  # noqa: S311 (sampling)
        self._paragraphs = paragraphs

    def text(self, text: str, weight: float = 1.0) -> int:
        """Stores a text; -1 when nothing is in it."""
        found = segment(text[:_MAX_CHARACTERS])
        if not found or not has_content(text):
            return -1
        numbers, counts = self._numbers, self._counts
        ids = np.empty(len(found), np.int32)
        for place, item in enumerate(found):
            plain = item.removeprefix(BIGRAM)
            number = numbers.get(plain)
            if number is None:
                number = numbers[plain] = len(counts)
                counts.append(0.0)
            ids[place] = number
        for number in set(ids.tolist()):
            counts[number] += weight
        self._texts.append(ids)
        return len(self._texts) - 1

    def paper(self, record: dict[str, object]) -> None:
        """A research paper."""
        source = Source(self.text(str(record["title"])), self.text(str(record["abstract"] or "")))
        listed = keywords({"keywords": str(record.get("keywords") or "")})
        source.keywords = self.text(" ".join(listed)) if 2 <= len(listed) <= 10 else -1
        paragraphs = record.get("paragraphs")
        kept = [p for p in paragraphs if len(p[1]) >= 40] if isinstance(paragraphs, list) else []
        if len(kept) > self._paragraphs:
            first = self._random.randrange(len(kept) - self._paragraphs + 1)
            kept = kept[first : first + self._paragraphs]
        for heading, text in kept:
            named = heading if not _PLAIN_HEADING.match(heading) else ""
            number = self.text(text)
            if number >= 0:
                head = self.text(named) if 4 <= len(named) <= 60 else -1
                source.paragraphs.append((head, number))
        self._sources.append(source)

    def listing(self, title: str, body: str) -> None:
        """A listing: weighs more in the vocabulary, because it is what will be matched."""
        source = Source(self.text(title, 8.0), self.text(body, 8.0), listing=True)
        if source.title >= 0 or source.summary >= 0:
            self._sources.append(source)

    def read(self, path: Path) -> None:
        """All records of one file."""
        for record in read_jsonl(path):
            if "abstract" in record:
                self.paper(dict(record))
            else:
                self.listing(
                    str(record.get("title") or ""),
                    str(record.get("body") or record.get("text") or ""),
                )

    def finish(self) -> Corpus:
        """Everything read so far."""
        offsets = np.zeros(len(self._texts) + 1, np.int64)
        np.cumsum([len(ids) for ids in self._texts], out=offsets[1:])
        ids = np.concatenate(self._texts) if self._texts else np.empty(0, np.int32)
        return Corpus(
            list(self._numbers),
            np.asarray(self._counts).astype(np.int64),
            ids,
            offsets,
            self._sources,
        )


def read_corpus(
    files: Iterable[Path], seed: int, paragraphs: int = 24, progress: Callable[[str], None] = print
) -> Corpus:
    """Reads all files; `paragraphs` is the most that is taken of one paper."""
    reader = Reader(seed, paragraphs)
    for path in files:
        reader.read(path)
        progress(f"已读 {path.name}")
    return reader.finish()


def prune(corpus: Corpus, size: int) -> tuple[Corpus, list[str]]:
    """The corpus over its `size` most frequent segments; number 0 is "unknown" and dropped.

    Returns the corpus and the kept segments, whose numbers are 1..size.
    """
    lengths = np.asarray([len(word) for word in corpus.vocabulary])
    order = np.lexsort((lengths, -corpus.counts))
    kept = np.sort(order[:size])
    numbers = np.zeros(len(corpus.vocabulary), np.int32)
    by_count = kept[np.argsort(-corpus.counts[kept], kind="stable")]
    numbers[by_count] = np.arange(1, len(by_count) + 1, dtype=np.int32)
    ids = numbers[corpus.ids]
    inside = ids > 0
    before = np.concatenate([[0], np.cumsum(inside)])
    vocabulary = [corpus.vocabulary[i] for i in by_count]
    pruned = Corpus(
        vocabulary, corpus.counts[by_count], ids[inside], before[corpus.offsets], corpus.sources
    )
    return pruned, vocabulary


Pair = tuple[Ids, Ids, int]


class Sampler:
    """Draws fresh random pairs (left, right, document) with the given shares of pair kinds."""

    def __init__(self, corpus: Corpus, seed: int, listing_share: float = 0.25):
        self._corpus = corpus
        self._random = random.Random(seed)  # noqa: S311 (sampling)
        self._papers = [n for n, s in enumerate(corpus.sources) if not s.listing]
        self._listings = [n for n, s in enumerate(corpus.sources) if s.listing]
        share = listing_share if self._papers else 1.0
        self._share = share if self._listings else 0.0

    def batch(self, size: int) -> list[Pair]:
        """`size` pairs; both sides have at least two segments."""
        pairs: list[Pair] = []
        for _ in range(size * 50):
            if len(pairs) == size:
                return pairs
            listing = self._random.random() < self._share
            number = self._random.choice(self._listings if listing else self._papers)
            pair = self._listing(number) if listing else self._paper(number)
            if pair is not None and len(pair[0]) > 1 and len(pair[1]) > 1:
                pairs.append((*pair, number))
        raise ValueError("训练语料太少：凑不出一批成对的文本。")

    def _listing(self, number: int) -> tuple[Ids, Ids] | None:
        source = self._corpus.sources[number]
        if source.summary < 0:
            return None
        body = self._corpus.text(source.summary)
        if source.title < 0 or self._random.random() < 0.35:
            return self._crops(body)
        title = self._corpus.text(source.title)
        if self._random.random() < 0.3:
            return np.concatenate([title, self._crop(body)]), self._crop(body)
        return self._thin(title), self._crop(body, 0.4)

    def _paper(self, number: int) -> tuple[Ids, Ids] | None:
        source, draw = self._corpus.sources[number], self._random.random()
        text = self._corpus.text
        if draw < 0.25 and source.title >= 0 and source.summary >= 0:
            return self._thin(text(source.title)), self._crop(text(source.summary), 0.4)
        if draw < 0.40 and source.keywords >= 0 and source.summary >= 0:
            return self._thin(text(source.keywords)), self._crop(text(source.summary), 0.4)
        if draw < 0.50 and source.summary >= 0:
            return self._crops(text(source.summary))
        if not source.paragraphs:
            return None
        place = self._random.randrange(len(source.paragraphs))
        heading, paragraph = source.paragraphs[place]
        if draw < 0.65 and heading >= 0:
            return self._thin(text(heading)), self._crop(text(paragraph), 0.4)
        if draw < 0.75 and source.title >= 0:
            return self._thin(text(source.title)), text(paragraph)
        if draw < 0.88 and place + 1 < len(source.paragraphs):
            return text(paragraph), text(source.paragraphs[place + 1][1])
        return self._crops(text(paragraph))

    def _crops(self, ids: Ids) -> tuple[Ids, Ids]:
        """Two random spans of one text; they may overlap a little."""
        middle = int(len(ids) * self._random.uniform(0.25, 0.75))
        slack = max(len(ids) // 10, 1)
        left, right = ids[: middle + slack], ids[max(middle - slack, 0) :]
        return (left, right) if self._random.random() < 0.5 else (right, left)

    def _crop(self, ids: Ids, share: float = 1.0) -> Ids:
        """A random span of at least a quarter of the text, in `share` of the cases."""
        if self._random.random() > share:
            return ids
        size = max(int(len(ids) * self._random.uniform(0.25, 0.8)), 8)
        start = self._random.randrange(max(len(ids) - size, 0) + 1)
        return ids[start : start + size]

    def _thin(self, ids: Ids) -> Ids:
        """Sometimes leaves out a quarter of the segments, so that none is relied on alone."""
        if len(ids) < 6 or self._random.random() < 0.5:
            return ids
        kept = [place for place in range(len(ids)) if self._random.random() > 0.25]
        return ids[kept] if len(kept) > 2 else ids


def write_frequencies(corpus: Corpus, out: Path = FREQUENCIES, size: int = 30_000) -> None:
    """Writes in how many texts the commonest words occur: the background of every idf."""
    lexicon = default_lexicon()
    texts = len(corpus.offsets) - 1
    with out.open("w", encoding="utf-8") as lines:
        lines.write(f"# texts {texts}; word, texts with it; generated by matching/corpus.py\n")
        written = 0
        for number in np.argsort(-corpus.counts, kind="stable"):
            word, count = corpus.vocabulary[number], min(int(corpus.counts[number]), texts)
            if written < size and (word in lexicon or word.isascii()):
                lines.write(f"{word} {count}\n")
                written += 1


def main() -> None:
    """Command line: writes data/frequencies.txt from the given files."""
    parser = argparse.ArgumentParser(description="统计词频 frequencies.txt")
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=FREQUENCIES)
    options = parser.parse_args()
    write_frequencies(read_corpus(options.files, seed=7), options.out)


if __name__ == "__main__":
    main()

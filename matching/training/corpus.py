"""Training texts as numbers: reads a folder of texts and segments them.

Two kinds of file are understood, by the fields of their records (JSON Lines, `.xz` or not):
papers (`title`, `abstract`, `keywords`, `paragraphs` as [[heading, text], ...]) and plain
listings (`title` and `body`, or only `text`). Nothing of the texts is kept but segment numbers.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching import buckets as shared
from matching.encoder import StaticEncoder
from matching.lexicon import FREQUENCIES, default_lexicon
from matching.pieces import BIGRAM
from matching.text import fold, has_content, segment_many
from matching.training.terms import keywords, read_jsonl

Ids = NDArray[np.int32]
_PLAIN_HEADING = re.compile(
    r"^[\d.\s一二三四五六七八九十、（）()]*(引言|前言|绪论|结论|结语|讨论|摘要|参考文献|致谢|结果与?.{0,2}分析?|材料与方法|概述|总结)?[:：]?$"
)
_MAX_CHARACTERS = 700
_RUN = 8
_TOGETHER = 16  # documents that are segmented at once
_OTHER = re.compile(r"[\W_]+")


@dataclass
class Source:
    """One document: the numbers of its texts in the corpus (-1: it has none)."""

    title: int = -1
    summary: int = -1
    keywords: int = -1
    paragraphs: list[tuple[int, int]] = field(default_factory=list)  # (heading or -1, text)
    listing: bool = False


class LeftOut:
    """Texts that a model must not have seen: what it will be measured on.

    A listing is left out when its title is one of theirs, or when half of the runs of eight
    characters in its body, blanks and punctuation aside, are in theirs (a near-copy).
    """

    def __init__(self) -> None:
        self._titles: set[str] = set()
        self._runs: set[str] = set()

    def add(self, title: str, body: str) -> None:
        """One text that must not be seen."""
        self._titles.add(_letters(title))
        self._runs |= _runs(body)

    def __contains__(self, listing: tuple[str, str]) -> bool:
        title, runs = _letters(listing[0]), _runs(listing[1])
        shared = len(runs & self._runs)
        return bool(title and title in self._titles) or bool(runs and 2 * shared >= len(runs))


def _letters(text: str) -> str:
    return _OTHER.sub("", fold(text))


def _runs(text: str) -> set[str]:
    letters = _letters(text)
    return {letters[at : at + _RUN] for at in range(len(letters) - _RUN + 1)}


def left_out(files: Iterable[Path]) -> LeftOut:
    """The texts of JSON Lines files, as `title` and `text` or `body`."""
    found = LeftOut()
    for path in files:
        for record in read_jsonl(path):
            body = str(record.get("text") or record.get("body") or "")
            found.add(str(record.get("title") or ""), body)
    return found


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


@dataclass
class _Document:
    """The texts of one document as they were read."""

    title: str
    summary: str
    keywords: str = ""
    paragraphs: list[tuple[str, str]] = field(default_factory=list)  # (heading or "", text)
    listing: bool = False

    def texts(self) -> Iterator[str]:
        yield from (self.title, self.summary, self.keywords)
        for pair in self.paragraphs:
            yield from pair


class Reader:
    """Collects texts; every text is segmented once and stored as numbers."""

    def __init__(self, seed: int, paragraphs: int, without: LeftOut | None = None):
        self.passed_over = 0
        self._without = without or LeftOut()
        self._numbers: dict[str, int] = {}
        self._counts: list[float] = []
        self._texts: list[Ids] = []
        self._sources: list[Source] = []
        self._random = random.Random(seed)  # noqa: S311 (sampling)
        self._paragraphs = paragraphs

    def read(self, path: Path) -> None:
        """All records of one file."""
        documents = (self._document(record) for record in read_jsonl(path))
        wanted = (document for document in documents if document is not None)
        while some := list(islice(wanted, _TOGETHER)):
            whole = chain.from_iterable(document.texts() for document in some)
            texts = list({text[:_MAX_CHARACTERS]: None for text in whole})
            found = dict(zip(texts, segment_many(texts), strict=True))
            for document in some:
                self._store(document, found)

    def _document(self, record: dict[str, Any]) -> _Document | None:
        """What is learned from a record; nothing of what must not be seen."""
        title = str(record.get("title") or "")
        if "abstract" in record:
            return self._paper(title, record)
        body = str(record.get("body") or record.get("text") or "")
        if (title, body) in self._without:
            self.passed_over += 1
            return None
        return _Document(title, body, listing=True)

    def _paper(self, title: str, record: dict[str, Any]) -> _Document:
        listed = keywords({"keywords": str(record.get("keywords") or "")})
        paragraphs = record.get("paragraphs")
        kept = [p for p in paragraphs if len(p[1]) >= 40] if isinstance(paragraphs, list) else []
        if len(kept) > self._paragraphs:
            first = self._random.randrange(len(kept) - self._paragraphs + 1)
            kept = kept[first : first + self._paragraphs]
        return _Document(
            title,
            str(record["abstract"] or ""),
            " ".join(listed) if 2 <= len(listed) <= 10 else "",
            [(_telling(heading), text) for heading, text in kept],
        )

    def _store(self, document: _Document, found: Mapping[str, Sequence[str]]) -> None:
        """A listing weighs more in the vocabulary, because it is what will be matched."""
        weight = 8.0 if document.listing else 1.0

        def number(text: str) -> int:
            text = text[:_MAX_CHARACTERS]
            return self._text(text, found[text], weight)

        source = Source(
            number(document.title), number(document.summary), number(document.keywords),
            listing=document.listing,
        )  # fmt: skip
        for heading, text in document.paragraphs:
            stored = number(text)
            if stored >= 0:
                source.paragraphs.append((number(heading), stored))
        if not source.listing or source.title >= 0 or source.summary >= 0:
            self._sources.append(source)

    def _text(self, text: str, segments: Sequence[str], weight: float) -> int:
        """Stores a text; -1 when nothing is in it."""
        if not segments or not has_content(text):
            return -1
        numbers, counts = self._numbers, self._counts
        ids = np.empty(len(segments), np.int32)
        for place, item in enumerate(segments):
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


def _telling(heading: str) -> str:
    """A heading that says what its paragraph is about, else nothing."""
    return heading if 4 <= len(heading) <= 60 and not _PLAIN_HEADING.match(heading) else ""


def read_corpus(
    files: Iterable[Path],
    seed: int,
    paragraphs: int = 24,
    progress: Callable[[str], None] = print,
    without: LeftOut | None = None,
) -> Corpus:
    """Reads all files; `paragraphs` is the most that is taken of one paper."""
    reader = Reader(seed, paragraphs, without)
    for path in files:
        reader.read(path)
        progress(f"已读 {path.name}")
    if reader.passed_over:
        progress(f"留作评测而未读的榜单：{reader.passed_over} 条")
    return reader.finish()


def place(corpus: Corpus, size: int, buckets: int) -> tuple[Corpus, list[str]]:
    """The corpus over model rows: 1..size for the commonest segments, then the buckets.

    Every other segment becomes its two buckets (`matching.buckets`), or is left out when there
    are none. Returns the corpus and the names of the rows, the first of which is row 1.
    """
    lengths = np.asarray([len(word) for word in corpus.vocabulary])
    order = np.lexsort((lengths, -corpus.counts))
    kept, others = order[:size], order[size:]
    first = np.zeros(len(corpus.vocabulary), np.int32)
    second = np.zeros(len(corpus.vocabulary), np.int32)
    first[kept] = np.arange(1, len(kept) + 1, dtype=np.int32)
    if buckets:
        pairs = [shared.places(corpus.vocabulary[n], buckets) for n in others]
        first[others] = [1 + len(kept) + one for one, _ in pairs]
        second[others] = [1 + len(kept) + two for _, two in pairs]
    words = [corpus.vocabulary[n] for n in kept] + shared.names(buckets)
    counts = np.concatenate([corpus.counts[kept], np.ones(buckets, np.int64)])
    return _placed(corpus, words, counts, first, second), words


def place_on(corpus: Corpus, model: StaticEncoder) -> tuple[Corpus, list[str]]:
    """The same over the rows of a model that there is already."""
    rows = [(*model.rows_of(word), 0, 0)[:2] for word in corpus.vocabulary]
    first, second = np.asarray(rows, np.int32).reshape(-1, 2).T
    words = model.names()
    return _placed(corpus, words, np.ones(len(words), np.int64), first, second), words


def _placed(
    corpus: Corpus, words: list[str], counts: NDArray[np.int64], first: Ids, second: Ids
) -> Corpus:
    """Each segment as its one or two rows; 0 stands for none."""
    both = np.stack([first[corpus.ids], second[corpus.ids]], axis=1)
    inside = both > 0
    before = np.concatenate([[0], np.cumsum(inside.sum(axis=1))])
    return Corpus(words, counts, both[inside], before[corpus.offsets], corpus.sources)


def keep(corpus: Corpus, path: Path) -> None:
    """Writes a corpus as plain arrays (segment numbers, not texts), aside and then renamed."""
    sources = corpus.sources
    paragraphs = [pair for source in sources for pair in source.paragraphs]
    heads = [(s.title, s.summary, s.keywords, int(s.listing), len(s.paragraphs)) for s in sources]
    aside = path.with_name(path.name + ".part")
    with aside.open("wb") as out:
        np.savez(
            out,
            vocabulary=np.frombuffer("\n".join(corpus.vocabulary).encode(), np.uint8),
            counts=corpus.counts,
            ids=corpus.ids,
            offsets=corpus.offsets,
            heads=np.asarray(heads, np.int64).reshape(-1, 5),
            paragraphs=np.asarray(paragraphs, np.int64).reshape(-1, 2),
        )
    aside.replace(path)


def kept(path: Path) -> Corpus:
    """What `keep` wrote."""
    with np.load(path, allow_pickle=False) as files:
        paragraphs = [(int(a), int(b)) for a, b in files["paragraphs"]]
        sources, at = [], 0
        for title, summary, listed, listing, count in files["heads"].tolist():
            own = paragraphs[at : at + count]
            sources.append(Source(title, summary, listed, own, bool(listing)))
            at += count
        return Corpus(
            files["vocabulary"].tobytes().decode().split("\n"),
            files["counts"],
            files["ids"],
            files["offsets"],
            sources,
        )


def write_frequencies(corpus: Corpus, out: Path = FREQUENCIES, size: int = 30_000) -> None:
    """Writes in how many texts the commonest words occur: the background of every idf."""
    lexicon = default_lexicon()
    texts = len(corpus.offsets) - 1
    with out.open("w", encoding="utf-8") as lines:
        lines.write(
            f"# texts {texts}; word, texts with it; generated by matching/training/corpus.py\n"
        )
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

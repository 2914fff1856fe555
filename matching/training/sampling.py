"""Draws the pairs a model learns from: two texts that belong together, fresh in every step."""

from __future__ import annotations

import random

import numpy as np

from matching.training.corpus import Corpus, Ids

Pair = tuple[Ids, Ids, int]


MOST_SEGMENTS = 200  # of a text in a pair; of a longer one a random window is taken


class Sampler:
    """Draws fresh random pairs (left, right, document), of papers or of listings."""

    def __init__(self, corpus: Corpus, seed: int):
        self._corpus = corpus
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 (sampling)
        self.papers = [n for n, s in enumerate(corpus.sources) if not s.listing]
        self.listings = [n for n, s in enumerate(corpus.sources) if s.listing]

    def batch(self, size: int, step: int, listings: bool) -> list[Pair]:
        """`size` pairs; both sides have at least two segments. Raises ValueError without texts.

        The pairs depend on the seed and the step alone, so a resumed run draws the same ones.
        """
        self._random.seed(f"{self._seed}:{step}")
        chosen = self.listings if listings else self.papers
        pairs: list[Pair] = []
        for _ in range(size * 50 if chosen else 0):
            if len(pairs) == size:
                return pairs
            number = self._random.choice(chosen)
            pair = self._listing(number) if listings else self._paper(number)
            if pair is not None and len(pair[0]) > 1 and len(pair[1]) > 1:
                pairs.append((self._window(pair[0]), self._window(pair[1]), number))
        raise ValueError("训练语料太少：凑不出一批成对的文本。")

    def _window(self, ids: Ids) -> Ids:
        if len(ids) <= MOST_SEGMENTS:
            return ids
        start = self._random.randrange(len(ids) - MOST_SEGMENTS + 1)
        return ids[start : start + MOST_SEGMENTS]

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

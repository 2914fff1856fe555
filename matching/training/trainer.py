"""One step after the other: token vectors trained so that texts that belong together meet.

Of the texts in a batch, the partner of a pair must score highest, in both directions (InfoNCE,
van den Oord et al. 2018, with in-batch negatives, as sentence-transformers'
MultipleNegativesRankingLoss has it). The loss is simple enough to write its slope down:
for scores S = X Y' / t, softmax over rows P and over columns Q, dS = (P + Q - 2 I) / 2n. Rows are
updated by Adam (Kingma & Ba 2015); only those that occur in a batch take part in its step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.training.sampling import Pair

_FIRST, _SECOND = 0.1, 0.001  # Adam's 1 - beta1 and 1 - beta2
_WARM, _END = 1 / 30, 0.05  # share of the run in which the rate rises; what is left of it at last

Rows = NDArray[np.float32]


class Trainer:
    """The vectors in training with their moments and, of the last part of the run, their mean:
    all that a resumed run needs. `averaged` is that part; the mean of the last steps is steadier
    than the last one (Izmailov et al. 2018), above all for rows that are rarely met."""

    def __init__(self, start: Rows, rate: float, threads: int = 1, averaged: float = 0.0):
        import torch

        torch.set_num_threads(threads)
        self._torch = torch
        self.vectors = start.copy()
        self.first = np.zeros_like(start)
        self.second = np.zeros_like(start)
        self.mean = np.zeros_like(start) if averaged else start[:0]
        self.meant = 0  # steps in `mean`
        self.rate = rate
        self._averaged = averaged

    def step(self, pairs: Sequence[Pair], done: float, temperature: float) -> float:
        """One update; `done` is the finished share of the run. Returns the loss before it."""
        rows, means = self._means([pair[0] for pair in pairs] + [pair[1] for pair in pairs])
        used = self.vectors[rows]
        texts = means @ used
        lengths = np.sqrt((texts**2).sum(axis=1, keepdims=True)) + 1e-9
        texts /= lengths
        loss, slope = self._loss(texts, np.asarray([pair[2] for pair in pairs]), temperature)
        slope = (slope - texts * (slope * texts).sum(axis=1, keepdims=True)) / lengths
        slope = means.T @ slope
        first, second = self.first[rows], self.second[rows]
        first += _FIRST * (slope - first)
        second += _SECOND * (slope * slope - second)
        self.first[rows], self.second[rows] = first, second
        rate = self.rate * min(1.0, 0.1 + 0.9 * done / _WARM) * (1.0 - (1.0 - _END) * done)
        self.vectors[rows] = used - rate * first / (np.sqrt(second) + 1e-8)
        self.vectors[0] = 0.0
        if self._averaged and done >= 1.0 - self._averaged:
            self.meant += 1
            self.mean += (self.vectors - self.mean) / np.float32(self.meant)
        return loss

    def result(self) -> Rows:
        """What the run gives: the mean of its last part, or the vectors as they are."""
        return self.mean if self.meant else self.vectors

    def _loss(
        self, texts: Rows, owners: NDArray[np.int64], temperature: float
    ) -> tuple[float, Rows]:
        """Loss, and its slope by the unit vectors of all left, then all right texts."""
        size = len(owners)
        both = self._torch.from_numpy(texts)
        left, right = both[:size], both[size:]
        scores = (left @ right.T).mul_(1 / temperature)
        own = scores.diagonal().clone()
        for group in _groups(owners):  # texts of one document are no negatives
            at = self._torch.from_numpy(group)
            scores[at[:, None], at[None, :]] = -1e4
        scores.diagonal().copy_(own)
        shares = scores.sub_(1 / temperature).exp_()  # cosines end at 1: nothing overflows
        by_row, by_column = shares.sum(1), shares.sum(0)
        loss = float((by_row.log() + by_column.log()).mean() / 2 + 1 / temperature - own.mean())
        shares.mul_((1 / by_row)[:, None] + (1 / by_column)[None, :])
        shares.diagonal().sub_(2.0)
        shares.mul_(1 / (2 * size * temperature))
        slope: Any = self._torch.cat([shares @ right, shares.T @ left])
        return loss, slope.numpy()

    def _means(self, texts: Sequence[NDArray[np.int32]]) -> tuple[NDArray[np.int64], Any]:
        """The rows in use and the sparse (texts, rows) matrix that averages them."""
        from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

        lengths = np.asarray([len(text) for text in texts], np.int64)
        ids = np.concatenate(texts)
        used = np.zeros(len(self.vectors), bool)
        used[ids] = True
        rows = np.flatnonzero(used)
        places = np.empty(len(self.vectors), np.int32)
        places[rows] = np.arange(len(rows), dtype=np.int32)
        shares = np.repeat((1.0 / lengths).astype(np.float32), lengths)
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        return rows, csr_matrix((shares, places[ids], starts), shape=(len(texts), len(rows)))


def _groups(owners: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The places of each document that is in the batch more than once."""
    order = np.argsort(owners, kind="stable")
    sorted_owners = owners[order]
    starts = np.flatnonzero(np.r_[True, sorted_owners[1:] != sorted_owners[:-1]])
    ends = np.r_[starts[1:], len(owners)]
    return [order[a:b] for a, b in zip(starts, ends, strict=True) if b - a > 1]

"""A board's vectors once more in half a byte a component: a quarter of the bytes to go through.

Going through a million vectors is waiting for memory. So where there are many, FAISS goes through
codes of four bits with tables that fit into registers ("fast scan": André, Kermarrec &
Le Scouarnec, "Cache locality is not enough", VLDB 2015), and only what can be among the best by
those is looked at in float16. Before, the vectors are turned by a random orthogonal matrix, which
changes no product and spreads every vector and query evenly over the components (as RaBitQ does,
Gao & Long, SIGMOD 2024): one set of sixteen levels then fits all of them.

How far a product by the codes c can be from that of query q and vector v is known:
|q . v - q . c| <= |q| |v - c| (Cauchy and Schwarz), where |v - c| is kept for every vector; and
FAISS rounds each of the `dim` entries it adds to a 255th of the widest table. As v - c has been
turned at random, the difference is that of a normal distribution, with |q| |v - c| / sqrt(dim) for
its deviation; over 60 million pairs of real queries and listings none was beyond 5.6 of them. So
who only proposes candidates (`Coarse.bounded`) allows for SIGMAS of them, who must be certain
(`Coarse.best`) for all that Cauchy and Schwarz allow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexes import archive
from indexes.flat import Bounded, Ranked, faiss

LEAST = 50_000
"""Vectors from which it pays: looking at the thousands in doubt takes a few milliseconds."""
SURE = 300_000
"""Vectors from which it also pays where the best must be certain: among fewer, too many are in
doubt."""
SIGMAS = 8.0
"""Deviations: beyond it is one pair in 10**15, or, of a query and the same vector (of which a tenth
of the length is lost in the codes, in the query's direction), in 10**10."""
_SAMPLE = 50_000  # vectors that tell how the components are spread
_LEVELS = 16
_SEED = 20_151
_ROUNDS = 50  # after which the levels no longer move by more than a thousandth
# Share of the vectors that are further from their codes than the others and looked at always.
_APART = 3e-3
_LISTED = 20_000  # asked for where the best must be certain; four times as many cost a third more
_MOST = 100_000  # asked for at most, where a filter lets only a part of them pass
_PART = 6  # where less than a sixth passes, asking FAISS's bitmap about every vector costs less
_DOUBTFUL = 12_000  # looked at in float16 at most: more than that costs what going through all does
_SPREAD = 1.25  # more is asked for than a filter would let pass of vectors that lie anyhow
_SUMS = 65_000  # FAISS adds in 16 bits
_BLOCK = 50_000
_CACHED = 500  # vectors whose components are put to levels at a time
_TIE = 1e-9  # beyond what float64 sums of equal vectors differ by
_TURNED = 1e-5  # beyond what turning a unit vector in float32 changes a product by

Slots = NDArray[np.int64]
Floats = NDArray[np.float64]
Exact = Callable[[Slots], Floats]


@dataclass(frozen=True, slots=True)
class Listed:
    """Allowed slots by their codes, best first, with their products."""

    slots: Slots
    products: Floats
    rest: float
    """No other allowed slot has more by its codes; -inf when there is none."""
    length: float
    """Of the query,"""
    unit: float
    """what the entries that FAISS adds are rounded to,"""
    size: int
    """and how many these are."""

    @property
    def rounding(self) -> float:
        """How much its products may be off beyond what the codes are."""
        return 0.5 * self.size * self.unit + _TURNED * self.length

    def likely(self) -> tuple[float, float]:
        """What, of the longest way to a code and of the most that rounding can do (half a unit for
        every entry), SIGMAS allow: a share of the first, and an amount of the second."""
        share = min(1.0, SIGMAS / self.size**0.5)
        rounded = min(0.5 * self.size, SIGMAS * (self.size / 12.0) ** 0.5)
        return share, rounded * self.unit + _TURNED * self.length


@dataclass(frozen=True, slots=True)
class Coarse:
    """The codes of the vectors in a base."""

    index: Any
    turn: NDArray[np.float32]
    """(dim, dim) by which vectors are turned."""
    widths: NDArray[np.float32]
    """(dim,) between the lowest and the highest level of each component."""
    errors: NDArray[np.float16]
    """(n,) how far each vector is from its code at most,"""
    error: float
    """the same for all but those"""
    apart: Slots
    """that are further, ascending."""

    def best(
        self, row: NDArray[np.float32], k: int, allowed: NDArray[np.bool_], exact: Exact
    ) -> Ranked | None:
        """The k best allowed slots and all that tie with the last, by `exact` products of some
        slots with the query `row`, (1, dim); None when the codes cannot tell."""
        listed = self.listed(row, max(_LISTED, 4 * k), allowed)
        if listed is None or len(listed.slots) <= k:
            return None
        sure = listed.slots[: 2 * k]  # the best by their codes need not be the best
        values = exact(sure)
        least = _nth(values, k)
        beyond = listed.rest + listed.length * self.error + listed.rounding
        if beyond > least:
            return None
        high = self._high(listed, listed.slots, listed.products, (1.0, listed.rounding))
        doubtful = high >= least
        doubtful[: len(sure)] = False
        apart = self.apart[allowed[self.apart]]
        open_ = np.union1d(listed.slots[doubtful], np.setdiff1d(apart, listed.slots))
        if len(open_) > _DOUBTFUL:
            return None
        seen = np.concatenate([sure, open_])
        values = np.concatenate([values, exact(open_)])
        least = _nth(values, k)
        among = values >= least - _TIE
        rest = max(float(values[~among].max(initial=-np.inf)), beyond)
        high[: len(sure)] = -np.inf
        rest = max(rest, float(high[~doubtful].max(initial=-np.inf)))
        return Ranked(seen[among].astype(np.int64), values[among].astype(np.float32), rest, 0.0)

    def bounded(
        self, row: NDArray[np.float32], count: int, allowed: NDArray[np.bool_]
    ) -> Bounded | None:
        """About `count` of the allowed slots, those with most by their codes; None when fewer
        than a quarter of so many can be told."""
        listed = self.listed(row, count, allowed)
        if listed is None or 4 * len(listed.slots) < count:
            return None
        likely = listed.likely()
        high = self._high(listed, listed.slots, listed.products, likely)
        return Bounded(
            listed.slots,
            2.0 * listed.products - high,
            high,
            lambda slots: self._high(listed, slots, listed.rest, likely),
        )

    def _high(
        self, listed: Listed, slots: Slots, products: Floats | float, off: tuple[float, float]
    ) -> Floats:
        share, rounding = off
        errors = self.errors[slots].astype(np.float64)
        return np.asarray(products + share * listed.length * errors + rounding)

    def listed(
        self, row: NDArray[np.float32], count: int, allowed: NDArray[np.bool_]
    ) -> Listed | None:
        """About `count` allowed slots, more or fewer; None for a query that FAISS's sums cannot
        hold and where too few are allowed."""
        passing, size = int(np.count_nonzero(allowed)), len(allowed)
        wanted = count if passing == size else int(_SPREAD * count * size / max(passing, 1))
        if wanted > _MOST or _PART * passing < size:
            return None
        turned = np.asarray(row @ self.turn.T, np.float32)
        length = float(np.linalg.norm(row))
        widths = np.abs(turned[0]) * self.widths
        unit = float(widths.max()) / 255.0
        if unit <= 0.0 or float(widths.sum()) > _SUMS * unit:
            return None
        wanted = min(wanted, size)
        products, slots = (found[0] for found in self.index.search(turned, wanted))
        rest = -np.inf if wanted == size else float(products[-1])
        kept = allowed[slots]
        found = products[kept].astype(np.float64)
        return Listed(slots[kept], found, rest, length, unit, len(widths))


def _nth(values: Floats, n: int) -> float:
    """The n-th largest."""
    return float(np.partition(values, len(values) - n)[len(values) - n])


def paths(path: Path) -> tuple[Path, Path]:
    """Where the codes of the vectors in a file lie, and what they mean."""
    return path.with_name(f"{path.name}.coarse"), path.with_name(f"{path.name}.coarse.npz")


def write(path: Path, vectors: NDArray[np.float16]) -> None:
    """Writes the codes of (n, dim) vectors beside their file."""
    dim = vectors.shape[1]
    turn = np.linalg.qr(np.random.default_rng(_SEED).standard_normal((dim, dim)))[0]
    turn = np.asarray(turn, np.float32)
    sample = vectors[:: max(len(vectors) // _SAMPLE, 1)].astype(np.float32) @ turn.T
    scales = np.maximum(sample.std(axis=0), 1e-6).astype(np.float32)
    sample /= scales
    levels = _levels(sample)
    edges = (levels[1:] + levels[:-1]) / 2.0
    library = faiss()
    plain = library.IndexPQ(dim, dim, 4, library.METRIC_INNER_PRODUCT)
    library.copy_array_to_vector(
        np.outer(scales, levels).astype(np.float32).ravel(), plain.pq.centroids
    )
    plain.is_trained = True
    errors = np.zeros(len(vectors), np.float64)
    for first in range(0, len(vectors), _BLOCK):
        block = vectors[first : first + _BLOCK].astype(np.float32) @ turn.T
        block /= scales
        codes = _coded(block, edges)
        plain.add_sa_codes(_packed(codes))
        block -= levels[codes]
        block *= scales
        errors[first : first + _BLOCK] = np.sqrt(np.einsum("ij,ij->i", block, block))
    kept = (errors + _TURNED).astype(np.float16)
    kept = np.where(kept < errors + _TURNED, np.nextafter(kept, np.float16(np.inf)), kept)
    error = float(np.quantile(kept, 1.0 - _APART, method="lower"))
    codes_path, about_path = paths(path)
    library.write_index(library.IndexPQFastScan(plain), str(codes_path))
    about_path.write_bytes(archive.pack({
        "turn": turn, "widths": scales * (levels[-1] - levels[0]), "errors": kept,
        "error": np.asarray([error]),
    }))  # fmt: skip


def _levels(sample: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sixteen numbers that are nearest to these in the mean of squares (Lloyd 1982)."""
    values = np.sort(sample.ravel()[:: max(sample.size // 1_000_000, 1)].astype(np.float64))
    sums = np.concatenate([[0.0], np.cumsum(values)])
    found = np.quantile(values, (np.arange(_LEVELS) + 0.5) / _LEVELS)
    for _ in range(_ROUNDS):
        inner = np.searchsorted(values, (found[1:] + found[:-1]) / 2.0)
        bounds = np.concatenate([[0], inner, [len(values)]])
        sizes = np.diff(bounds)
        means = np.diff(sums[bounds]) / np.maximum(sizes, 1)
        found = np.where(sizes > 0, means, found)
    return found.astype(np.float32)


def _coded(block: NDArray[np.float32], edges: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The level of each component: how many edges it lies above (five times as quick as a binary
    search, where what is counted stays in the cache)."""
    codes = np.zeros(block.shape, np.uint8)
    for first in range(0, len(block), _CACHED):
        some, counted = block[first : first + _CACHED], codes[first : first + _CACHED]
        for edge in edges:
            counted += some > edge
    return codes


def _packed(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, dim) codes, two in a byte, the first one in the lower half."""
    if codes.shape[1] % 2:
        codes = np.column_stack([codes, np.zeros(len(codes), np.uint8)])
    return np.ascontiguousarray(codes[:, ::2] | codes[:, 1::2] << 4)


def read(path: Path, size: int, dim: int) -> Coarse | None:
    """The codes beside a file of `size` vectors, read into memory (FAISS cannot map them); None
    when there are none.

    Raises ValueError when they do not fit.
    """
    codes_path, about_path = paths(path)
    if not (codes_path.is_file() and about_path.is_file()):
        return None
    library = faiss()
    try:
        index = library.read_index(str(codes_path))
        about = archive.unpack(about_path.read_bytes())
        turn, widths, errors = about["turn"], about["widths"], about["errors"]
        (error,) = about["error"].tolist()
    except (RuntimeError, KeyError, ValueError, OSError, archive.ArchiveInvalid) as problem:
        raise ValueError(f"向量文件读不出来：{codes_path.name}") from problem
    scanned = isinstance(index, library.IndexPQFastScan)
    if not scanned or (index.ntotal, index.d, index.M) != (size, dim, dim):
        raise ValueError(f"向量文件 {codes_path.name} 是 {index.ntotal} 条 {index.d} 维。")
    shapes = (turn.shape, widths.shape, errors.shape)
    if shapes != ((dim, dim), (dim,), (size,)) or not (error >= 0.0 and bool((errors >= 0).all())):
        raise ValueError(f"向量文件 {about_path.name} 的内容不合规。")
    apart = np.flatnonzero(errors > error).astype(np.int64)
    return Coarse(index, turn, widths, errors, error, apart)

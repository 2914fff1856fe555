"""A board's vectors once more in one byte a component: half the bytes to go through, same answer.

Going through a million vectors is waiting for memory. So where there are many, FAISS first goes
through int8 codes, and only what can be among the best by those is looked at in float16. FAISS
multiplies such codes with a query of int8, too. How far a product of the two, q' . c, can be from
that of query and vector is known: |q . v - q' . c| <= |q| |v - c| + |q - q'| |c| (Cauchy and
Schwarz), and |v - c| is at most `error` for all vectors but a few, which are always looked at. So
what comes out is exactly what going through the vectors themselves gives, or nothing, where too
many are too close to call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexes import archive
from indexes.flat import Ranked, chosen_by, faiss

LEAST = 300_000
"""Vectors from which it pays: looking at the thousands in doubt takes some 2 ms."""
_SAMPLE = 50_000  # vectors that tell how the components are spread
_CLIPPED = 2e-6  # share of the components that are cut off: wider steps for these cost all others
# Share of the vectors that are further from their codes than the others and looked at always:
# with 0.003 left out the error of a board of pieces of papers is 0.011, with 0.001 0.020.
_APART = 3e-3
_FIRST, _MOST = 5, 16  # so many times k are asked for, and if these do not decide it, so many
_BLOCK = 50_000
_TIE = 1e-9  # beyond what float64 sums of equal vectors differ by

Slots = NDArray[np.int64]
Exact = Callable[[Slots], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Coarse:
    """The codes of the vectors in a base."""

    index: Any
    steps: NDArray[np.float32]
    """(dim,) what one unit of a code is worth in each component."""
    error: float
    """The largest distance of a vector, none of `apart`, from its code."""
    length: float
    """Of the longest code, in units."""
    apart: Slots
    """The vectors that are further from their codes, ascending,"""
    distant: NDArray[np.float32]
    """and these themselves, (apart, dim)."""

    def best(
        self, row: NDArray[np.float32], k: int, allowed: NDArray[np.bool_], exact: Exact
    ) -> Ranked | None:
        """The k best allowed slots and all that tie with the last, by `exact` products of some
        slots with the query `row`, (1, dim); None when the codes cannot tell."""
        count = int(np.count_nonzero(allowed))
        worth = row * self.steps  # of one unit of a code
        scale = 127.0 / max(float(np.abs(worth).max()), 1e-30)
        units = np.rint(worth * scale)
        rounding = float(np.linalg.norm(worth * scale - units)) * self.length / scale
        off = self.error * float(np.linalg.norm(row)) + rounding + _TIE
        options, _kept = chosen_by(allowed, count)
        distant = self.distant @ row[0]
        distant[~allowed[self.apart]] = -np.inf
        sure, values = np.zeros(0, np.int64), np.zeros(0)
        for times in (_FIRST, _MOST):
            wanted = min(times * k, count)
            if wanted <= k:
                return None
            products, slots = (
                found[0] for found in self.index.search(units, wanted, params=options)
            )
            rough = products / scale
            if not len(sure):
                sure, values = slots[:k], exact(slots[:k])
            least = _nth(values, k)
            if wanted < count and rough[-1] + off > least:
                # the best by their codes need not be the best: looking at all that were returned
                # raises what must be reached, and costs a tenth of going through the codes again
                sure, values = slots, exact(slots)
                least = _nth(values, k)
            if wanted == count or rough[-1] + off <= least:
                break  # none that was not returned can have as much
        else:
            return None
        doubtful = int(np.searchsorted(-rough, off - least, "right"))
        apart = self.apart[distant + off >= least]
        open_ = np.setdiff1d(np.concatenate([slots[:doubtful], apart]), sure)
        seen = np.concatenate([sure, open_])
        values = np.concatenate([values, exact(open_)])
        least = _nth(values, k)
        among = values >= least - _TIE
        rest = float(values[~among].max(initial=-np.inf))
        if len(seen) < count:  # the best of those not looked at, returned or not
            rest = max(rest, float(rough[min(doubtful, wanted - 1)]) + off)
        return Ranked(seen[among].astype(np.int64), values[among].astype(np.float32), rest, 0.0)


def _nth(values: NDArray[np.float64], n: int) -> float:
    """The n-th largest."""
    return float(np.partition(values, len(values) - n)[len(values) - n])


def paths(path: Path) -> tuple[Path, Path]:
    """Where the codes of the vectors in a file lie, and what they mean."""
    return path.with_name(f"{path.name}.coarse"), path.with_name(f"{path.name}.coarse.npz")


def write(path: Path, vectors: NDArray[np.float16]) -> None:
    """Writes the codes of (n, dim) vectors beside their file."""
    sample = vectors[:: max(len(vectors) // _SAMPLE, 1)].astype(np.float32)
    edges = np.quantile(np.abs(sample), 1.0 - _CLIPPED, axis=0)
    steps = np.maximum(edges / 127.0, 1e-6).astype(np.float32)
    dim = vectors.shape[1]
    library = faiss()
    index = library.IndexScalarQuantizer(
        dim, library.ScalarQuantizer.QT_8bit_direct_signed, library.METRIC_INNER_PRODUCT
    )
    errors, lengths = np.zeros(len(vectors), np.float32), np.zeros(len(vectors), np.float32)
    for first in range(0, len(vectors), _BLOCK):
        block = vectors[first : first + _BLOCK].astype(np.float32)
        units = np.clip(np.rint(block / steps), -127.0, 127.0).astype(np.float32)
        index.add(units)
        lengths[first : first + _BLOCK] = np.sqrt(np.einsum("ij,ij->i", units, units))
        units *= steps
        units -= block
        errors[first : first + _BLOCK] = np.sqrt(np.einsum("ij,ij->i", units, units))
    error = float(np.quantile(errors, 1.0 - _APART, method="lower")) * (1.0 + 1e-5)
    codes_path, about_path = paths(path)
    library.write_index(index, str(codes_path))
    about = np.asarray([error, float(lengths.max(initial=0.0))])
    apart = np.flatnonzero(errors > error).astype(np.int64)
    about_path.write_bytes(archive.pack({
        "steps": steps, "apart": apart, "distant": vectors[apart], "about": about,
    }))  # fmt: skip


def read(path: Path, size: int, dim: int) -> Coarse | None:
    """The mapped codes beside a file of `size` vectors; None when there are none.

    Raises ValueError when they do not fit.
    """
    codes_path, about_path = paths(path)
    if not (codes_path.is_file() and about_path.is_file()):
        return None
    library = faiss()
    try:
        index = library.read_index(str(codes_path), library.IO_FLAG_MMAP_IFC)
        about = archive.unpack(about_path.read_bytes())
        steps, apart = about["steps"], about["apart"]
        distant = about["distant"].astype(np.float32)
        error, length = about["about"].tolist()
    except (RuntimeError, KeyError, OSError, archive.ArchiveInvalid) as problem:
        raise ValueError(f"向量文件读不出来：{codes_path.name}") from problem
    if (index.ntotal, index.d, index.code_size, steps.shape) != (size, dim, dim, (dim,)):
        raise ValueError(f"向量文件 {codes_path.name} 是 {index.ntotal} 条 {index.d} 维。")
    inside = not len(apart) or 0 <= apart.min() <= apart.max() < size
    inside &= distant.shape == (len(apart), dim)
    if not (error >= 0.0 and length >= 0.0 and inside):
        raise ValueError(f"向量文件 {about_path.name} 的内容不合规。")
    return Coarse(index, steps, error, length, apart, distant)

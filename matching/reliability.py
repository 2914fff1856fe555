"""Does a level mean what it promises? Probabilities against grades.

Expected calibration error over ten bins of equal width (Guo et al. 2017), and the Brier score
(Brier 1950) beside that of a forecaster who always names the base rate: calibration alone could
be had by saying nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.fusion import LEVELS, Fusion

BINS = 10
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs whose predicted probability lies in one tenth."""

    pairs: int
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """How well P(grade >= `grade`) fits a graded set."""

    grade: int
    pairs: int
    base_rate: float
    error: float
    """Expected calibration error."""
    brier: float
    brier_base: float
    bins: tuple[Bin, ...]


def reliability(probabilities: Floats, grades: NDArray[np.int64], grade: int) -> Reliability:
    """Compares predicted probabilities (pairs,) with grades (pairs,)."""
    hits = (grades >= grade).astype(np.float64)
    place = np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)
    bins, error = [], 0.0
    for number in range(BINS):
        inside = place == number
        count = int(inside.sum())
        predicted = float(probabilities[inside].mean()) if count else 0.0
        observed = float(hits[inside].mean()) if count else 0.0
        bins.append(Bin(count, predicted, observed))
        error += count / max(len(hits), 1) * abs(predicted - observed)
    base = float(hits.mean()) if len(hits) else 0.0
    brier = float(((probabilities - hits) ** 2).mean()) if len(hits) else 0.0
    return Reliability(grade, len(hits), base, error, brier, base * (1.0 - base), tuple(bins))


def confusion(fusion: Fusion, fused: Floats, grades: NDArray[np.int64]) -> dict[str, list[int]]:
    """Level -> pairs of grade 0, 1, 2 and 3."""
    levels = [fusion.level(float(value)) for value in fused]
    table = {name: [0, 0, 0, 0] for name in (*LEVELS, "无")}
    for name, grade in zip(levels, grades.tolist(), strict=True):
        table[name][min(max(grade, 0), 3)] += 1
    return table


def as_json(found: Sequence[Reliability], levels: dict[str, list[int]]) -> dict[str, Any]:
    """Plain values for a JSON file."""
    return {
        "grades": [
            {
                "grade": each.grade,
                "pairs": each.pairs,
                "base_rate": each.base_rate,
                "ece": each.error,
                "brier": each.brier,
                "brier_base": each.brier_base,
                "bins": [[b.pairs, b.predicted, b.observed] for b in each.bins],
            }
            for each in found
        ],
        "levels": levels,
    }

"""Learns the ranking's weights, calibration and level bounds from graded pairs.

Only training imports this (scipy). Whatever is learned is measured on queries it has not seen:
weights and curves are fitted in turn on all queries but a fifth, and judged on that fifth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.documents import Kind
from matching.encoder import Encoder
from matching.engine import Attributes, Engine
from matching.evaluate import Dataset, gain
from matching.features import FEATURES
from matching.fusion import LEVELS, RELATED, WORTH, Fusion

Floats = NDArray[np.float64]

FOLDS = 5
# Strength of the pull towards equal weights of all (standardised) features: forty queries cannot
# tell ten correlated features apart, and weights that differ a lot would be read from noise.
PULL = 30.0
SUPPORT = 30  # graded pairs that must stand behind the best level, or its bound moves down
# What a level promises (see docs/matching.md): grade and least probability of that grade.
PROMISES = {"强": (WORTH, 0.4), "较强": (RELATED, 0.4), "弱": (RELATED, 0.12)}


@dataclass(frozen=True, slots=True)
class Pairs:
    """Graded pairs: features (pairs, FEATURES), grades (pairs,), and each pair's query number."""

    features: Floats
    grades: NDArray[np.int64]
    queries: NDArray[np.int64]

    def of(self, chosen: NDArray[np.bool_]) -> Pairs:
        """Only some of them."""
        return Pairs(self.features[chosen], self.grades[chosen], self.queries[chosen])


class TooFew(ValueError):
    """There are not enough graded pairs to learn from; the message says how many are needed."""


def collect(data: Dataset, encoder: Encoder, reverse: bool = False) -> Pairs:
    """The graded pairs of a set as the ranking sees them; `reverse` asks from the other side."""
    texts, queries = (data.queries, data.corpus) if reverse else (data.corpus, data.queries)
    graded = [(q, d, g) for q, found in data.grades.items() for d, g in found.items()]
    if reverse:
        graded = [(d, q, g) for q, d, g in graded]
    ids = {key: n for n, key in enumerate(texts)}
    engine = Engine(encoder)
    kind = Kind.NEED if reverse else Kind.OUTCOME
    prepared = engine.prepare_many(list(texts.values()))
    engine.apply(kind, [(n, one, Attributes()) for n, one in enumerate(prepared)])
    features, grades, numbers = [], [], []
    asked: dict[str, list[tuple[str, int]]] = {}
    for query, text, grade in graded:
        asked.setdefault(query, []).append((text, grade))
    for number, (query, found) in enumerate(asked.items()):
        one = engine.prepare(*queries[query])
        features.append(engine.features(one, kind, [ids[text] for text, _ in found]))
        grades += [grade for _, grade in found]
        numbers += [number] * len(found)
    return Pairs(
        np.concatenate(features) if features else np.zeros((0, len(FEATURES))),
        np.asarray(grades, np.int64),
        np.asarray(numbers, np.int64),
    )


def weigh(pairs: Pairs, pull: float = PULL) -> tuple[Floats, dict[int, tuple[float, float]]]:
    """Weights (FEATURES,) and the two curves by proportional odds, both grades at once.

    Weights are pulled towards those that give every standardised feature the same part.
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    _enough(pairs)
    spread = pairs.features.std(axis=0) + 1e-9
    scaled = pairs.features / spread
    size = scaled.shape[1]
    targets = [(pairs.grades >= grade).astype(float) for grade in (RELATED, WORTH)]

    def loss(values: Floats) -> tuple[float, Floats]:
        weights, offsets = values[:size], values[size:]
        fused = scaled @ weights
        away = weights - weights.mean()
        total = pull * float(away @ away)
        slope = np.zeros_like(values)
        slope[:size] = 2 * pull * away
        for number, target in enumerate(targets):
            odds = fused + offsets[number]
            total += float((np.logaddexp(0, odds) - target * odds).sum())
            error = 1 / (1 + np.exp(-odds)) - target
            slope[:size] += scaled.T @ error
            slope[size + number] += error.sum()
        return total, slope

    start = np.r_[np.full(size, 0.2), -2.0, -4.0]
    limits = [(0.0, None)] * size + [(None, None)] * 2
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=limits)
    offsets = found.x[size:]
    curves = {RELATED: (1.0, float(offsets[0])), WORTH: (1.0, float(offsets[1]))}
    return np.asarray(found.x[:size] / spread), curves


def curve(fused: Floats, hits: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope (not negative) and offset of P(hit) over fused values (Platt 1999, his targets).

    Platt's targets (n + 1) / (n + 2) and 1 / (n + 2) keep few examples from a too sure curve.
    """
    from scipy.optimize import minimize

    yes, no = int(hits.sum()), int((~hits).sum())
    target = np.where(hits, (yes + 1) / (yes + 2), 1 / (no + 2))

    def loss(values: Floats) -> tuple[float, Floats]:
        odds = values[0] * fused + values[1]
        error = 1 / (1 + np.exp(-odds)) - target
        return float((np.logaddexp(0, odds) - target * odds).sum()), np.asarray(
            [error @ fused, error.sum()]
        )

    found = minimize(loss, np.asarray([1.0, -2.0]), jac=True, method="L-BFGS-B",
                     bounds=[(0.0, None), (None, None)])  # fmt: skip
    return float(found.x[0]), float(found.x[1])


def held_out(pairs: Pairs, pull: float = PULL) -> Floats:
    """(pairs,) fused values, each by weights that were learned without that pair's query."""
    fused = np.zeros(len(pairs.grades))
    for fold in range(FOLDS):
        inside = pairs.queries % FOLDS == fold
        weights, curves = weigh(pairs.of(~inside), pull)
        fused[inside] = pairs.features[inside] @ weights + curves[RELATED][1]
    return fused


def learn(pairs: Pairs, about: Mapping[str, Any], pull: float = PULL) -> Fusion:
    """Weights from all pairs; curves and bounds from fused values of held-out queries.

    Raises TooFew.
    """
    weights, curves = weigh(pairs, pull)
    outside = held_out(pairs, pull) - curves[RELATED][1]
    fitted = {g: curve(outside, pairs.grades >= g) for g in (RELATED, WORTH)}
    plain = Fusion(tuple(float(w) for w in weights), fitted, PROMISES)
    bounds = dict(PROMISES)
    sure = np.sort(plain.probability(outside, WORTH))[::-1]
    grade, least = bounds["强"]
    if len(sure) >= SUPPORT:
        bounds["强"] = (grade, float(min(least, sure[SUPPORT - 1])))
    levels = np.asarray([plain.level(float(z)) for z in outside])
    figures = {
        "pairs": len(pairs.grades),
        "queries": int(pairs.queries.max()) + 1,
        "ndcg@10": round(ndcg(pairs, outside), 4),
        "per_level": {name: int((levels == name).sum()) for name in (*LEVELS, "无")},
    }
    return Fusion(plain.weights, fitted, bounds, {**about, "held_out": figures})


def ndcg(pairs: Pairs, fused: Floats) -> float:
    """Mean nDCG@10 over the queries with anything relevant, graded pairs only."""
    return float(np.mean(list(per_query(pairs, fused).values())))


def per_query(pairs: Pairs, fused: Floats) -> dict[int, float]:
    """nDCG@10 of each query that has a grade above 0; ties keep the given order."""
    found = {}
    for query in np.unique(pairs.queries):
        inside = pairs.queries == query
        grades = pairs.grades[inside]
        if grades.max() > 0:
            got = grades[np.argsort(-fused[inside], kind="stable")]
            found[int(query)] = gain(got.tolist()) / gain(sorted(grades.tolist(), reverse=True))
    return found


def interval(values: Sequence[float], draws: int = 2000, seed: int = 7) -> tuple[float, float]:
    """The 95 % bootstrap interval of a mean over queries (Efron & Tibshirani 1993)."""
    numbers = np.asarray(values, np.float64)
    if not len(numbers):
        return 0.0, 0.0
    rng = np.random.default_rng(seed)
    means = rng.choice(numbers, (draws, len(numbers))).mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def _enough(pairs: Pairs) -> None:
    for grade, least in ((RELATED, 20), (WORTH, 5)):
        found = int((pairs.grades >= grade).sum())
        if found < least:
            raise TooFew(
                f"可学习的样本不足：评分 ≥ {grade} 的配对需要至少 {least} 对，现在 {found} 对。"
            )

"""Learns the ranking's weights, calibration and level bounds from graded pairs.

Only training imports this (scipy). Whatever is learned is measured on queries it has not seen:
weights and curves are fitted in turn on all queries but a fifth, and judged on that fifth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.documents import Kind
from matching.encoder import Encoder
from matching.engine import Attributes, Engine
from matching.evaluate import Dataset, gain, interval
from matching.features import FEATURES
from matching.fusion import LEVELS, RELATED, WORTH, Fusion

Floats = NDArray[np.float64]

GRADED = Path(__file__).with_name("graded")
"""The set of our own writing from which the bundled ranking is learned."""
FOLDS = 5
# Strength of the pull towards equal weights of all (standardised) features: forty queries cannot
# tell ten correlated features apart, and weights that differ a lot would be read from noise.
PULL = 100.0
# How much an unrelated pair counts. The set has 200 outcomes, a city's board thousands, so more
# unrelated outcomes come up high there than the set's near-misses can stand for. Anything from 1
# (the set as it is) to 2 keeps the calibration error on eval/market at 0.05 or below.
CROWD = 1.5
LEAST_ASKERS, LEAST_WORDS = 30, 200  # below, chance decides more than people
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


def collect(data: Dataset, encoder: Encoder) -> Pairs:
    """The graded pairs of a set as the ranking sees them (`evaluate.turned` turns a set)."""
    ids = {key: n for n, key in enumerate(data.corpus)}
    engine = Engine(encoder)
    prepared = engine.prepare_many(list(data.corpus.values()))
    engine.apply(Kind.OUTCOME, [(n, one, Attributes()) for n, one in enumerate(prepared)])
    features: list[Floats] = []
    grades: list[int] = []
    numbers: list[int] = []
    for number, (query, found) in enumerate(data.grades.items()):
        one = engine.prepare(*data.queries[query])
        features.append(engine.features(one, Kind.OUTCOME, [ids[text] for text in found]))
        grades += found.values()
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
            counts = np.where(target > 0, 1.0, CROWD)
            total += float((counts * (np.logaddexp(0, odds) - target * odds)).sum())
            error = counts * (1 / (1 + np.exp(-odds)) - target)
            slope[:size] += scaled.T @ error
            slope[size + number] += error.sum()
        return total, slope

    start = np.r_[np.full(size, 0.2), -2.0, -4.0]
    limits = [(0.0, None)] * size + [(None, None)] * 2
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=limits)
    offsets = found.x[size:]
    curves = {RELATED: (1.0, float(offsets[0])), WORTH: (1.0, float(offsets[1]))}
    return np.asarray(found.x[:size] / spread), curves


def curve(
    fused: Floats, hits: NDArray[np.bool_], crowd: float | None = None
) -> tuple[float, float]:
    """Slope (not negative) and offset of P(hit) over fused values (Platt 1999, his targets).

    Platt's targets (n + 1) / (n + 2) and 1 / (n + 2) keep few examples from a too sure curve.
    """
    from scipy.optimize import minimize

    yes, no = int(hits.sum()), int((~hits).sum())
    counts = np.where(hits, 1.0, CROWD if crowd is None else crowd)
    target = np.where(hits, (yes + 1) / (yes + 2), 1 / (no + 2))

    def loss(values: Floats) -> tuple[float, Floats]:
        odds = values[0] * fused + values[1]
        error = counts * (1 / (1 + np.exp(-odds)) - target)
        total = float((counts * (np.logaddexp(0, odds) - target * odds)).sum())
        return total, np.asarray([error @ fused, error.sum()])

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
    bounded = Fusion(plain.weights, fitted, bounds)
    levels = np.asarray([bounded.level(float(z)) for z in outside])
    figures = {
        "pairs": len(pairs.grades),
        "queries": int(pairs.queries.max()) + 1,
        "ndcg@10": round(ndcg(pairs, outside), 4),
        "per_level": {name: int((levels == name).sum()) for name in (*LEVELS, "无")},
    }
    return Fusion(plain.weights, fitted, bounds, {**about, "held_out": figures})


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rankings on pairs that the new one has not learned from.

    `gain` is the mean, over askers, of the old one's log loss less the new one's (nats a pair,
    grades 1 and 2 averaged); `low` and `high` bound it with 95 % (bootstrap over askers).
    """

    old_loss: float
    new_loss: float
    gain: float
    low: float
    high: float
    old_ndcg: float
    new_ndcg: float
    queries: int
    pairs: int

    @property
    def wins(self) -> bool:
        """Better beyond chance, and not at the price of the order."""
        return self.low > 0.0 and self.new_ndcg >= self.old_ndcg - 0.01


def improve(
    base: Pairs, said: Pairs, old: Fusion, about: Mapping[str, Any]
) -> tuple[Fusion, Comparison]:
    """Learns from the graded set and people's words together, and compares with `old`.

    For the comparison every asker's pairs are judged by a ranking that was learned without them.
    The curves come from held-out values of people's words alone: they know how often a proposal
    on this board is worth an introduction. Raises TooFew.
    """
    if len(np.unique(said.queries)) < LEAST_ASKERS or len(said.grades) < LEAST_WORDS:
        raise TooFew(
            f"反馈还太少：至少要有 {LEAST_ASKERS} 条榜单的 {LEAST_WORDS} 条可用反馈，"
            f"现在是 {len(np.unique(said.queries))} 条榜单的 {len(said.grades)} 条。"
        )
    outside = np.zeros(len(said.grades))
    probabilities = {grade: np.zeros(len(said.grades)) for grade in (RELATED, WORTH)}
    for fold in range(FOLDS):
        inside = said.queries % FOLDS == fold
        part = _learned(base, said.of(~inside), about)
        outside[inside] = part.fused(said.features[inside])
        for grade, found in probabilities.items():
            found[inside] = part.probability(outside[inside], grade)
    before = old.fused(said.features)
    old_loss = _losses({g: old.probability(before, g) for g in probabilities}, said)
    new_loss = _losses(probabilities, said)
    differences = old_loss - new_loss
    low, high = interval(differences.tolist())
    compared = Comparison(
        float(old_loss.mean()),
        float(new_loss.mean()),
        float(differences.mean()),
        low,
        high,
        ndcg(said, before),
        ndcg(said, outside),
        len(differences),
        len(said.grades),
    )
    figures = {
        "queries": compared.queries,
        "pairs": compared.pairs,
        "gain": round(compared.gain, 4),
    }
    return _learned(base, said, {**about, "feedback": figures}), compared


def _learned(base: Pairs, said: Pairs, about: Mapping[str, Any]) -> Fusion:
    """Weights from both, curves from people's words."""
    shifted = said.queries + (int(base.queries.max()) + 1 if len(base.queries) else 0)
    both = Pairs(
        np.concatenate([base.features, said.features]),
        np.concatenate([base.grades, said.grades]),
        np.concatenate([base.queries, shifted]),
    )
    weights, _ = weigh(both)
    fused = said.features @ weights
    curves = {g: curve(fused, said.grades >= g, crowd=1.0) for g in (RELATED, WORTH)}
    return Fusion(tuple(float(w) for w in weights), curves, dict(PROMISES), about)


def _losses(probabilities: Mapping[int, Floats], pairs: Pairs) -> Floats:
    """(queries,) mean log loss of each query's pairs, grades averaged."""
    losses = np.zeros(len(pairs.grades))
    for grade, found in probabilities.items():
        sure = np.clip(found, 1e-4, 1 - 1e-4)
        hit = pairs.grades >= grade
        losses -= np.where(hit, np.log(sure), np.log(1 - sure)) / len(probabilities)
    numbers = np.unique(pairs.queries)
    return np.asarray([losses[pairs.queries == number].mean() for number in numbers])


def ndcg(pairs: Pairs, fused: Floats) -> float:
    """Mean nDCG@10 over the queries with anything relevant, graded pairs only."""
    return float(np.mean(list(per_query(pairs, fused).values()) or [0.0]))


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


def _enough(pairs: Pairs) -> None:
    for grade, least in ((RELATED, 20), (WORTH, 5)):
        found = int((pairs.grades >= grade).sum())
        if found < least:
            raise TooFew(
                f"可学习的样本不足：评分 ≥ {grade} 的配对需要至少 {least} 对，现在 {found} 对。"
            )

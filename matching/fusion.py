"""The learned part of the ranking: weights, calibration and level bounds, as one small file.

`data/ranking.json` comes with the program and is made by `jiebang train --ranking`; an operator's
own feedback makes another one (`jiebang train --from-feedback`), which takes its place only when it
wins on held-out pairs. A model of proportional odds (McCullagh 1980): one weighted sum of the
features, z, orders all pairs, and for each grade g, P(grade >= g) = 1 / (1 + exp(-(a_g z + b_g))).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.features import FEATURES

BUNDLED = Path(__file__).with_name("data") / "ranking.json"
LEVELS = ("强", "较强", "弱")
"""From the best down; below the last bound is 无."""
WORTH = 2
"""Grade from which a pair is worth an introduction: the outcome solves at least a part."""
RELATED = 1
"""Grade from which a pair is about the same field."""

Floats = NDArray[np.float64]


class RankingInvalid(ValueError):
    """The file is not a ranking of this version; the message says which part."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """Weights per feature, calibration per grade, and the bounds of the levels."""

    weights: tuple[float, ...]
    """In the order of FEATURES; none is negative: more evidence never counts against a pair."""
    curves: Mapping[int, tuple[float, float]]
    """Grade -> (slope, offset) of its logistic curve over the weighted sum."""
    bounds: Mapping[str, tuple[int, float]]
    """Level -> (grade, least probability of that grade), from the best level down."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """How it was learned: command, pairs, the encoder's fingerprint, figures."""

    @property
    def version(self) -> str:
        """Eight hexadecimal digits over everything that changes a score."""
        content = json.dumps(self._content(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()[:8]

    def _content(self) -> dict[str, Any]:
        return {
            "weights": dict(zip(FEATURES, self.weights, strict=True)),
            "curves": {str(grade): list(curve) for grade, curve in self.curves.items()},
            "bounds": {name: list(bound) for name, bound in self.bounds.items()},
        }

    def fused(self, features: Floats) -> Floats:
        """The weighted sums of (pairs, features)."""
        return np.asarray(features @ np.asarray(self.weights))

    def probability(self, fused: Floats, grade: int = WORTH) -> Floats:
        """P(grade or better) of weighted sums."""
        slope, offset = self.curves[grade]
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(slope * fused + offset, -60.0, 60.0))))

    def level(self, fused: float) -> str:
        """强, 较强, 弱 or 无 for a weighted sum."""
        for name in LEVELS:
            grade, least = self.bounds[name]
            if float(self.probability(np.asarray(fused), grade)) >= least:
                return name
        return "无"

    def to_json(self) -> str:
        """The file's text."""
        content = {**self._content(), "about": dict(self.about)}
        return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def parse(text: str) -> Fusion:
    """Reads `Fusion.to_json`; raises RankingInvalid."""
    try:
        found = json.loads(text)
        weights = tuple(float(found["weights"][name]) for name in FEATURES)
        curves = {int(g): (float(a), float(b)) for g, (a, b) in found["curves"].items()}
        bounds = {name: (int(g), float(p)) for name, (g, p) in found["bounds"].items()}
        fusion = Fusion(weights, curves, bounds, dict(found.get("about") or {}))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RankingInvalid(f"排序参数文件不合规：{error}") from error
    if set(found["weights"]) != set(FEATURES):
        raise RankingInvalid("排序参数文件的特征与本版本不同。")
    if set(bounds) != set(LEVELS) or not {grade for grade, _ in bounds.values()} <= set(curves):
        raise RankingInvalid("排序参数文件缺少等级界限或校准曲线。")
    numbers = [*weights, *(n for curve in curves.values() for n in curve)]
    if not np.isfinite(numbers).all() or min(weights) < 0 or min(a for a, _ in curves.values()) < 0:
        raise RankingInvalid("排序参数必须是有限数，权重与斜率不得为负。")
    return fusion


def read(path: Path) -> Fusion:
    """Reads a file; raises RankingInvalid with its name."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RankingInvalid(f"{path.name} 读不出来：{error}") from error
    except RankingInvalid as error:
        raise RankingInvalid(f"{path.name}：{error}") from error


@cache
def bundled() -> Fusion:
    """The ranking that comes with the program."""
    return read(BUNDLED)

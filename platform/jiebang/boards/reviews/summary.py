"""What a panel's reviews come to: means, spreads and the words, without names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from ..tracks.models import Criterion
from .models import Advice, Review

_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Line:
    """One criterion over all reviews; points from 0 to 100."""

    label: str
    weight: int
    mean: Decimal
    spread: Decimal
    """The standard deviation over all reviews (of the whole, not of a sample)."""
    low: int
    high: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """All reviews of one need or response."""

    number: int
    mean: Decimal
    """Of the weighted totals, 0 to 100."""
    spread: Decimal
    lines: tuple[Line, ...]
    advice: tuple[tuple[Advice, int], ...]
    comments: tuple[str, ...]


def total(review: Review, criteria: Sequence[Criterion]) -> Decimal:
    """The weighted total of one complete review, 0 to 100."""
    points = {score.criterion: score.points or 0 for score in review.scores}
    weights = sum(each.weight for each in criteria)
    return Decimal(sum(points[each.key] * each.weight for each in criteria)) / weights


def summary(reviews: Sequence[Review], criteria: Sequence[Criterion]) -> Summary | None:
    """The summary of complete reviews; None where there are none. The order of the words tells
    nothing of whose they are: they are sorted."""
    if not reviews:
        return None
    totals = [total(review, criteria) for review in reviews]
    lines = []
    for each in criteria:
        scores = [s for review in reviews for s in review.scores if s.criterion == each.key]
        points = [score.points or 0 for score in scores]
        lines.append(
            Line(
                each.label,
                each.weight,
                _mean([Decimal(point) for point in points]),
                _spread([Decimal(point) for point in points]),
                min(points),
                max(points),
                tuple(sorted(score.words for score in scores if score.words)),
            )
        )
    return Summary(
        len(reviews),
        _mean(totals),
        _spread(totals),
        tuple(lines),
        tuple((advice, sum(r.advice is advice for r in reviews)) for advice in Advice),
        tuple(sorted(review.comment for review in reviews if review.comment)),
    )


def _mean(values: Sequence[Decimal]) -> Decimal:
    return (sum(values, Decimal()) / len(values)).quantize(_TENTH, ROUND_HALF_UP)


def _spread(values: Sequence[Decimal]) -> Decimal:
    middle = sum(values, Decimal()) / len(values)
    variance = sum(((value - middle) ** 2 for value in values), Decimal()) / len(values)
    return variance.sqrt().quantize(_TENTH, ROUND_HALF_UP)

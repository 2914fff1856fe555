"""What conditions add to a pair's text score, and how common words are in general."""

from __future__ import annotations

from functools import cache

from indexes.columns import MISSING
from indexes.postings import Background
from matching.conditions import same_region
from matching.documents import Conditions
from matching.lexicon import FREQUENCIES

# What a stated condition may move, on the scale of the fused value, where 1 is about the distance
# between two neighbouring levels (log-odds): all of them together move less than a level, because
# text says what and conditions only whether.
FAILS, FITS, MOST = -0.3, 0.12, 0.7
BACKGROUND_WEIGHT = 300.0  # a board's own frequencies prevail from some hundreds of listings on


def shift(demand: Conditions, supply: Conditions) -> float:
    """What the conditions add to the fused value of a pair: between -MOST and MOST."""
    total = 0.0
    if demand.trl is not None and supply.trl is not None:
        total += FITS if supply.trl >= demand.trl else FAILS
    budget = demand.money_high if demand.money_high is not None else demand.money_low
    price = supply.money_low if supply.money_low is not None else supply.money_high
    if budget is not None and price is not None:
        soft = demand.negotiable or supply.negotiable
        total += FITS if price <= budget else FAILS / 2 if soft else FAILS
    if demand.modes and supply.modes:
        total += FITS if demand.modes & supply.modes else FAILS
    if demand.education and supply.education:
        total += FITS if demand.education == supply.education else FAILS
    if demand.region and supply.region and same_region(demand.region, supply.region):
        total += FITS
    for name in ("industry", "chain"):
        asked = getattr(demand, name)
        if asked and asked == getattr(supply, name):
            total += FITS
    return max(-MOST, min(MOST, total))


@cache
def background() -> Background:
    """How common words are in general; an empty one when the file is missing."""
    counts: dict[str, int] = {}
    texts = 1
    if FREQUENCIES.is_file():
        with FREQUENCIES.open(encoding="utf-8") as lines:
            texts = int(next(lines).split(";")[0].split()[-1])
            for line in lines:
                word, count = line.split()
                counts[word] = int(count)
    return Background(counts, texts, BACKGROUND_WEIGHT)


def stated(value: int) -> int | None:
    """A number of a column, None when it is not stated."""
    return None if value == MISSING else value

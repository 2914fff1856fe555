"""People's words on proposed pairs as graded pairs, for the ranking to learn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from matching.features import FEATURES
from matching.fusion import RELATED, WORTH
from matching.learning import Pairs

from .models import Feedback, Verdict

# What a reason says of the pair's texts. A price or a date that does not suit says that the field
# was right; 方向无关 says that it was not. 已有方案, 描述不清, 已选定他方, 榜单已结束 and 其他 say
# nothing of the pair.
UNRELATED = frozenset({"unrelated"})
SILENT = frozenset({"solved", "unclear", "another_chosen", "listing_ended", "other"})


@dataclass(frozen=True, slots=True)
class Words:
    """Feedback as pairs, and how many words could not be used and why."""

    pairs: Pairs
    silent: int
    """Their reason says nothing about how well the texts fit."""
    outdated: int
    """Made under another model, so that the stored features mean something else."""


def grade(word: Feedback) -> int | None:
    """The grade that a word stands for; None when it says nothing of the pair."""
    if word.verdict is Verdict.FITS:
        return WORTH
    if word.reason in SILENT:
        return None
    return 0 if word.reason in UNRELATED else RELATED


def collect(session: Session, model: str) -> Words:
    """All usable feedback under this model; of several words on one pair the last counts."""
    latest: dict[tuple[int, int], Feedback] = {}
    for word in session.scalars(select(Feedback).order_by(Feedback.at, Feedback.id)):
        latest[word.listing_id, word.other_id] = word
    features: list[list[float]] = []
    grades: list[int] = []
    askers: list[int] = []
    silent = outdated = 0
    for word in latest.values():
        found = grade(word)
        if found is None:
            silent += 1
        elif word.model.split("+")[0] != model or not set(FEATURES) <= set(word.parts):
            outdated += 1
        else:
            features.append([float(word.parts[name]) for name in FEATURES])
            grades.append(found)
            askers.append(word.listing_id)
    numbers = np.unique(np.asarray(askers, np.int64), return_inverse=True)[1]
    table = np.asarray(features, np.float64).reshape(-1, len(FEATURES))
    return Words(Pairs(table, np.asarray(grades, np.int64), numbers), silent, outdated)

"""A track's values as they were on a day: switches, clocks, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from jiebang.core.base import Base, UtcDateTime, enum_column

from ..models import Track

CLOCKS = (
    "interest_days", "answer_days", "idle_days", "formality_days", "return_days", "decision_days",
    "introduction_days", "escalate_days", "review_days", "publicity_days",
    "objection_days", "agreement_days", "confirm_days", "judge_days", "rectify_days", "pay_days",
)  # fmt: skip
SWITCHES = (
    "formality", "shortlist", "joint", "several", "one_each", "need_review", "response_review",
    "issuer_reads", "publicity", "milestone_check", "milestone_expert",
    "batched",
)  # fmt: skip
MOST_EXPERTS = 15
LONGEST = 60
"""Working days that a clock may have at most."""


class RelatedRule(StrEnum):
    """What becomes of a response from a related party."""

    BARRED = "barred"
    DISCLOSED = "disclosed"


class DecisionFrom(StrEnum):
    """When the clock of a decision starts."""

    FILING = "filing"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Criterion:
    """What experts score from 0 to 100; the weights of a set add up to 100."""

    key: str
    label: str
    weight: int
    hint: str


class TrackVersion(Base):
    """One version of a track. What runs keeps the version that it started with."""

    __tablename__ = "track_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    track: Mapped[Track] = mapped_column(enum_column(Track, "track"))
    number: Mapped[int]
    valid_from: Mapped[date]
    related: Mapped[RelatedRule] = mapped_column(enum_column(RelatedRule, "related"))
    formality: Mapped[bool]
    """The platform checks a response before the issuer reads it."""
    shortlist: Mapped[bool]
    """Only what was shortlisted can be selected."""
    joint: Mapped[bool]
    """Consortia (联合体) may answer."""
    several: Mapped[bool]
    """The issuer may select more than one."""
    one_each: Mapped[bool]
    """One live response per organisation, whoever leads the project."""
    decision_from: Mapped[DecisionFrom] = mapped_column(enum_column(DecisionFrom, "decision_from"))
    interest_days: Mapped[int]
    """Working days, as all that follow: to answer an interest."""
    answer_days: Mapped[int]
    """To answer a question in a thread."""
    idle_days: Mapped[int]
    """Until both sides of a quiet thread are asked whether they go on."""
    formality_days: Mapped[int]
    return_days: Mapped[int]
    """To improve what was returned."""
    decision_days: Mapped[int]
    introduction_days: Mapped[int]
    escalate_days: Mapped[int]
    """From each step of the escalation to the next: holder, specialist, operator."""
    need_review: Mapped[bool]
    """Experts review a need before it is published."""
    response_review: Mapped[bool]
    """Experts review responses before any is shortlisted or selected."""
    issuer_reads: Mapped[bool]
    """The issuer reads the experts' scores once the review is concluded; never their names."""
    need_experts: Mapped[int]
    """So many reviews at least before a review is concluded, as `response_experts`."""
    response_experts: Mapped[int]
    review_days: Mapped[int]
    """For an expert to declare and to score."""
    need_criteria: Mapped[list[Any]]
    """Rows of `Criterion`'s fields, as `response_criteria`."""
    response_criteria: Mapped[list[Any]]
    publicity: Mapped[bool]
    """A selection is public for `publicity_days` before an agreement on it can be confirmed."""
    publicity_days: Mapped[int]
    objection_days: Mapped[int]
    """To decide an objection."""
    agreement_days: Mapped[int]
    """For a party's turn while an agreement is written."""
    confirm_days: Mapped[int]
    """To confirm the version that lies before the parties."""
    batched: Mapped[bool] = mapped_column(default=False)
    """A need belongs to a batch before it is published, and is answered in its window alone."""
    milestone_check: Mapped[bool]
    """The platform confirms that a milestone, or the acceptance, is passed."""
    milestone_expert: Mapped[bool] = mapped_column(default=False)
    """Where the platform confirms a milestone, an expert whom it asks does (not the acceptance)."""
    judge_days: Mapped[int]
    """To judge what was handed in for a milestone or for the acceptance."""
    rectify_days: Mapped[int]
    """To hand in again what is to be rectified."""
    pay_days: Mapped[int]
    """To pay what is payable, to confirm a payment, and to answer a request."""
    source: Mapped[str] = mapped_column(Text)
    """Where the values come from."""
    verified: Mapped[bool] = mapped_column(default=False)
    """Whether somebody compared the values with the source itself."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    """None: shipped with the platform."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("uq_track_version_track_number", "track", "number", unique=True),
        CheckConstraint("source <> ''", name="source"),
        CheckConstraint(
            f"need_experts BETWEEN 1 AND {MOST_EXPERTS}"
            f" AND response_experts BETWEEN 1 AND {MOST_EXPERTS}",
            name="experts",
        ),
        *(CheckConstraint(f"{name} BETWEEN 1 AND {LONGEST}", name=name) for name in CLOCKS),
    )

    def criteria(self, *, of_needs: bool) -> tuple[Criterion, ...]:
        """What experts score on this version of the track, in the order of the form."""
        rows = self.need_criteria if of_needs else self.response_criteria
        return tuple(Criterion(**row) for row in rows)

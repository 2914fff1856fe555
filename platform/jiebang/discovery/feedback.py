"""A person's word on a proposed pair, with the reason codes of DOMAIN.md."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.errors import Invalid
from jiebang.core.permissions import Actor, Line
from jiebang.core.reasons import ReasonCode, choices

from .engine import Discovery
from .models import Feedback, Suggestion, Verdict

UNRELATED = ("unrelated", "方向无关")


def reasons(line: Line) -> dict[str, str]:
    """Reason codes of a line with their labels; 方向无关 and 其他 are always there."""
    return {UNRELATED[0]: UNRELATED[1], **dict(choices(line))}


def give(
    session: Session,
    actor: Actor,
    line: Line,
    listing_id: int,
    other_id: int,
    reason: str,
    note: str = "",
    parts: dict[str, Any] | None = None,
    model: str = "",
) -> None:
    """Stores 不合适 for a pair; a reason is required, 其他 needs a sentence."""
    if reason not in reasons(line):
        raise Invalid({"reason": "请选择不合适的原因。"})
    if reason == ReasonCode.OTHER and not note.strip():
        raise Invalid({"note": "选择“其他”时，请用一句话说明原因。"})
    if len(note) > 500:
        raise Invalid({"note": f"说明最多 500 字，现在 {len(note)} 字。"})
    _store(session, actor, listing_id, other_id, Verdict.UNFIT, reason, note.strip(), parts, model)
    audit.record(
        session, actor, "match.dismissed", "listing", listing_id,
        organisation_id=actor.organisation_id, other=other_id, reason=reason,
    )  # fmt: skip


def agree(
    session: Session,
    actor: Actor,
    listing_id: int,
    other_id: int,
    parts: dict[str, Any],
    model: str,
) -> None:
    """Stores that somebody took a proposed pair up: the ranking learns from it as from 不合适."""
    _store(session, actor, listing_id, other_id, Verdict.FITS, "", "", parts, model)


def take_up(
    discovery: Discovery, session: Session, actor: Actor, listing_id: int, other_id: int
) -> bool:
    """`agree` with what the ranking sees of the pair now; once for an organisation and a pair.

    Says whether it was stored: a listing that is not in the index any more teaches nothing.
    """
    known = session.scalars(
        select(Feedback.id).where(
            Feedback.listing_id == listing_id,
            Feedback.other_id == other_id,
            Feedback.organisation_id == actor.organisation_id,
            Feedback.verdict == Verdict.FITS,
        )
    ).first()
    if known is not None:
        return False
    parts, model = discovery.parts(session, listing_id, other_id)
    if parts:
        agree(session, actor, listing_id, other_id, parts, model)
    return bool(parts)


def turn_down(
    discovery: Discovery,
    session: Session,
    actor: Actor,
    listing_id: int,
    other_id: int,
    reason: str,
) -> bool:
    """不合适 from an answer given elsewhere (a declined interest), with the reason given there.

    The sentence that went with it was written to the other side and is not copied. Says whether it
    was stored, as `take_up` does.
    """
    parts, model = discovery.parts(session, listing_id, other_id)
    if parts:
        _store(session, actor, listing_id, other_id, Verdict.UNFIT, reason, "", parts, model)
    return bool(parts)


def _store(
    session: Session,
    actor: Actor,
    listing_id: int,
    other_id: int,
    verdict: Verdict,
    reason: str,
    note: str,
    parts: dict[str, Any] | None,
    model: str,
) -> None:
    known = session.scalars(
        select(Suggestion).where(
            Suggestion.listing_id == listing_id, Suggestion.other_id == other_id
        )
    ).first()
    session.add(
        Feedback(
            listing_id=listing_id,
            other_id=other_id,
            organisation_id=actor.organisation_id,
            user_id=actor.user_id,
            verdict=verdict,
            reason=reason,
            note=note,
            model=model or (known.model if known else ""),
            score=known.score if known else None,
            parts=parts or {},
            at=clock.now(),
        )
    )

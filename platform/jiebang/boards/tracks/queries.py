"""Which version of a track applies."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core import clock

from ..models import Track
from .models import TrackVersion


def current(session: Session, track: Track) -> TrackVersion:
    """The version that what starts today is bound to: of those that are valid already the one
    that became so last; of several with one day the newest."""
    return session.scalars(
        select(TrackVersion)
        .where(TrackVersion.track == track, TrackVersion.valid_from <= clock.today())
        .order_by(TrackVersion.valid_from.desc(), TrackVersion.number.desc())
        .limit(1)
    ).one()


def all_versions(session: Session, track: Track) -> Sequence[TrackVersion]:
    """Every version of a track, newest first."""
    return session.scalars(
        select(TrackVersion).where(TrackVersion.track == track).order_by(TrackVersion.number.desc())
    ).all()

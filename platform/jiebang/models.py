"""Every table of the platform in one metadata: for migrations and for tests that create tables."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from sqlalchemy import MetaData

from .core import audit, limits, outbox, uploads
from .core.base import Base

__all__ = ["AREAS", "audit", "limits", "metadata", "outbox", "uploads"]

AREAS = (
    "accounts",
    "orgs",
    "orgs.notices",
    "orgs.relations",
    "discovery",
    "boards",
    "boards.tracks",
    "boards.standing",
    "boards.batches",
    "boards.threads",
    "boards.responses",
    "boards.reviews",
    "boards.agreements",
    "technology",
    "technology.publicity",
    "technology.registration",
    "technology.grants",
    "technology.projects",
    "technology.results",
    "technology.results",
    "procurement",
    "talent",
    "brokering",
    "brokering.filling",
    "operations",
)


def metadata() -> MetaData:
    """The metadata with every room's tables in it; one without tables has no `models`."""
    for area in AREAS:
        name = f"{__package__}.{area}.models"
        if find_spec(name) is not None:
            import_module(name)
    return Base.metadata

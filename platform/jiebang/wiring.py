"""Where the areas are put together: routes, documents for the index, jobs for the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask

from .config import Settings
from .db import Database

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from .core.outbox import Handler
    from .discovery.engine import Discovery


def areas(app: Flask) -> None:
    """Registers every area's routes and menu entries, floor by floor."""
    from .accounts import views as accounts
    from .boards import views as boards
    from .discovery import views as discovery
    from .operations import views as operations
    from .orgs import views as orgs

    for area in (accounts, orgs, discovery, boards, operations):
        area.register(app)


def discovery(settings: Settings, database: Database) -> Discovery:
    """The one door to matching for this process."""
    from .boards.documents import BoardsProvider
    from .discovery.engine import Discovery

    door = Discovery(settings, database)
    door.provider = BoardsProvider()
    return door


def jobs(
    settings: Settings, database: Database, door: Discovery | None = None
) -> dict[str, Handler]:
    """What the worker does, by kind of job; in a web process it shares that process's index."""
    from .core import mail
    from .discovery import suggestions

    search = door or discovery(settings, database)

    def suggest(session: Session, payload: dict[str, Any]) -> None:
        suggestions.compute(search, session, int(payload["listing_id"]))

    return {"suggest": suggest, mail.KIND: mail.handler(settings)}


def chores(door: Discovery) -> list[Callable[[], object]]:
    """What the worker does every minute: deadlines, and the index's snapshot when it is due."""
    from .boards.services import diagnosis, run_clock
    from .core import clock

    def keep_deadlines() -> None:
        with door.database.transaction() as session:
            run_clock(session, door)

    def keep_diagnoses() -> None:
        with door.database.transaction() as session:
            diagnosis.remind(session, door, clock.today())

    def save_snapshot() -> None:
        door.live.save_snapshot()

    return [keep_deadlines, keep_diagnoses, save_snapshot]

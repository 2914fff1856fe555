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


RENEWED_AT_A_TIME = 30.0
"""Seconds for encoding with a new model before the worker looks for jobs again."""


def areas(app: Flask) -> None:
    """Registers every area's routes and menu entries, floor by floor."""
    from .accounts import views as accounts
    from .boards import views as boards
    from .boards.batches import views as batches
    from .boards.responses import views as responses
    from .boards.reviews import views as reviews
    from .boards.standing import views as standing
    from .boards.threads import views as threads
    from .brokering import views as brokering
    from .brokering.filling import views as filling
    from .discovery import views as discovery
    from .operations import views as operations
    from .orgs import views as orgs
    from .orgs.notices import views as notices
    from .orgs.relations import views as relations
    from .technology.contracts import views as contracts
    from .technology.grants import views as grants
    from .technology.projects import views as projects
    from .technology.publicity import views as publicity
    from .technology.registration import views as registration
    from .technology.results import views as results

    for area in (
        accounts, orgs, notices, relations, discovery, boards, batches, standing, threads,
        responses, reviews, publicity, contracts, registration, grants, projects, results,
        brokering, filling, operations,
    ):  # fmt: skip
        area.register(app)


def discovery(settings: Settings, database: Database) -> Discovery:
    """The one door to matching for this process."""
    from .boards.documents import BoardsProvider
    from .discovery.engine import Discovery

    door = Discovery(settings, database)
    door.provider = BoardsProvider()
    listen()
    return door


def listen() -> None:
    """Who hears of a listing's steps, and who serves an organisation: called with the door that
    every process has."""
    from .boards.agreements.services import AGREED
    from .boards.batches import services as batches
    from .boards.escalation import SPECIALISTS
    from .boards.responses import services as responses
    from .boards.reviews import services as reviews
    from .boards.services.life import LISTENERS
    from .boards.threads import services as threads
    from .brokering import queries as specialists
    from .brokering import services as brokering
    from .technology.projects import services as projects

    for room in (batches, threads, responses, reviews, brokering):
        if room.listing_changed not in LISTENERS:
            LISTENERS.append(room.listing_changed)
    if responses.window_moved not in batches.MOVED:
        batches.MOVED.append(responses.window_moved)
    if projects.agreed not in AGREED:
        AGREED.append(projects.agreed)
    if specialists.specialists_of not in SPECIALISTS:
        SPECIALISTS.append(specialists.specialists_of)
    _after_selection()


def _after_selection() -> None:
    """What follows a selection and its undoing, in order: first it is public, then the draft."""
    from .boards.agreements import services as agreements
    from .boards.responses import services as responses
    from .core.permissions import Line
    from .technology.contracts import terms
    from .technology.publicity import services as publicity
    from .technology.registration import services as registration

    agreements.LINES[Line.TECHNOLOGY] = agreements.Terms(terms.draft, terms.missing, terms.changed)
    for listener in (publicity.selected, agreements.begin):
        if listener not in responses.SELECTED:
            responses.SELECTED.append(listener)
    for undone in (publicity.selection_undone, agreements.selection_undone):
        if undone not in responses.UNDONE:
            responses.UNDONE.append(undone)
    if publicity.barrier not in agreements.BARRIERS:
        agreements.BARRIERS.append(publicity.barrier)
    if registration.agreed not in agreements.AGREED:
        agreements.AGREED.append(registration.agreed)


def jobs(
    settings: Settings, database: Database, door: Discovery | None = None
) -> dict[str, Handler]:
    """What the worker does, by kind of job; in a web process it shares that process's index."""
    from .boards.standing import services as standing
    from .boards.views import browse
    from .core import mail
    from .discovery import suggestions
    from .orgs.notices import services as notices

    search = door or discovery(settings, database)

    def suggest(session: Session, payload: dict[str, Any]) -> None:
        suggestions.compute(search, session, int(payload["listing_id"]))
        standing.listing_indexed(session, int(payload["listing_id"]))

    def pairs(session: Session, payload: dict[str, Any]) -> None:
        standing.tell_pairs(search, session, int(payload["listing_id"]))

    def saved(session: Session, payload: dict[str, Any]) -> None:
        standing.tell_search(
            search, session, int(payload["search_id"]), lambda *asked: browse.asked(*asked)[0]
        )

    return {
        "suggest": suggest,
        standing.PAIRS: pairs,
        standing.SEARCH: saved,
        mail.KIND: mail.handler(settings),
        notices.ONE: notices.mail_one(settings.base_url),
        notices.MANY: notices.mail_many(settings.base_url),
    }


def chores(door: Discovery) -> list[Callable[[], object]]:
    """What the worker does every minute: deadlines, the index's snapshot, a change of model."""
    from .boards.agreements import services as agreements
    from .boards.responses import services as responses
    from .boards.reviews import services as reviews
    from .boards.services import diagnosis, run_clock
    from .boards.threads import services as threads
    from .brokering import services as brokering
    from .brokering.filling import services as filling
    from .core import clock
    from .discovery import suggestions
    from .discovery.renewal import Renewal
    from .technology.projects import services as projects
    from .technology.publicity import services as publicity
    from .technology.registration import services as registration

    def keep_deadlines() -> None:
        with door.database.transaction() as session:
            run_clock(session, door)

    def keep_diagnoses() -> None:
        with door.database.transaction() as session:
            diagnosis.remind(session, door, clock.today())

    clocks = (
        threads.run_clock,
        responses.run_clock,
        responses.remind_members,
        brokering.run_clock,
        filling.run_clock,
        reviews.run_clock,
        publicity.run_clock,
        agreements.run_clock,
        registration.run_clock,
        projects.run_clock,
    )

    def keep(run: Callable[[Session], object]) -> Callable[[], None]:
        def keep_answers() -> None:  # each for itself: a writing transaction keeps others waiting
            with door.database.transaction() as session:
                run(session)

        return keep_answers

    def save_snapshot() -> None:
        door.live.save_snapshot()

    renewal = Renewal(door)

    def renew() -> None:
        if renewal.run(RENEWED_AT_A_TIME):
            renewal.tidy()

    def renew_suggestions() -> None:
        suggestions.renew_stale(door)

    return [
        keep_deadlines,
        keep_diagnoses,
        *map(keep, clocks),
        save_snapshot,
        renew,
        renew_suggestions,
    ]

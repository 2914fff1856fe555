"""What is overdue climbs, wherever it waits: the holder is reminded, then who serves the holder's
organisation, then the operators. One mechanism; each room says what waits and what is told.

A row that waits has a day (`due`, or `until`), and in `escalated` the step it has reached.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.permissions import Role
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices import queries as people
from jiebang.orgs.notices import services as notices

SPECIALISTS: list[Callable[[Session, int], list[int]]] = []
"""A higher floor adds who serves an organisation: (session, organisation id) -> user ids."""
STEPS = 3
"""The holder, the specialist, the operators; a row that reached it has nobody left to climb to."""


def late(query: Any, kind: Any, limit: int, *, day: str = "due", most: int = STEPS) -> Any:
    """The query for rows of a kind past their day that can still climb, the oldest first, locked.

    Those that another worker holds are left to it. `query` is a SELECT, `day` names the column
    with the date.
    """
    due = getattr(kind, day)
    return (
        query.where(due < clock.today(), kind.escalated < most)
        .order_by(due, kind.id)
        .limit(limit)
        .with_for_update(of=kind, skip_locked=True)
    )


def reached(due: date, escalated: int, days: int, most: int = STEPS) -> int:
    """The step that a wait has reached today, with so many working days from one to the next."""
    step, today = escalated, clock.today()
    while step < most and add_working_days(due, step * days) < today:
        step += 1
    return step


def climb(
    rows: Iterable[tuple[Any, int]],
    tell: Callable[[Any, int], int],
    *,
    day: str = "due",
    most: int = STEPS,
) -> int:
    """Takes each row (with its working days between steps) to the step it has reached; returns how
    many moved. `tell` tells who is to be told, and returns the step that is reached by that: more
    where there was nobody to tell in between."""
    moved = 0
    for found, days in rows:
        due = getattr(found, day)
        assert due is not None
        step = reached(due, found.escalated, days, most)
        if step > found.escalated:
            found.escalated = tell(found, step)
            moved += 1
    return moved


def beyond(
    session: Session, step: int, organisation_ids: Collection[int], title: str, text: str
) -> int:
    """A step beyond the holder: who serves the organisations that are late, at the last step or
    where nobody does the operators. Returns the step that is reached."""
    served = [
        user for each in organisation_ids for ask in SPECIALISTS for user in ask(session, each)
    ]
    to_operator = step >= STEPS or not served
    notices.tell(
        session, people.with_role(session, Role.OPERATOR) if to_operator else served, title,
        "/operations/overdue" if to_operator else "/brokering/", text,
    )  # fmt: skip
    return STEPS if to_operator else step

"""One mechanism for all that is overdue; and nothing in which a person must act is without it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import pytest

from jiebang.boards.agreements.workflow import AGREEMENT
from jiebang.boards.agreements.workflow import PENDING as AGREEING
from jiebang.boards.escalation import STEPS, climb, reached
from jiebang.boards.responses.workflow import PENDING as ANSWERING
from jiebang.boards.responses.workflow import RESPONSE
from jiebang.brokering.filling.workflow import FILLING, FillingState
from jiebang.brokering.filling.workflow import PENDING as FILLED
from jiebang.core import clock
from jiebang.core.permissions import Permission
from jiebang.core.workflow import Workflow
from jiebang.core.working_days import add_working_days
from jiebang.technology.projects import workflow as projects
from jiebang.technology.projects.models import (
    Acceptance,
    GrantPayment,
    Milestone,
    ProjectInstalment,
    Recovery,
    Request,
)
from jiebang.technology.projects.queries import PARTS


@dataclass
class Row:
    due: date | None
    escalated: int = 0


def test_a_step_a_few_working_days() -> None:
    today = clock.today()
    assert reached(today, 0, 2) == 0, "the day itself is not late"
    assert reached(today - timedelta(days=1), 0, 2) == 1
    late = today - timedelta(days=1)
    for step in range(1, STEPS + 1):
        day = late
        while add_working_days(day, (step - 1) * 5) >= today:
            day -= timedelta(days=1)
        assert reached(day, 0, 5) >= step
    assert reached(today - timedelta(days=400), 0, 2) == STEPS
    assert reached(today - timedelta(days=400), 0, 2, most=2) == 2
    assert reached(today - timedelta(days=1), 2, 2) == 2, "no step is taken twice"


def test_who_moves_is_told_once_and_the_step_told_is_kept() -> None:
    today, told = clock.today(), []
    rows = [Row(today), Row(today - timedelta(days=1)), Row(today - timedelta(days=400))]

    def tell(row: Row, step: int) -> int:
        told.append((rows.index(row), step))
        return STEPS if row is rows[1] else step

    assert climb([(row, 2) for row in rows], tell) == 2
    assert told == [(1, 1), (2, STEPS)]
    assert [row.escalated for row in rows] == [0, STEPS, STEPS]
    assert climb([(row, 2) for row in rows], tell) == 0


def by_people(table: Workflow) -> set[StrEnum]:
    """States that only a person leads out of, as far as it is not the platform's own arrow."""
    return {
        state
        for each in table.transitions.values()
        if each.permission is not Permission.SYSTEM_RUN
        for state in each.sources
    }


TABLES: list[tuple[Workflow, Iterable[StrEnum], set[StrEnum]]] = [
    (AGREEMENT, AGREEING, set()),
    # a specialist's own draft waits for nobody: nobody but its writer has seen it
    (FILLING, FILLED, {FillingState.DRAFT}),
    (projects.MILESTONE, PARTS[Milestone], set()),  # type: ignore[list-item]
    (projects.INSTALMENT, PARTS[ProjectInstalment], set()),  # type: ignore[list-item]
    (projects.ACCEPTANCE, PARTS[Acceptance], set()),  # type: ignore[list-item]
    (projects.REQUEST, PARTS[Request], set()),  # type: ignore[list-item]
    (projects.RECOVERY, PARTS[Recovery], set()),  # type: ignore[list-item]
    (projects.GRANT_PAYMENT, PARTS[GrantPayment], set()),  # type: ignore[list-item]
]


@pytest.mark.parametrize(
    ("table", "waiting", "own"), TABLES, ids=lambda each: getattr(each, "name", "")
)
def test_whatever_waits_for_a_person_has_a_date_and_a_holder(
    table: Workflow, waiting: Iterable[StrEnum], own: set[StrEnum]
) -> None:
    """The states in `waiting` carry both by a CHECK and are what the clocks take up."""
    assert by_people(table) - own == set(waiting)


def test_responses_wait_with_a_date_once_they_are_filed() -> None:
    assert set(ANSWERING) <= by_people(RESPONSE)

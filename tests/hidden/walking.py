"""Every route with every object there is: what a person could ask the platform for."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

from sqlalchemy import select
from werkzeug.routing import Rule

from jiebang.boards.agreements.models import Agreement, AgreementVersion
from jiebang.boards.batches.models import Batch
from jiebang.boards.fields.steps import steps_of
from jiebang.boards.models import Listing, ListingAttachment
from jiebang.boards.responses.models import Response
from jiebang.boards.reviews.models import ReviewAssignment
from jiebang.boards.standing.models import SavedSearch
from jiebang.boards.threads.models import Thread, ThreadMeeting, ThreadMessage
from jiebang.brokering.filling.models import Filling
from jiebang.brokering.models import Assignment, Introduction
from jiebang.core.boards import Board
from jiebang.core.uploads import Upload
from jiebang.orgs.models import Claim, Invitation, Membership, Organisation, VerificationRequest
from jiebang.orgs.relations.models import Relation
from jiebang.technology.grants.models import GrantTable
from jiebang.technology.projects.models import (
    Acceptance,
    Evidence,
    GrantPayment,
    Milestone,
    MilestoneCheck,
    Project,
    ProjectInstalment,
    Recovery,
    Request,
    RequestKind,
)
from jiebang.technology.publicity.models import Objection, Publicity
from jiebang.technology.results.models import Case
from tests.hidden.scene import Told


def _keys(model: Any, column: str = "id") -> Callable[[Any], list[Any]]:
    return lambda session: list(
        session.scalars(select(getattr(model, column)).distinct().order_by(getattr(model, column)))
    )


def _fixed(*words: Any) -> Callable[[Any], list[Any]]:
    return lambda _session: list(words)


ARGUMENTS: dict[str, Callable[[Any], list[Any]]] = {
    "acceptance_id": _keys(Acceptance),
    "agreement_id": _keys(Agreement),
    "assignment_id": _keys(ReviewAssignment),
    "attachment_id": _keys(ListingAttachment),
    "batch_id": _keys(Batch),
    "board_name": _fixed(*(board.value for board in Board)),
    "case_id": _keys(Case),
    "check_id": _keys(MilestoneCheck),
    "claim_id": _keys(Claim),
    "code": _keys(Listing, "code"),
    "evidence_id": _keys(Evidence),
    "filename": _fixed("css/base.css"),
    "filling_id": _keys(Filling),
    "grant_id": _keys(GrantPayment),
    "instalment_id": _keys(ProjectInstalment),
    "introduction_id": _keys(Introduction),
    "invitation_id": _keys(Invitation),
    "kind": _fixed(*(kind.value for kind in RequestKind)),
    "meeting_id": _keys(ThreadMeeting),
    "membership_id": _keys(Membership),
    "message_id": lambda session: list(
        session.scalars(select(ThreadMessage.id).where(ThreadMessage.upload_id.is_not(None)))
    ),
    "milestone_id": _keys(Milestone),
    "number": _keys(AgreementVersion, "number"),
    "objection_id": _keys(Objection),
    "organisation_id": _keys(Organisation),
    "other": _keys(Listing, "code"),
    "project_id": _keys(Project),
    "publicity_id": _keys(Publicity),
    "recovery_id": _keys(Recovery),
    "relation_id": _keys(Relation),
    "request_id": lambda session: [
        *session.scalars(select(VerificationRequest.id)), *session.scalars(select(Request.id)),
    ],
    "response_id": _keys(Response),
    "search_id": _keys(SavedSearch),
    "step_key": _fixed(
        *dict.fromkeys(step.key for board in Board for step in steps_of(board))
    ),
    "table_id": _keys(GrantTable),
    "thread_id": _keys(Thread),
    "token": _fixed("a-token-that-was-mailed-to-nobody"),
    "track_name": _fixed("market", "competition"),
    "upload_id": _keys(Upload),
    "user_id": _fixed(1),
}  # fmt: skip
"""Where the values of a route's argument come from; a new argument needs its line here."""


def _served(session: Any) -> list[tuple[Any, ...]]:
    """Listings of organisations that a specialist serves, each with those it could be paired with
    (the same board, too: that must be refused)."""
    own = select(Listing.code).join(
        Assignment, Assignment.organisation_id == Listing.organisation_id
    )
    every = list(session.scalars(select(Listing.code).order_by(Listing.code)))
    return [(code, other) for code in session.scalars(own) for other in every if other != code]


Pairs = Callable[[Any], list[tuple[Any, ...]]]
PAIRS: dict[tuple[str, ...], Pairs] = {
    ("agreement_id", "number"): lambda session: _rows(
        session, select(AgreementVersion.agreement_id, AgreementVersion.number)
    ),
    ("attachment_id", "code"): lambda session: _rows(
        session,
        select(ListingAttachment.id, Listing.code).join(
            Listing, Listing.id == ListingAttachment.listing_id
        ),
    ),
    ("code", "other"): _served,
    ("evidence_id", "project_id"): lambda session: [
        (evidence, project)
        for evidence in session.scalars(select(Evidence.id))
        for project in session.scalars(select(Project.id))
    ],
    ("message_id", "thread_id"): lambda session: _rows(
        session,
        select(ThreadMessage.id, ThreadMessage.thread_id).where(
            ThreadMessage.upload_id.is_not(None)
        ),
    ),
}
"""What belongs together, for routes with two arguments in the order of their names; others are
crossed, a few of each."""
CROSSED = 4


def _rows(session: Any, query: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in session.execute(query)]


class Walk:
    """The routes of one world with the keys of everything in it."""

    def __init__(self, told: Told) -> None:
        self.told, self.app = told, told.world.app
        with told.world.database.reading() as session:
            self.keys = {name: values(session) for name, values in ARGUMENTS.items()}
            self.pairs = {names: values(session) for names, values in PAIRS.items()}

    def rules(self, method: str) -> list[Rule]:
        """The rules that take a method, in the order of the map."""
        return [rule for rule in self.app.url_map.iter_rules() if method in (rule.methods or ())]

    def urls(self, rule: Rule, most: int | None = None) -> Iterator[str]:
        """Every address of a rule, or `most` of each argument's values."""
        names = tuple(sorted(rule.arguments))
        for values in self._values(rule, names, most):
            built = rule.build(dict(zip(names, values, strict=True)), append_unknown=False)
            assert built is not None
            yield built[1]

    def _values(
        self, rule: Rule, names: tuple[str, ...], most: int | None
    ) -> Iterator[tuple[Any, ...]]:
        if names in self.pairs and not most:
            yield from self.pairs[names]
            return
        words = {
            name: [word.strip(" '\"") for word in found[1].split(",")]
            for name in names
            if (found := re.search(rf"any\(([^)]*)\):{name}", rule.rule))
        }
        few = most or (CROSSED if len(names) - len(words) > 1 else None)
        choices = []
        for name in names:
            if name in words:
                choices.append(words[name])
            elif name in ("step_key", "track_name", "board_name") and not most:
                choices.append(self.keys[name])
            else:
                choices.append(self.keys[name][:few])
        yield from product(*choices)

    def keep(self, folder: Path) -> None:
        """Remembers the database as it is."""
        database = self.told.world.database
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.dispose()
        self._kept = folder / "as-it-was.db"
        shutil.copyfile(Path(database.url.database or ""), self._kept)

    def restore(self) -> None:
        """Puts it back: what one request changed does not touch the next."""
        world = self.told.world
        world.database.dispose()
        path = Path(world.database.url.database or "")
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(self._kept, path)
        world.discovery.live.reset()

"""One import from file to database: read, check, keep in batches, say what happened."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from ...core.errors import DomainError, Forbidden, Invalid
from ...core.permissions import Actor, Permission
from ...db import Database
from .headings import EXTERNAL_ID, OWNER, POSTED, Columns
from .plan import Planner, Skipped
from .reading import MAX_ROWS, ImportRefused, RawRow, WrongMapping, read_table
from .rows import Checks, ChecksFirst, Foresees, ImportedRow, Refused, SaveMany
from .summary import RowError, Summary

KINDS = ("organisation", "need", "outcome", "demand", "product", "order", "programme")
BATCH = 500
AHEAD = 64
"""So many batches of a file that is kept whole are prepared while it is being checked."""
SHOWN = 2
"""So many batches after the one that is being kept are read and prepared: two, so that neither
process waits for the other when one batch takes longer."""
UPLOAD_LIMIT = 20 * 1024 * 1024

Progress = Callable[[int], None]


def import_file(
    database: Database,
    actor: Actor,
    kind: str,
    source: Path | BinaryIO,
    filename: str,
    *,
    save: SaveMany,
    organisation_id: int | None = None,
    organisation_name: str | None = None,
    publish: bool = False,
    strict: bool = False,
    dry_run: bool = False,
    mapping: Mapping[str, str] | None = None,
    upload_limit: int = UPLOAD_LIMIT,
    progress: Progress | None = None,
) -> Summary:
    """Imports a file of one kind and says what became of every row.

    Good rows are kept in transactions of up to 500, whatever is wrong with others; `strict` keeps
    nothing when any row is wrong, which is found out before the first is written; `dry_run` checks
    and keeps nothing. `progress` is told the rows read so far. Who may not import for others
    imports for their own organisation, whatever the file says.
    Raises ImportRefused for a file that cannot be read at all, Forbidden for whoever may not.
    """
    if kind not in KINDS:
        raise ImportRefused(f"不能导入“{kind}”，可导入：{'、'.join(KINDS)}")
    for_others = actor.can(Permission.IMPORT_FOR_OTHERS)
    if not for_others:
        _own(actor, kind, organisation_id)
        organisation_id = actor.organisation_id
        organisation_name = actor.seat.organisation_name if actor.seat else None
    started = time.monotonic()
    columns = Columns(kind, mapping)
    table = read_table(source, filename, upload_limit, columns.knows)
    if table.columns is not None and (absent := columns.unmatched(table.columns)):
        raise WrongMapping(f"文件里没有 --map 指定的列“{'”“'.join(absent)}”")
    if table.columns is not None and not any(map(columns.knows, table.columns)):
        raise ImportRefused(
            f"没有认出任何一列（文件的第一行是：{'、'.join(table.columns[:8])}），"
            "请用模板填写，或用 --map 列名=项目 指定"
        )
    planner = Planner(
        columns, organisation_id, organisation_name, own_only=not for_others,
        publish=publish, as_is=for_others,
    )  # fmt: skip
    summary = Summary(kind, dry_run=dry_run)
    summary.remarks.update(table.notes)
    run = _Run(database, actor, planner, summary, save, progress)
    good = run.good_rows(table.rows)
    if dry_run:
        for _row in good:
            pass
    elif strict:
        run.keep_all_or_nothing(good)
    else:
        run.keep_in_batches(good)
    summary.errors.sort(key=lambda error: error.row)
    summary.failed = len({error.row for error in summary.errors})
    summary.unused = list(planner.unused)
    summary.remarks.update(planner.remarks)
    summary.seconds = time.monotonic() - started
    return summary


def _own(actor: Actor, kind: str, organisation_id: int | None) -> None:
    allowed = (
        kind != "organisation"
        and actor.organisation_id is not None
        and organisation_id in (None, actor.organisation_id)
        and actor.can(Permission.LISTING_WRITE)
    )
    if not allowed:
        raise Forbidden("只能为本单位导入内容；为其他单位导入请联系运营人员。")


class _Undo(Exception):
    """Rolls a transaction back without being an error."""


@dataclass(slots=True)
class _Run:
    """The state of one import."""

    database: Database
    actor: Actor
    planner: Planner
    summary: Summary
    save: SaveMany
    progress: Progress | None

    def good_rows(self, raw_rows: Iterator[RawRow]) -> Iterator[ImportedRow]:
        """Rows that can be kept; the others are counted and reported on the way."""
        number = 0
        try:
            for raw in raw_rows:
                number = raw.number
                if self.summary.read == MAX_ROWS:
                    message = f"一次最多导入 {MAX_ROWS:,} 行，从这一行起没有读取，请拆分文件"
                    self.summary.errors.append(RowError(number, "", message))
                    return
                self.summary.read += 1
                if self.progress is not None:
                    self.progress(self.summary.read)
                planned = self.planner.prepare(raw)
                if isinstance(planned, ImportedRow):
                    yield planned
                elif isinstance(planned, Skipped):
                    self.summary.skipped += 1
                    self.planner.remarks[planned.reason] += 1
                else:
                    self.summary.errors += planned
        except ImportRefused as error:  # the file breaks off in the middle
            self.summary.errors.append(RowError(number + 1, "", error.message))

    def keep_in_batches(self, good: Iterator[ImportedRow]) -> None:
        """Keeps batch after batch; who can prepare the next ones meanwhile is shown them."""
        foresees = self.save if isinstance(self.save, Foresees) else None
        batches = iter(lambda: list(islice(good, BATCH)), [])
        coming: deque[list[ImportedRow]] = deque()
        read = 0
        try:
            while True:
                for batch in islice(batches, SHOWN + 1 - len(coming)):
                    coming.append(batch)
                    read += len(batch)
                if not coming:
                    return
                batch = coming.popleft()
                if foresees is not None:
                    for each in coming:
                        foresees.foresee(self.actor, self.planner.kind, each, read)
                self.keep_batch(batch)
        finally:
            if foresees is not None:
                foresees.rest()

    def keep_batch(self, rows: Sequence[ImportedRow]) -> None:
        """Keeps a batch; when the service refuses it whole, its rows are tried one by one."""
        try:
            with self.database.transaction() as session:
                answers = list(self.save(session, self.actor, self.planner.kind, rows))
        except DomainError as error:
            if len(rows) == 1:
                self._refuse(rows[0], error)
                return
            for row in rows:
                self.keep_batch([row])
        else:
            self._count(rows, answers)

    def keep_all_or_nothing(self, good: Iterator[ImportedRow]) -> None:
        """Keeps every row, or none when any row of the file is wrong.

        A store that can be asked first is asked for the whole file, and then keeps it in batches:
        a run that is cut off leaves whole batches, and the next one goes on from there. Any other
        store keeps all rows in one transaction.
        """
        checks = foresees = None
        if isinstance(self.save, ChecksFirst):
            checks = self.save.checker(self.actor, self.planner.kind)
            foresees = self.save if isinstance(self.save, Foresees) else None
        batches: list[list[ImportedRow]] = []
        read = 0
        try:
            while batch := list(islice(good, BATCH)):
                batches.append(batch)
                read += len(batch)
                if foresees is not None and len(batches) <= AHEAD and not self.summary.errors:
                    foresees.foresee(self.actor, self.planner.kind, batch, read)
                if checks is not None and not self._check(checks, batch):
                    checks = None
            if self.summary.errors:
                return
            if checks is None:
                self._keep_whole(batches)
                return
            for number, batch in enumerate(batches):
                if foresees is not None and number + 1 < len(batches):
                    foresees.foresee(self.actor, self.planner.kind, batches[number + 1], read)
                if not self._keep_whole([batch]):
                    self._changed_meanwhile(number * BATCH)
                    return
        finally:
            if foresees is not None:
                foresees.rest()

    def _check(self, checks: Checks, batch: Sequence[ImportedRow]) -> bool:
        """Reports what keeping a batch would refuse; False when that cannot be told beforehand."""
        found: Sequence[Refused | None] | None = ()
        try:
            with self.database.transaction() as session:
                found = checks(session, batch)
                raise _Undo
        except _Undo:
            pass
        except DomainError as error:
            self._refuse_batch(batch, error)
        for row, answer in zip(batch, found or (), strict=False):
            if answer is not None:
                self._error(row, answer.field, answer.message)
        return found is not None

    def _keep_whole(self, batches: Sequence[Sequence[ImportedRow]]) -> bool:
        """Keeps batches in one transaction; when any row is refused, reports it and keeps none."""
        kept = []
        try:
            with self.database.transaction() as session:
                for batch in batches:
                    answers = list(self.save(session, self.actor, self.planner.kind, batch))
                    kept.append((batch, answers))
                if any(isinstance(answer, Refused) for _, all_ in kept for answer in all_):
                    raise _Undo
        except _Undo:
            for batch, answers in kept:
                refused = [
                    (row, answer)
                    for row, answer in zip(batch, answers, strict=True)
                    if isinstance(answer, Refused)
                ]
                self._count([row for row, _ in refused], [answer for _, answer in refused])
        except DomainError as error:
            self._refuse_batch(batches[len(kept)], error)
        else:
            for batch, answers in kept:
                self._count(batch, answers)
        return not self.summary.errors

    def _refuse_batch(self, batch: Sequence[ImportedRow], error: DomainError) -> None:
        message = f"本批未能保存：{error.message}"
        self.summary.errors.append(RowError(batch[0].number, "", message))

    def _changed_meanwhile(self, kept: int) -> None:
        """What was checked a moment ago no longer holds: says how far the file was kept."""
        if kept:
            self.planner.remarks[
                f"检查之后平台上的内容有变动：前 {kept:,} 行已经导入，其余没有；"
                "请按提示改正后再导入同一文件，已导入的不会重复"
            ] += 1

    def _count(self, rows: Sequence[ImportedRow], answers: Sequence[object]) -> None:
        for row, answer in zip(rows, answers, strict=True):
            if isinstance(answer, Refused):
                self._error(row, answer.field, answer.message)
            elif answer == "created":
                self.summary.created += 1
            elif answer == "updated":
                self.summary.updated += 1
            else:
                self.summary.unchanged += 1

    def _refuse(self, row: ImportedRow, error: DomainError) -> None:
        if isinstance(error, Invalid):
            for name, message in error.errors.items():
                self._error(row, name, message)
        else:
            self._error(row, "", error.message)

    def _error(self, row: ImportedRow, name: str, message: str) -> None:
        fields = (*self.planner.columns.fields, EXTERNAL_ID, OWNER, POSTED)
        label = next((field.label for field in fields if field.name == name), "")
        text = message.removeprefix(f"“{label}”").removeprefix("：") if label else message
        self.summary.errors.append(RowError(row.number, label, text))

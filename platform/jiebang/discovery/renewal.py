"""Changing the model: everything is encoded anew beside the searches, then all change at once.

The texts of the new model are written beside those that serve, in batches, each a transaction: a
process that is killed goes on where it was. When none is missing, an index of the new model is
written as a snapshot; then one transaction fills in what changed meanwhile and names the new model
as the one that serves. Every process follows before its next answer.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from secrets import token_hex

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from jiebang.core import clock
from matching.encoder import BUNDLED, Encoder, is_static

from .encoders import TERMS
from .engine import Discovery
from .models import SearchRevision, SearchRow, SearchText
from .rows import (
    State,
    locked_model,
    replay,
    retire_row,
    serve,
    stale_ids,
    stale_rows,
    state,
    write_texts,
)

log = structlog.get_logger()
BATCH = 200
AT_ONCE = 500
"""Listings that may be encoded in the transaction of the switch: under two seconds."""

PART_LIVES = 3600.0
"""Seconds after which a copy that was never finished is a killed process's."""
_PART = ".part-"

Progress = Callable[[int, int], None]


class Renewal:
    """One process's part in it; `started` is when its settings were read."""

    def __init__(self, door: Discovery, started: datetime | None = None) -> None:
        self.door = door
        self.started = started or clock.now()

    def run(self, seconds: float | None = None, progress: Progress | None = None) -> bool:
        """Encodes what the configured model has not encoded, and switches to it when all is done.

        Stops after `seconds`; True when the configured model serves and nothing is missing, and
        also when there is nothing for this process to do, because its settings are older than the
        last switch.
        """
        until = None if seconds is None else time.monotonic() + seconds
        encoder = self.door.configured
        while until is None or time.monotonic() < until:
            with self.door.database.reading() as session:
                now = state(session)
                if now.model is None or self._is_outdated(session, encoder):
                    return True
                missing = stale_ids(session, encoder.fingerprint, BATCH)
                if progress is not None:
                    progress(*progress_of(session, encoder.fingerprint))
            if missing:
                self._encode(encoder, missing, serves=now.model == encoder.fingerprint)
            elif now.model == encoder.fingerprint or self._switch(encoder, now):
                return True
        return False

    def _is_outdated(self, session: Session, encoder: Encoder) -> bool:
        """While processes are restarted one by one, those still to come must not switch back."""
        model, switched = session.execute(
            select(SearchRevision.model, SearchRevision.switched_at).where(SearchRevision.id == 1)
        ).one()
        return model != encoder.fingerprint and switched is not None and switched > self.started

    def _encode(self, encoder: Encoder, missing: dict[int, int], *, serves: bool) -> None:
        door = self.door
        with door.database.reading() as session:
            items = door.provider.indexables(session, missing)
        gone = [listing_id for listing_id in missing if listing_id not in items]
        if serves:  # processes learn of it by a new revision
            with door.database.transaction() as session:
                door.publish_many(session, list(items.values()))
        else:
            self._write(encoder, {key: missing[key] for key in items})
        if gone:
            with door.database.transaction() as session:
                still = door.provider.indexables(session, gone)
                for listing_id in gone:
                    if listing_id not in still:
                        retire_row(session, listing_id)

    def _write(self, encoder: Encoder, missing: dict[int, int]) -> None:
        """The texts are read and encoded outside the transaction that writes them."""
        engine = self.door.live.engine.empty(encoder)
        with self.door.database.reading() as session:
            items = self.door.provider.indexables(session, missing)
        texts = [(item.document.title, item.document.body) for item in items.values()]
        prepared = dict(zip(items, engine.prepare_many(texts), strict=True))
        with self.door.database.transaction() as session:
            locked_model(session)  # no listing changes or goes until the commit
            current = select(SearchRow.listing_id, SearchRow.revision).where(
                SearchRow.listing_id.in_(prepared), SearchRow.live
            )
            write_texts(
                session,
                encoder.fingerprint,
                {
                    key: (revision, prepared[key])
                    for key, revision in session.execute(current)
                    if missing[key] == revision
                },
                self.door.vectors,
            )

    def _switch(self, encoder: Encoder, now: State) -> bool:
        """Makes the new model serve; False when too much has changed meanwhile."""
        door = self.door
        engine = door.live.engine.empty(encoder)
        with door.database.reading() as session:
            replay(session, engine, 0, now.revision)
        engine.save(door.live.folder(now.database, engine), now.revision, now.database)
        with door.database.transaction() as session:
            locked_model(session)
            left = stale_ids(session, encoder.fingerprint, AT_ONCE + 1)
            if len(left) > AT_ONCE:
                return False
            items = door.provider.indexables(session, left)
            texts = [(item.document.title, item.document.body) for item in items.values()]
            made = zip(items, engine.prepare_many(texts), strict=True)
            late = {key: (left[key], it) for key, it in made}
            write_texts(session, encoder.fingerprint, late, door.vectors)
            serve(session, encoder.fingerprint, door.settings.model)
        log.info("model_switched", former=now.model, model=encoder.fingerprint)
        door.live.catch_up()
        return True

    def tidy(self) -> None:
        """Keeps a copy of the model that serves and clears away what former ones left."""
        door, encoder = self.door, self.door.configured
        with door.database.reading() as session:
            now = state(session)
        if now.model != encoder.fingerprint:
            return
        folder = Path(door.settings.model) if door.settings.model else BUNDLED
        if is_static(folder):
            keep_model(folder, door.settings.models, encoder.fingerprint, door.encoders.terms)
        _clear(door.settings.snapshots, f"{now.database}-{encoder.fingerprint}", now.database)
        old = select(SearchText.listing_id).where(SearchText.model != encoder.fingerprint)
        while True:
            with door.database.reading() as session:  # every minute, and nearly always for nothing
                ids = list(session.scalars(old.limit(1000)))
            if not ids:
                return
            with door.database.transaction() as session:
                session.execute(
                    delete(SearchText).where(
                        SearchText.listing_id.in_(ids), SearchText.model != encoder.fingerprint
                    )
                )


def progress_of(session: Session, model: str) -> tuple[int, int]:
    """(listings that this model has encoded, all live ones)."""
    live = session.scalar(select(func.count()).select_from(SearchRow).where(SearchRow.live)) or 0
    return live - stale_rows(session, model), live


def keep_model(source: Path, models: Path, fingerprint: str, terms: Sequence[str] = ()) -> None:
    """Copies a model, and the terms it is used with, aside and renames it; the copies of other
    models go."""
    models.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (models / fingerprint).is_dir() and source != models / fingerprint:
        aside = models / f"{_PART}{token_hex(6)}"
        shutil.copytree(source, aside)
        if terms:
            (aside / TERMS).write_text("\n".join(terms), encoding="utf-8")
        try:
            aside.rename(models / fingerprint)
        except OSError:  # another process was first
            shutil.rmtree(aside, ignore_errors=True)
    _clear(models, fingerprint, "")


def _clear(folder: Path, kept: str, prefix: str) -> None:
    for path in folder.iterdir():
        if path.name == kept or not path.is_dir() or not path.name.startswith(prefix):
            continue
        if path.name.startswith(_PART) and _age(path) < PART_LIVES:
            continue  # another process is copying: both would begin anew for ever
        shutil.rmtree(path, ignore_errors=True)


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0

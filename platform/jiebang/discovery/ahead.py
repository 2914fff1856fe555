"""Encoding ahead: a second process prepares the texts of an import's next batch, and indexes what
the batches before it have committed.

It is started afresh (spawn: FAISS never meets a fork), gets plain texts, and answers with what
`Engine.prepare_many` makes of them. It saves time and nothing else: what it has not answered, or
answered with another model, is prepared by whoever asks.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context

import structlog

from jiebang import memory
from jiebang.config import Settings
from jiebang.db import Database
from matching import rows
from matching.engine import Packed, Prepared

from .engine import Discovery

log = structlog.get_logger()

Text = tuple[str, str]
"""(title, body)"""
_door: Discovery | None = None
_made: dict[bytes, Prepared] = {}
_SEGMENTS = 400_000  # some 60 MB while the import lasts
_MOST = 5_000  # texts remembered until they are committed and indexed


def _load(settings: Settings) -> None:
    global _door  # noqa: PLW0603 (one per process)
    _door = Discovery(settings, Database(settings.database_url))
    _door.live.unpack = _unpacked
    _door.live.engine.prepare("先载入词典", "与模型")
    memory.collect_seldom()
    rows.remember(_SEGMENTS)


def _prepare(texts: Sequence[Text]) -> tuple[str, list[bytes]]:
    """The model, and each text as it is to be stored: bytes travel cheaper than their words."""
    assert _door is not None
    engine = _door.live.engine
    made = engine.prepare_many(texts)
    packed = [prepared.to_bytes() for prepared in made]
    if len(_made) > _MOST:
        _made.clear()
    _made.update(zip(packed, made, strict=True))
    return engine.encoder.fingerprint, packed


def _unpacked(content: bytes) -> Prepared:
    """What was made here need not be read again."""
    return _made.pop(content, None) or Prepared.from_bytes(content)


def _index() -> None:
    assert _door is not None
    _door.live.catch_up()  # what has been committed by now, while the next rows are written


def _ready() -> bool:
    return _door is not None


def _finish() -> None:
    assert _door is not None
    _door.live.save_snapshot()
    _door.database.dispose()


class Ahead:
    """One process that encodes and indexes beside this one; `stop` ends it."""

    def __init__(self, settings: Settings) -> None:
        """With the model and the database that the settings name."""
        context = get_context("spawn")
        self._pool = ProcessPoolExecutor(1, context, initializer=_load, initargs=(settings,))
        self.patient = False
        """Whoever has other work while the process starts may ask it from the beginning."""
        self._up = self._pool.submit(_ready)
        self._asked: dict[int, tuple[list[Text], Future[tuple[str, list[bytes]]]]] = {}

    @staticmethod
    def pays(rows: int) -> bool:
        """Whether a second process is worth its start: with a second core, for many rows."""
        return rows >= 1_000 and (os.cpu_count() or 1) > 1

    def ask(self, key: int, texts: Sequence[Text]) -> None:
        """Has these prepared, unless the process is still starting (then nobody waits for it)."""
        starting = not self._up.done()
        if not texts or (starting and not self.patient):
            return
        if not starting and self._up.exception() is not None:
            return
        try:
            self._asked[key] = (list(texts), self._pool.submit(_prepare, list(texts)))
        except RuntimeError as error:  # it has died
            log.warning("encoding_ahead_failed", error=type(error).__name__)

    def asked(self, key: int) -> bool:
        """Whether this was asked for and not yet taken."""
        return key in self._asked

    def take(self, key: int) -> Mapping[Text, Packed]:
        """What was asked for by this key, once; empty when there is nothing.

        Meanwhile the process indexes what the batches before have committed.
        """
        if key not in self._asked:
            return {}
        texts, answer = self._asked.pop(key)
        try:
            model, made = answer.result()
            self._pool.submit(_index)
            return {text: Packed(content, model) for text, content in zip(texts, made, strict=True)}
        except Exception as error:  # a killed process costs time, never a row
            log.warning("encoding_ahead_failed", error=type(error).__name__)
            return {}

    def stop(self) -> None:
        """Ends the process, which leaves a snapshot if enough has changed: whoever searches next
        stands on it."""
        try:
            if self._up.done() and self._up.exception() is None:
                self._pool.submit(_finish).result()
        except Exception as error:  # the index is a cache: it is made from the database anyhow
            log.warning("indexing_ahead_failed", error=type(error).__name__)
        finally:
            self._asked.clear()
            self._pool.shutdown(cancel_futures=True)

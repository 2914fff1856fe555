"""Encoding ahead: a second process prepares the texts of an import's next batch.

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

from matching.encoder import load_encoder
from matching.engine import Engine, Prepared

log = structlog.get_logger()

Text = tuple[str, str]
"""(title, body)"""
_engine: Engine | None = None


def _load(model: str | None) -> None:
    global _engine  # noqa: PLW0603 (one per process)
    _engine = Engine(load_encoder(model))
    _engine.prepare("先载入词典", "与模型")


def _prepare(texts: Sequence[Text]) -> list[Prepared]:
    assert _engine is not None
    return _engine.prepare_many(texts)


def _ready() -> bool:
    return _engine is not None


class Ahead:
    """One process that encodes beside this one; `stop` ends it."""

    def __init__(self, model: str | None) -> None:
        """`model` as the settings name it."""
        context = get_context("spawn")
        self._pool = ProcessPoolExecutor(1, context, initializer=_load, initargs=(model,))
        self._up = self._pool.submit(_ready)
        self._asked: dict[int, tuple[list[Text], Future[list[Prepared]]]] = {}

    @staticmethod
    def pays(rows: int) -> bool:
        """Whether a second process is worth its start: with a second core, for many rows."""
        return rows >= 1_000 and (os.cpu_count() or 1) > 1

    def ask(self, key: int, texts: Sequence[Text]) -> None:
        """Has these prepared, unless the process is still starting (then nobody waits for it)."""
        if not texts or not self._up.done() or self._up.exception() is not None:
            return
        try:
            self._asked[key] = (list(texts), self._pool.submit(_prepare, list(texts)))
        except RuntimeError as error:  # it has died
            log.warning("encoding_ahead_failed", error=type(error).__name__)

    def take(self, key: int) -> Mapping[Text, Prepared]:
        """What was asked for by this key, once; empty when there is nothing."""
        if key not in self._asked:
            return {}
        texts, answer = self._asked.pop(key)
        try:
            return dict(zip(texts, answer.result(), strict=True))
        except Exception as error:  # a killed process costs time, never a row
            log.warning("encoding_ahead_failed", error=type(error).__name__)
            return {}

    def stop(self) -> None:
        """Ends the process."""
        self._asked.clear()
        self._pool.shutdown(cancel_futures=True)

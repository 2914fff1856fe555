"""The encoders of this process: the one that the settings name, and those that served before it."""

from __future__ import annotations

import threading
from contextlib import suppress

import structlog

from jiebang.config import Settings, SettingsError
from jiebang.core.errors import DomainError
from matching import terms
from matching.encoder import Encoder, ModelInvalid, ModelMissing, load_encoder

log = structlog.get_logger()
TERMS = "terms.txt"
"""In the kept copy of a model: the operator's terms that belong to it."""


class SearchUnavailable(ModelMissing, DomainError):
    """There is no usable model. As a text it is the advice for whoever runs the machine; pages
    show `message`, which tells visitors nothing of its folders."""

    status = 503

    def __init__(self, advice: str) -> None:
        super().__init__(advice)
        self.message = "搜索与匹配暂时不能使用：系统没有找到可用的匹配模型。"


class Encoders:
    """Loads encoders; texts are cut with the operator's terms in all of this process."""

    def __init__(self, settings: Settings) -> None:
        """SettingsError when the operator's terms cannot be read."""
        self._settings = settings
        self._configured: Encoder | None = None
        self._lock = threading.Lock()
        try:
            self.terms = terms.read(settings.terms) if settings.terms else ()
        except terms.TermsInvalid as error:
            raise SettingsError([f"本地术语文件 {error}"]) from error
        terms.use(self.terms)

    @property
    def configured(self) -> Encoder:
        """The one of the settings, which may not be the one that serves yet; raises
        SearchUnavailable."""
        with self._lock:
            try:
                if self._configured is None:
                    encoder = load_encoder(self._settings.model)
                    self._configured = terms.named(encoder, self.terms)
                return self._configured
            except (ModelMissing, ModelInvalid) as error:
                log.error("model_unusable", reason=str(error))
                raise SearchUnavailable(str(error)) from error

    def of(self, fingerprint: str, place: str | None) -> Encoder | None:
        """The encoder of a fingerprint: the configured one, the kept copy with the terms that it
        had, or at its place."""
        kept = self._settings.models / fingerprint
        for where in (self._settings.model, str(kept), place):
            with suppress(ModelMissing, ModelInvalid, terms.TermsInvalid):
                if where == self._settings.model and self.configured.fingerprint == fingerprint:
                    return self.configured
                own = terms.read(kept / TERMS) if (kept / TERMS).is_file() else ()
                found = terms.named(load_encoder(where), own)
                if found.fingerprint == fingerprint:
                    return found
        return None

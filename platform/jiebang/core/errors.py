"""What can go wrong, in words for the person who sees it. Web pages map them to status codes."""

from __future__ import annotations

from collections.abc import Mapping


class DomainError(Exception):
    """A refusal with a Chinese sentence that says what to do next."""

    status = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(DomainError):
    """It is not there, or it is not yours: the two look the same."""

    status = 404

    def __init__(
        self, message: str = "没有找到这项内容，它可能已撤下，或您没有查看的权限。"
    ) -> None:
        super().__init__(message)


class Forbidden(DomainError):
    """The role does not allow it."""

    status = 403


class Conflict(DomainError):
    """The state does not allow it, or somebody else was faster."""

    status = 409


class Invalid(DomainError):
    """Input that cannot be taken: one message a field, "" for the whole."""

    status = 422

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("；".join(errors.values()))
        self.errors = dict(errors)


class TooMany(DomainError):
    """A rate limit was reached; `retry_after` is in seconds."""

    status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after

"""The log: one JSON line an event. Tracebacks carry no values: those may be passwords or tokens."""

from __future__ import annotations

import sys

import structlog


def configure() -> None:
    """Called once by each process before it logs; a second call changes nothing."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,  # plain: frames and code, no local variables
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )

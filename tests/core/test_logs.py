"""The log tells what broke and where, never with which values."""

from __future__ import annotations

import json

import pytest
import structlog

from jiebang.core import logs


def broken(password: str) -> None:
    raise ValueError("something broke" if password else "")


def test_a_traceback_holds_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    secret = "correct horse battery"
    try:
        broken(secret)
    except ValueError as error:
        structlog.get_logger().error("unhandled", route="accounts.sign_in", exc_info=error)
    line = capsys.readouterr().err
    told = json.loads(line)
    assert told["event"] == "unhandled"
    assert "ValueError: something broke" in told["exception"]
    assert secret not in line
    structlog.reset_defaults()

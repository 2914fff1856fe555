"""Worlds for the operator's desk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import World, world_on


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_on("sqlite", tmp_path) as found:
        yield found

"""Worlds for listings: on SQLite, or on both databases where a test asks for `any_world`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import backend
from tests.factories import World, world_on

__all__ = ["backend"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_on("sqlite", tmp_path) as found:
        yield found


@pytest.fixture
def any_world(backend: str, tmp_path: Path) -> Iterator[World]:
    with world_on(backend, tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for tests that do not disturb each other."""
    with world_on("sqlite", tmp_path_factory.mktemp("shared")) as found:
        yield found

"""Fixtures of a world to test in; a folder's conftest imports them by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import backend
from tests.factories import World, world_on

__all__ = ["any_world", "backend", "shared", "world"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world on SQLite."""
    with world_on("sqlite", tmp_path) as found:
        yield found


@pytest.fixture
def any_world(backend: str, tmp_path: Path) -> Iterator[World]:
    """A world on each of the two databases."""
    with world_on(backend, tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for tests that do not disturb each other."""
    with world_on("sqlite", tmp_path_factory.mktemp("shared")) as found:
        yield found

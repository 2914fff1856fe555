"""One world for the whole folder; nothing in it is changed by reading."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories import world_on
from tests.hidden.scene import Told, planted_in


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with world_on("sqlite", tmp_path_factory.mktemp("hidden")) as world:
        yield planted_in(world)

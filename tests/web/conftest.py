"""One world for all routes; what a request changed is put back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories import world_on
from tests.web.routes import Setting, setting_in


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    folder = tmp_path_factory.mktemp("routes")
    with world_on("sqlite", folder) as world:
        yield setting_in(world, folder)

"""Numbers in addresses: keys of database rows."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import IntegerConverter, Map

LARGEST = 2**31 - 1
"""The largest key of an integer column, on both databases."""


class Key(IntegerConverter):
    """`<int:...>` in a route. A number that no row can have is not found, instead of an overflow
    in the database driver."""

    def __init__(self, url_map: Map, **options: Any) -> None:
        super().__init__(url_map, **{"max": LARGEST, **options})

"""Pages of a list; their links keep the filters."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import request


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list as the template's `pagination` draws it."""

    number: int
    total: int
    size: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    def url_for_page(self, number: int) -> str:
        """The same address with another page number."""
        return address("page", page=str(number))


def address(*without: str, **changes: str) -> str:
    """This page's own address with other parameters.

    It is put together from the path, not by `url_for`: what stands in a visitor's address
    (`_scheme`, `_external`) must not become an argument of that function.
    """
    kept = [(k, v) for k, v in request.args.items(multi=True) if v and k not in without]
    query = urlencode([*kept, *changes.items()])
    return f"{request.script_root}{request.path}{'?' if query else ''}{query}"


def page_number() -> int:
    """The page asked for; anything unreadable is the first."""
    text = request.args.get("page", "1")
    readable = text.isascii() and text.isdigit() and len(text) < 10
    return max(1, min(int(text), 100_000)) if readable else 1

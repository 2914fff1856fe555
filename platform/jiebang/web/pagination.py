"""Pages of a list; their links keep the filters."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request, url_for


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
        kept = {k: v for k, v in request.args.items(multi=True) if k != "page" and v}
        assert request.endpoint is not None
        return url_for(request.endpoint, **{**(request.view_args or {}), **kept, "page": number})


def page_number() -> int:
    """The page asked for; anything unreadable is the first."""
    text = request.args.get("page", "1")
    readable = text.isascii() and text.isdigit() and len(text) < 10
    return max(1, min(int(text), 100_000)) if readable else 1

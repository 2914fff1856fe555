"""What people share by hand: a short text to paste into a chat, and a QR code of the address."""

from __future__ import annotations

from dataclasses import dataclass

import segno
from markupsafe import Markup

from jiebang.core import clock
from jiebang.web.current import platform

from ..models import Listing
from ..queries import OPEN_LEVELS
from ..workflow import ListingState


@dataclass(frozen=True, slots=True)
class Share:
    """The text, its address, and the address as a drawing."""

    text: str
    url: str
    code: Markup
    """An SVG element; black on white whatever the theme, or telephones could not read it."""


def share(listing: Listing) -> Share | None:
    """For a listing that everybody may open; None for any other. Only what stands on its page for
    every visitor: title, board, day and address, never the owner."""
    if listing.state is not ListingState.PUBLISHED or listing.disclosure not in OPEN_LEVELS:
        return None
    url = f"{platform().settings.base_url}/listings/{listing.code}"
    until = f"{clock.day_text(listing.deadline)}截止" if listing.deadline else "长期有效"
    text = f"【{listing.board.label}】{listing.title}\n{until}\n{url}"
    drawing = segno.make(url, error="m", micro=False).svg_inline(
        scale=4, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True
    )
    return Share(text, url, Markup(drawing))  # noqa: S704  (made of numbers, the address is drawn)

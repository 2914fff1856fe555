"""Assigning specialists, and introductions from the request to the result."""

from .assigning import assign, change_rule, give_to
from .clocks import run_clock
from .introducing import agree, end, listing_changed, meet
from .requesting import accept, propose, request

__all__ = [
    "accept",
    "agree",
    "assign",
    "change_rule",
    "end",
    "give_to",
    "listing_changed",
    "meet",
    "propose",
    "request",
    "run_clock",
]

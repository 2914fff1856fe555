"""What can be done with reviews; each act leaves an audit row and tells who waits."""

from .asking import add, conclude, open_panel, replace
from .clocks import run_clock
from .following import listing_changed
from .scoring import Entry, accept, recuse, save, submit

__all__ = [
    "Entry",
    "accept",
    "add",
    "conclude",
    "listing_changed",
    "open_panel",
    "recuse",
    "replace",
    "run_clock",
    "save",
    "submit",
]

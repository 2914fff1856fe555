"""What can be done with a response; each act leaves an audit row and tells the other side."""

from .clocks import run_clock
from .deciding import check, decide, listing_changed, select, set_winners
from .filing import begin, file, save, withdraw
from .undoing import SELECTED, UNDONE, overturn, release

__all__ = [
    "SELECTED",
    "UNDONE",
    "begin",
    "check",
    "decide",
    "file",
    "listing_changed",
    "overturn",
    "release",
    "run_clock",
    "save",
    "select",
    "set_winners",
    "withdraw",
]

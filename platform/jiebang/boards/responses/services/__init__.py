"""What can be done with a response; each act leaves an audit row and tells the other side."""

from .clocks import run_clock
from .deciding import check, decide, listing_changed, select, set_winners
from .filing import begin, file, save, withdraw
from .joint import Part, answer_split, propose_split, remind_members
from .looks import seen
from .undoing import SELECTED, UNDONE, overturn, release
from .windows import window_moved

__all__ = [
    "SELECTED",
    "UNDONE",
    "Part",
    "answer_split",
    "begin",
    "check",
    "decide",
    "file",
    "listing_changed",
    "overturn",
    "propose_split",
    "release",
    "remind_members",
    "run_clock",
    "save",
    "seen",
    "select",
    "set_winners",
    "window_moved",
    "withdraw",
]

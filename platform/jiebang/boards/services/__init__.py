"""What can be done with a listing: each verb guards, changes, and leaves an audit row."""

from .drafting import change, create, invite, keep_pending, take_pending, uninvite
from .life import advance, confirm_due, run_clock, save_and_reindex

__all__ = [
    "advance",
    "change",
    "confirm_due",
    "create",
    "invite",
    "keep_pending",
    "run_clock",
    "save_and_reindex",
    "take_pending",
    "uninvite",
]

"""What can be done with a publicity; each act leaves an audit row and tells whom it concerns."""

from .deciding import decide, raise_objection, withdraw
from .running import barrier, begin, request, run_clock, selected, selection_undone

__all__ = [
    "barrier",
    "begin",
    "decide",
    "raise_objection",
    "request",
    "run_clock",
    "selected",
    "selection_undone",
    "withdraw",
]

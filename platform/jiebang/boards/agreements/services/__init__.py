"""What can be done with an agreement; each act leaves an audit row and tells the other parties."""

from .clocks import run_clock
from .hooks import AGREED, BARRIERS, ENDED
from .lines import LINES, Terms
from .steps import renew
from .writing import (
    barrier,
    begin,
    confirm,
    end,
    hand_over,
    propose,
    propose_confirmed,
    save,
    selection_undone,
)

__all__ = [
    "AGREED",
    "BARRIERS",
    "ENDED",
    "LINES",
    "Terms",
    "barrier",
    "begin",
    "confirm",
    "end",
    "hand_over",
    "propose",
    "propose_confirmed",
    "renew",
    "run_clock",
    "save",
    "selection_undone",
]

"""What can be done in a project; each act leaves an audit row and tells the other side."""

from . import accepting, checking, granting, milestones, paying, recovering, requests
from .clocks import run_clock
from .starting import agreed, start

__all__ = [
    "accepting",
    "agreed",
    "checking",
    "granting",
    "milestones",
    "paying",
    "recovering",
    "requests",
    "run_clock",
    "start",
]

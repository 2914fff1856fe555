"""What can be done with an agreement; each act leaves an audit row and tells the other parties."""

from .hooks import AGREED, BARRIERS, ENDED

__all__ = ["AGREED", "BARRIERS", "ENDED"]

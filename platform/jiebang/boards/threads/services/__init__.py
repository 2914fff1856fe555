"""What the two sides of a thread can do; each act leaves an audit row and tells the other side."""

from .clocks import run_clock
from .handing import agree, give_contact
from .introduced import open_introduced
from .looking import log_access, open_file_for_platform, open_for_platform
from .meeting import answer_meeting, propose_meeting, write_minutes
from .opening import let_see
from .talk import end, express_interest, listing_changed, say

__all__ = [
    "agree",
    "answer_meeting",
    "end",
    "express_interest",
    "give_contact",
    "let_see",
    "listing_changed",
    "log_access",
    "open_file_for_platform",
    "open_for_platform",
    "open_introduced",
    "propose_meeting",
    "run_clock",
    "say",
    "write_minutes",
]

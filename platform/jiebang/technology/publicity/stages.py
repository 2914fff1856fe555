"""A publicity as one step of an agreement's way."""

from __future__ import annotations

from jiebang.core import clock

from .models import Publicity
from .workflow import PublicityState


def step(found: Publicity | None) -> dict[str, str] | None:
    """The step of the stage bar; None where nothing is or was public."""
    if found is None:
        return None
    state = {
        PublicityState.RUNNING: "current",
        PublicityState.ENDED: "done",
    }.get(found.state, "stopped")
    over = found.state is PublicityState.RUNNING and clock.today() > found.ends
    return {
        "label": "公示",
        "state": state,
        "date_text": f"到{clock.day_text(found.ends)}",
        "note": "异议处理中" if over else "",
    }

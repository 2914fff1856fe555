"""Reviews follow their listing: none is published unreviewed, none goes on for what is gone."""

from __future__ import annotations

from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.errors import Conflict
from jiebang.core.permissions import SYSTEM, Actor

from ...models import Listing
from .. import queries
from ..models import Panel, Stage
from ..workflow import PANEL
from .asking import fewest, let_go

ENDS = frozenset({"recall", "return", "diagnose", "withdraw", "reopen", "approve"})
"""Steps of a listing after which its panel has nothing to review."""


def lacking(session: Session, listing: Listing) -> str:
    """Why a need cannot be published yet; "" where the track asks no experts or they concluded."""
    rules = queries.rules_for(session, listing, Stage.NEED)
    if rules is None or queries.concluded_for(session, listing) is not None:
        return ""
    number = fewest(rules, Stage.NEED)
    return f"这条赛道先由专家评审再发布：请分派专家，收齐至少 {number} 份评审并结束评审。"


def listing_changed(session: Session, actor: Actor, listing: Listing, name: str) -> None:
    """A need of such a track is published after its review; the command line may do without."""
    if name == "approve" and actor.user_id is not None and (why := lacking(session, listing)):
        raise Conflict(why)
    if name in ENDS:
        listing.review_by = None
        for stage in Stage:
            panel = queries.open_panel(session, listing.id, stage)
            if panel is not None:
                end(session, queries.locked(session, panel.id))


def end(session: Session, panel: Panel) -> None:
    """What it reviews is gone."""
    PANEL.apply("end", panel, SYSTEM)
    panel.closed_at = clock.now()
    let_go(session, panel)
    audit.record(
        session, SYSTEM, "panel.end", "panel", panel.id,
        organisation_id=panel.listing.organisation_id, after=panel.state.value,
    )  # fmt: skip

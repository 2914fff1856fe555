"""Summaries as pages draw them, and what an issuer reads of them on its listing."""

from __future__ import annotations

from typing import Any

from flask import render_template
from markupsafe import Markup
from sqlalchemy.orm import Session

from jiebang.boards.models import Listing
from jiebang.core.permissions import Actor

from .. import queries
from ..models import ADVICE_LABELS, Panel, Stage
from ..workflow import PanelState


def drawn(session: Session, panel: Panel) -> list[dict[str, Any]]:
    """One entry for each subject: its name and the summary, the best mean first."""
    subjects = queries.subjects(panel)
    names = queries.names(session, {each.organisation_id for each in subjects if each})
    found = []
    for each in subjects:
        summary = queries.summary_of(panel, each)
        found.append(
            {
                "id": each.id if each else 0,
                "name": names[each.organisation_id] if each else panel.listing.title,
                "summary": summary,
                "advice": [
                    (ADVICE_LABELS[panel.stage][advice], number)
                    for advice, number in (summary.advice if summary else ())
                    if number
                ],
            }
        )
    return sorted(found, key=lambda row: -(row["summary"].mean if row["summary"] else -1))


def on_listing(session: Session, listing: Listing, who: Actor) -> Markup | str:
    """For the owner, where the track lets it read them: what concluded reviews came to."""
    if not listing.belongs_to(who):
        return ""
    parts = []
    for stage in (Stage.RESPONSES, Stage.NEED):
        for panel in queries.panels(session, listing.id, stage):
            if panel.state is PanelState.CONCLUDED and panel.rules.issuer_reads:
                parts.append((stage.value, panel, drawn(session, panel)))
    if not parts:
        return ""
    return Markup(render_template("reviews/on_listing.html", parts=parts))  # noqa: S704

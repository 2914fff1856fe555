"""A window that moves reaches those who are writing: they plan with it as issuers do."""

from __future__ import annotations

from sqlalchemy.orm import Session

from jiebang.core.permissions import Actor
from jiebang.orgs.notices import services as notices

from ...batches import queries as batches
from ...batches.models import Batch
from .. import queries
from ..models import MemberState
from .joint import split_page
from .steps import page


def window_moved(session: Session, actor: Actor, batch: Batch) -> None:
    """Tells every organisation whose answer to a need of the batch is begun and not filed: its
    leading one, and the members that were asked or have signed."""
    listings = [each.id for each in batches.owners(session, batch.id)]
    for found in queries.unfiled(session, listings):
        told = [(found.organisation_id, f"{page(found)}/edit", "您的揭榜")]
        told += [
            (each.organisation_id, split_page(found), "联合体的揭榜")
            for each in found.members
            if each.organisation_id != found.organisation_id
            and each.state in (MemberState.ASKED, MemberState.CONFIRMED)
        ]
        for organisation_id, url, whose in told:
            notices.tell_organisation(
                session, organisation_id, found.line, f"批次窗口有变：{found.listing.title}", url,
                f"“{batch.name}”的揭榜窗口现在是 {batch.window}；{whose}还没有提交。", but=actor,
            )  # fmt: skip

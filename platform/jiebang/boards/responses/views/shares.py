"""The split of a joint bid as pages draw it."""

from __future__ import annotations

from typing import Any

from jiebang.orgs.models import Organisation
from jiebang.web.access import db
from jiebang.web.filters import money_cn

from ..models import MemberState, Response
from ..services.joint import digest

WORDS = {
    MemberState.DRAFT: ("待保存", "warn"),
    MemberState.ASKED: ("等确认", "info"),
    MemberState.CONFIRMED: ("已确认", "good"),
    MemberState.REFUSED: ("不参加", "bad"),
}


def rows(found: Response) -> list[dict[str, Any]]:
    """The split as pages draw it; no person is named."""
    session, hashed = db(), digest(found)
    return [
        {
            "name": session.get_one(Organisation, each.organisation_id).name,
            "leads": each.organisation_id == found.organisation_id,
            "work": each.work,
            "money": money_cn(each.money) if each.money else "0",
            "gain": each.gain,
            "rights": each.rights,
            "state": WORDS[each.state],
            "at": each.signed_at,
            "due": each.due,
            "reason": each.reason,
            "hash": each.signed_hash[:12],
            "stale": each.state is MemberState.CONFIRMED and each.signed_hash != hashed,
        }
        for each in found.members
    ]

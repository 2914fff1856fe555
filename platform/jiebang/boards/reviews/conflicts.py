"""What the platform knows against an expert judging somebody: one house, or related houses."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.orgs.models import Membership, Organisation
from jiebang.orgs.relations import queries as relations


def known(session: Session, user_id: int, party_ids: Collection[int]) -> str:
    """Why a person may not judge these organisations; "" where nothing is known.

    Declared holdings and control count through chains, in both directions, by the same rule as
    between issuer and solver (`orgs.relations`).
    """
    own = session.scalars(
        select(Membership.organisation_id)
        .where(Membership.user_id == user_id)
        .order_by(Membership.id)
    ).all()
    for party_id in sorted(party_ids):
        if party_id in own:
            return f"是当事单位成员：{session.get_one(Organisation, party_id).name}"
    for house in own:
        for party_id in sorted(party_ids):
            path = relations.between(session, house, party_id)
            if path is not None:
                return f"所在单位与当事单位有关联：{path.text()}"
    return ""

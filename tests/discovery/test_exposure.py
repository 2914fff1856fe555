"""What is sent unasked: one listing does not fill everybody's news."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.discovery import suggestions
from jiebang.discovery.models import SearchRow, Suggestion
from matching import exposure
from tests.factories import World


def test_a_star_is_proposed_to_all_who_rank_it_first_and_to_few_others(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exposure, "cap", lambda askers, offered: 2)
    world = any_world
    owner, other = world.owner(), world.owner()
    needs = [world.published(owner, title=f"第{n}号技术需求") for n in range(5)]
    offers = [world.published(other, Board.OUTCOME, title=f"第{n}号科技成果") for n in range(5)]
    with world.database.transaction() as session:
        ids = {code: world._load(session, code).id for code in (*needs, *offers)}
        revision = {row.listing_id: row.revision for row in session.scalars(select(SearchRow))}
        session.execute(delete(Suggestion))
        star = offers[4]

        def put(need: str, offer: str, score: float) -> None:
            session.add(
                Suggestion(
                    listing_id=ids[need], other_id=ids[offer], score=score, level="强", model="m",
                    listing_revision=revision[ids[need]], other_revision=revision[ids[offer]],
                    first_seen_at=clock.now(), computed_at=clock.now(),
                )
            )  # fmt: skip

        for n, need in enumerate(needs):
            for m, offer in enumerate(offers[:3]):
                put(need, offer, 0.9 - m / 100)
            put(need, star, 0.5 + n / 100)  # fourth everywhere, best for the last
    since = clock.now() - timedelta(days=1)
    with world.database.reading() as session:
        found = suggestions.fresh_for(session, [ids[need] for need in needs], since, 100)
        pairs = {(row.listing_id, row.other_id) for row in found}
        assert {(ids[need], ids[offer]) for need in needs for offer in offers[:3]} <= pairs
        held = {listing for listing, offered in pairs if offered == ids[star]}
        assert held == {ids[needs[3]], ids[needs[4]]}, "where it fits best, and no more than two"

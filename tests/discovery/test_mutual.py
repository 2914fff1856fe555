"""Matches as both sides see them: the best for both comes first, and each side's view is shown."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import delete, select

from jiebang.boards.documents import indexable
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.permissions import Actor
from jiebang.discovery import suggestions
from jiebang.discovery.models import SearchRow, Suggestion
from matching.engine import Filter
from matching.mutual import joint, joints
from tests.factories import World


def test_the_joint_value_is_near_the_lower_side() -> None:
    assert joint(0.9, 0.1) == pytest.approx(0.18)
    assert joint(0.4, 0.4) == pytest.approx(0.4)
    assert joint(0.0, 0.0) == 0.0 and joint(0.7, 0.0) == 0.0
    pairs = np.random.default_rng(1).random((50, 2))
    pairs[0] = 0.0
    assert joints(pairs[:, 0], pairs[:, 1]).tolist() == [joint(a, b) for a, b in pairs.tolist()]


def filled(world: World) -> tuple[Actor, str]:
    asker, maker = world.owner(), world.owner()
    need = world.published(asker, title="铝合金薄壁件焊接变形控制")
    for title in (
        "铝合金激光焊接变形控制技术",
        "薄壁件焊接工装",
        "铝合金表面处理",
        "焊接变形预测软件",
    ):
        world.published(maker, Board.OUTCOME, title=title)
    return asker, need


def test_each_match_has_what_the_other_side_would_find(any_world: World) -> None:
    world = any_world
    asker, need = filled(world)
    with world.database.reading() as session:
        item = indexable(world._load(session, need))
        alone = world.discovery.search_listing(session, item, Board.OUTCOME, asker)
        found = world.discovery.both_ways(session, item, alone)
        assert {each.card.id for each in found} == {each.card.id for each in alone} and found
        assert [each.joint for each in found] == sorted((e.joint for e in found), reverse=True)
        items = world.discovery.provider.indexables(session, [each.card.id for each in found])
        for each in found:
            assert each.theirs is not None
            only = Filter(max_visibility=2, only_ids=frozenset({item.document.id}))
            seen = world.discovery.rank(session, items[each.card.id], Board.NEED, 1, only)
            assert [each.theirs.score] == [one.score for one in seen] or not seen
            assert each.joint == joint(each.match.score, each.theirs.score)
            pair = world.discovery.pair(session, item.document.id, each.card.id, asker)
            assert pair is not None and pair[0].joint == each.joint


def test_a_draft_has_no_other_side_yet(world: World) -> None:
    asker, _ = filled(world)
    draft = world.draft(asker, title="铝合金薄壁件焊接变形控制")
    with world.database.reading() as session:
        item = indexable(world._load(session, draft))
        alone = world.discovery.search_listing(session, item, Board.OUTCOME, asker)
        assert alone and world.discovery.both_ways(session, item, alone) == alone


def test_news_begin_with_what_is_good_for_both(any_world: World) -> None:
    world = any_world
    owner, maker = world.owner(), world.owner()
    need = world.published(owner, title="某项技术需求")
    offers = [world.published(maker, Board.OUTCOME, title=f"第{n}号科技成果") for n in range(3)]
    with world.database.transaction() as session:
        ids = {code: world._load(session, code).id for code in (need, *offers)}
        revision = {row.listing_id: row.revision for row in session.scalars(select(SearchRow))}
        session.execute(delete(Suggestion))

        def put(one: str, other: str, score: float) -> None:
            session.add(
                Suggestion(
                    listing_id=ids[one], other_id=ids[other], score=score, level="强", model="m",
                    listing_revision=revision[ids[one]], other_revision=revision[ids[other]],
                    first_seen_at=clock.now(), computed_at=clock.now(),
                )
            )  # fmt: skip

        for offer, own, theirs in zip(offers, (0.9, 0.7, 0.8), (0.1, 0.6, None), strict=True):
            put(need, offer, own)
            if theirs is not None:
                put(offer, need, theirs)
    with world.database.reading() as session:
        since = clock.now() - timedelta(days=1)
        found = suggestions.fresh_for(session, [ids[need]], since)
        order = [row.other_id for row in found]
    assert order == [ids[offers[1]], ids[offers[0]], ids[offers[2]]], "0.65, 0.18, on one list only"

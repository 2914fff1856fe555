"""What time does to listings and to what visitors left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from jiebang.boards import services
from jiebang.boards.models import PendingDraft
from jiebang.boards.workflow import ListingState
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.errors import Invalid
from jiebang.core.permissions import SYSTEM
from tests.boards.looking import actions, found_by, row
from tests.factories import World, later

S = ListingState


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves the clock by so much from now."""
    real = clock.now

    def move(by: timedelta) -> None:
        monkeypatch.setattr(clock, "now", lambda: real() + by)

    return move


def test_a_past_deadline_closes_and_is_not_submitted(
    any_world: World, at: Callable[[timedelta], None]
) -> None:
    world, owner = any_world, any_world.owner()
    code = world.published(owner, deadline=later(10))
    endless = world.published(owner, Board.OUTCOME, deadline=None)
    waiting = world.submitted(owner, deadline=later(10))
    draft = world.draft(owner, deadline=later(10))
    at(timedelta(days=10))
    with world.database.transaction() as session:
        assert services.run_clock(session, world.discovery) == 0, "open on the day itself"
    at(timedelta(days=11))
    assert found_by(world, "铝合金焊接变形", Board.NEED) == [], "past, though not yet closed"
    with world.database.transaction() as session:
        assert services.run_clock(session, world.discovery) == 1
    closed = world.listing(code)
    assert closed.state is S.CLOSED and closed.ended_at is not None
    assert world.listing(endless).state is S.PUBLISHED
    retired = row(world, code)
    assert retired is not None and not retired.live
    assert actions(world, code)[-1] == "listing.close"
    for each, name, who in ((draft, "submit", owner), (waiting, "approve", SYSTEM)):
        with pytest.raises(Invalid) as caught:
            world.advance(each, name, who)
        assert set(caught.value.errors) == {"deadline"}
    with world.database.transaction() as session:
        assert services.run_clock(session, world.discovery) == 0, "once is enough"


def test_an_unconfirmed_listing_asks_after_90_days_and_expires_14_days_later(
    any_world: World, at: Callable[[timedelta], None]
) -> None:
    world, owner = any_world, any_world.owner()
    code = world.published(owner, Board.OUTCOME, deadline=None)
    assert owner.organisation_id is not None

    def asked() -> list[str]:
        with world.database.reading() as session:
            found = services.confirm_due(session, [owner.organisation_id or 0])
            return [each.code for each in found]

    def tick() -> int:
        with world.database.transaction() as session:
            return services.run_clock(session, world.discovery)

    at(timedelta(days=89))
    assert asked() == [] and tick() == 0
    at(timedelta(days=91))
    assert asked() == [code] and tick() == 0
    world.advance(code, "confirm", owner)
    assert asked() == []
    at(timedelta(days=91 + 103))
    assert tick() == 0
    at(timedelta(days=91 + 105))
    assert tick() == 1
    assert world.listing(code).state is S.EXPIRED
    assert found_by(world, "铝合金焊接变形", Board.OUTCOME) == []
    world.advance(code, "confirm", owner)
    assert found_by(world, "铝合金焊接变形", Board.OUTCOME) == [code]


def test_what_a_visitor_left_becomes_a_draft_once(world: World) -> None:
    owner = world.owner()
    with world.database.transaction() as session:
        token = services.keep_pending(session, Board.NEED, "焊接后变形太大。怎么控制？")
    with world.database.reading() as session:
        kept = session.scalars(select(PendingDraft)).one()
        assert token not in kept.token_hash
    with world.database.transaction() as session:
        listing = services.take_pending(session, owner, token)
        assert listing is not None and listing.title == "焊接后变形太大"
    with world.database.transaction() as session:
        assert services.take_pending(session, owner, token) is None


@pytest.mark.parametrize("text", ["", "  ", "。。。！？", "长" * 2001])
def test_a_visitors_text_that_can_never_be_a_draft_is_not_kept(world: World, text: str) -> None:
    with pytest.raises(Invalid), world.database.transaction() as session:
        services.keep_pending(session, Board.NEED, text)


def test_a_visitors_text_is_forgotten_after_a_week(
    world: World, at: Callable[[timedelta], None]
) -> None:
    with world.database.transaction() as session:
        token = services.keep_pending(session, Board.NEED, "过期的难题描述")
    owner = world.owner()
    at(timedelta(days=8))
    with world.database.transaction() as session:
        services.keep_pending(session, Board.NEED, "新的难题描述")
    with world.database.transaction() as session:
        assert services.take_pending(session, owner, token) is None


def test_two_workers_whose_minute_strikes_at_once_close_it_once(
    any_world: World, at: Callable[[timedelta], None]
) -> None:
    world, owner = any_world, any_world.owner()
    codes = [world.published(owner, deadline=later(5)) for _ in range(5)]
    found_by(world, "先装载索引", Board.NEED)
    at(timedelta(days=6))
    barrier = threading.Barrier(2)
    closed: list[int] = []
    errors: list[Exception] = []

    def tick() -> None:
        barrier.wait(10)
        try:
            with world.database.transaction() as session:
                closed.append(services.run_clock(session, world.discovery))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=tick) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == [] and sum(closed) == 5
    for code in codes:
        assert actions(world, code).count("listing.close") == 1

"""The life of a listing through the services, on every board and on both databases."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from jiebang.boards import queries, services
from jiebang.boards.fields import fields_of
from jiebang.boards.models import Listing, ListingEvent, ListingVersion
from jiebang.boards.storage import read
from jiebang.boards.workflow import ListingState
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from jiebang.core.outbox import Job
from jiebang.core.permissions import Actor, Line, OrganisationRole
from tests.boards.looking import actions, found_by, row, text
from tests.factories import World, complete

S = ListingState


@pytest.mark.parametrize("board", list(Board))
def test_a_listing_lives_its_whole_life(any_world: World, board: Board) -> None:
    world, owner = any_world, any_world.owner()
    operator = world.operator()
    code = world.draft(owner, board)
    assert code.startswith(board.prefix)
    assert row(world, code) is None
    assert read(world.listing(code))["title"] == complete(board)["title"]

    world.advance(code, "submit", owner)
    assert row(world, code) is None, "nothing is found before an operator has seen it"
    world.advance(code, "return", operator, "指标不清，请补充数值")
    assert world.listing(code).state_reason == "指标不清，请补充数值"
    world.change(code, owner, {"summary": "补充了数值：平面度一毫米以内，节拍两分钟。"})
    world.advance(code, "submit", owner)
    world.advance(code, "approve", operator)
    first = row(world, code)
    first_text = text(world, code)
    assert first is not None and first.live and first_text
    assert found_by(world, "铝合金薄壁壳体焊接变形", board) == [code]

    assert world.change(code, owner, {"title": "钛合金薄板激光切割毛刺去除"}) == ["title"]
    second = row(world, code)
    assert second is not None and second.revision > first.revision
    assert text(world, code) != first_text
    assert found_by(world, "钛合金激光切割毛刺", board) == [code]

    world.advance(code, "withdraw", owner, "已经解决")
    retired = row(world, code)
    assert retired is not None and not retired.live and text(world, code) is None
    assert found_by(world, "钛合金激光切割毛刺", board) == []
    world.advance(code, "reopen", owner)
    world.advance(code, "submit", owner)
    world.advance(code, "approve", operator)
    assert found_by(world, "钛合金激光切割毛刺", board) == [code]
    steps = "created submit return changed submit approve changed withdraw reopen submit approve"
    assert actions(world, code) == [f"listing.{name}" for name in steps.split(" ")]
    with world.database.reading() as session:
        listing_id = world.listing(code).id
        kept = queries.versions(session, listing_id)
        assert [version.number for version in kept] == [3, 2, 1]
        assert kept[0].changed == ["title"] and kept[1].changed == ["summary"]
        assert kept[0].values["title"] == "钛合金薄板激光切割毛刺去除"
        assert "铝合金" in kept[1].values["title"], "the version before is as it was"
        names = [event.name for event in queries.events(session, listing_id)]
        assert names[0] == "create" and names.count("submit") == 3


@pytest.mark.parametrize("board", list(Board))
def test_every_field_is_kept_as_it_was_typed(world: World, board: Board) -> None:
    values = complete(board)
    code = world.draft(world.owner(), board)
    kept = read(world.listing(code))
    for name, value in values.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            pairs = zip(kept[name], value, strict=True)
            assert all(whole[key] == part[key] for whole, part in pairs for key in part)
        else:
            assert kept[name] == value, name


@pytest.mark.parametrize("board", list(Board))
def test_an_incomplete_listing_is_not_submitted_and_every_gap_is_named(
    world: World, board: Board
) -> None:
    owner = world.owner()
    with world.database.transaction() as session:
        code = services.create(session, owner, board, {"title": "只有标题的草稿"}).code
    with pytest.raises(Invalid) as caught:
        world.advance(code, "submit", owner)
    needed = {field.name for field in fields_of(board) if field.required} - {"title", "disclosure"}
    assert needed - {"track"} <= set(caught.value.errors)
    assert all(message.startswith("请填写“") for message in caught.value.errors.values())
    assert world.listing(code).state is S.DRAFT
    assert "listing.submit" not in actions(world, code)


@pytest.mark.parametrize("title", ["", "   ", "……！！", "\u200b"])
def test_a_draft_needs_a_title_that_says_something(world: World, title: str) -> None:
    with pytest.raises(Invalid) as caught:
        world.draft(world.owner(), title=title)
    assert set(caught.value.errors) == {"title"}


def test_a_published_listing_stays_complete(world: World) -> None:
    owner = world.owner()
    code = world.published(owner)
    before = row(world, code)
    with pytest.raises(Invalid) as caught:
        world.change(code, owner, {"summary": ""})
    assert set(caught.value.errors) == {"summary"}
    after = row(world, code)
    assert before is not None and after is not None and after.revision == before.revision
    assert "焊接" in world.listing(code).summary


@pytest.mark.parametrize("state", ["submitted", "withdrawn"])
def test_what_is_not_editable_is_not_edited(world: World, state: str) -> None:
    owner = world.owner()
    code = world.submitted(owner)
    if state == "withdrawn":
        world.advance(code, "withdraw", owner, "不需要了")
    with pytest.raises(Conflict, match="不能修改"):
        world.change(code, owner, {"title": "偷偷改掉的标题"})


@pytest.mark.parametrize("name", ["return", "suspend", "withdraw"])
@pytest.mark.parametrize("reason", ["", "  \n"])
def test_reasons_are_required(world: World, name: str, reason: str) -> None:
    owner, operator = world.owner(), world.operator()
    code = world.submitted(owner) if name == "return" else world.published(owner)
    before = world.listing(code).state
    with pytest.raises(Invalid) as caught:
        world.advance(code, name, owner if name == "withdraw" else operator, reason)
    assert set(caught.value.errors) == {"reason"}
    with pytest.raises(Invalid, match="最多 500 字"):
        world.advance(code, name, owner if name == "withdraw" else operator, "长" * 501)
    assert world.listing(code).state is before


def test_suspended_is_found_again_only_after_it_resumes(world: World) -> None:
    owner, operator = world.owner(), world.operator()
    code = world.published(owner)
    world.advance(code, "suspend", operator, "有人投诉")
    assert found_by(world, "铝合金焊接变形", Board.NEED, owner) == []
    world.advance(code, "resume", operator)
    assert found_by(world, "铝合金焊接变形", Board.NEED) == [code]


def test_others_neither_change_nor_advance_it(world: World) -> None:
    owner, stranger = world.owner(), world.owner()
    code = world.draft(owner)
    with pytest.raises(NotFound):
        world.change(code, stranger, {"title": "别人写的标题"})
    with pytest.raises(Forbidden):
        world.advance(code, "submit", stranger)
    with world.database.reading() as session, pytest.raises(NotFound):
        queries.owned(session, code, stranger)
    assert actions(world, code) == ["listing.created"]


def test_an_agent_acts_in_its_lines_alone(world: World) -> None:
    owner, user_id = world.owner(), world.user()
    assert owner.organisation_id is not None
    world.member(owner.organisation_id, user_id, OrganisationRole.AGENT, (Line.TALENT,))
    agent = world.actor(user_id)
    world.draft(agent, Board.ORDER)
    with pytest.raises(Forbidden, match="经办范围"):
        world.draft(agent, Board.NEED)
    code = world.draft(owner, Board.NEED)
    with pytest.raises(Forbidden, match="经办范围"):
        world.change(code, agent, {"title": "改成别的标题"})
    with pytest.raises(Conflict, match="经办范围"):
        world.advance(code, "submit", agent)


def test_drafting_is_allowed_before_verification_and_submitting_is_not(world: World) -> None:
    owner = world.owner(verified=False)
    code = world.draft(owner)
    with pytest.raises(Conflict, match="尚未通过核验"):
        world.advance(code, "submit", owner)


def test_a_stale_copy_does_not_overwrite(any_world: World) -> None:
    world, owner = any_world, any_world.owner()
    code = world.draft(owner)
    with world.database.session(write=False) as late:
        mine = late.scalars(select(Listing).where(Listing.code == code)).one()
        late.commit()  # its page was read; nothing is locked
        world.change(code, owner, {"title": "同事先保存的标题"})
        mine.title = "后保存的标题"
        with pytest.raises(StaleDataError):
            late.flush()
        late.rollback()
    assert world.listing(code).title == "同事先保存的标题"


def test_the_worker_is_asked_to_suggest_once_per_open_listing(world: World) -> None:
    owner = world.owner()
    code = world.published(owner)
    world.change(code, owner, {"title": "铝合金壳体焊接变形控制与校形"})
    with world.database.reading() as session:
        jobs = session.scalars(select(Job).where(Job.kind == "suggest")).all()
    assert [job.payload for job in jobs] == [{"listing_id": world.listing(code).id}]


@pytest.mark.parametrize(
    "values",
    [
        {"state": S.PUBLISHED},
        {"state": S.CLOSED},
        {"state": S.SUSPENDED},
        {"state": S.EXPIRED},
        {"state": S.SUBMITTED},
        {"state": S.RETURNED},
        {"trl": 0},
        {"trl": 10},
        {"money_low": 2, "money_high": 1},
        {"title": ""},
    ],
    ids=str,
)
def test_the_database_refuses_what_no_service_would_write(
    any_world: World, values: dict[str, Any]
) -> None:
    world = any_world
    code = world.draft(world.owner())
    with pytest.raises(IntegrityError), world.database.transaction() as session:
        session.execute(update(Listing).where(Listing.code == code).values(**values))
    assert world.listing(code).state is S.DRAFT


def test_a_failed_step_leaves_nothing(world: World) -> None:
    owner, operator = world.owner(), world.operator()
    code = world.submitted(owner)

    class Stop(Exception):
        pass

    with pytest.raises(Stop), world.database.transaction() as session:
        listing = session.scalars(select(Listing).where(Listing.code == code)).one()
        services.advance(session, operator, world.discovery, listing, "approve")
        raise Stop
    assert world.listing(code).state is S.SUBMITTED
    assert row(world, code) is None
    assert "listing.approve" not in actions(world, code)
    assert found_by(world, "铝合金焊接变形", Board.NEED) == []


@pytest.mark.parametrize("round_", range(3))
def test_of_two_who_approve_at_once_exactly_one_wins(any_world: World, round_: int) -> None:
    world, owner = any_world, any_world.owner()
    operators = [world.operator(), world.operator()]
    code = world.submitted(owner)
    found_by(world, "先装载索引", Board.NEED)
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def approve(who: Actor) -> None:
        barrier.wait(10)
        try:
            with world.database.transaction() as session:
                listing = queries.for_review(session, code)
                services.advance(session, who, world.discovery, listing, "approve")
        except (DomainError, StaleDataError) as error:
            outcomes.append(type(error).__name__)
        except Exception as error:
            outcomes.append(f"unexpected {error!r}")
        else:
            outcomes.append("won")

    threads = [threading.Thread(target=approve, args=(who,)) for who in operators]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["Conflict", "won"]
    assert actions(world, code).count("listing.approve") == 1
    with world.database.reading() as session:
        events = session.scalars(select(ListingEvent.name)).all()
        assert events.count("approve") == 1


def test_changing_nothing_leaves_no_trace(world: World) -> None:
    owner = world.owner()
    code = world.draft(owner)
    with world.database.transaction() as session:
        listing = world._load(session, code)
        assert services.change(session, owner, listing, read(listing)) == []
    with world.database.reading() as session:
        assert len(session.scalars(select(ListingVersion)).all()) == 1
    assert actions(world, code) == ["listing.created"]

"""Standing queries: new pairs are told once, five a day, to whoever may see them, as they chose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from jiebang import wiring
from jiebang.boards.standing import services
from jiebang.boards.standing.models import SavedSearch, StandingHit
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.permissions import Actor, OrganisationRole
from jiebang.discovery import feedback
from jiebang.orgs.notices import services as notices
from jiebang.orgs.notices.models import MailMode, Notice
from jiebang.worker import Worker
from tests.conftest import post
from tests.factories import World


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the clock."""
    return lambda moment: monkeypatch.setattr(clock, "now", lambda: moment)


def work(world: World) -> None:
    jobs = wiring.jobs(world.settings, world.database, world.discovery)
    Worker(world.database, jobs).drain()


def told(world: World, who: Actor) -> list[Notice]:
    with world.database.reading() as session:
        return list(
            session.scalars(select(Notice).where(Notice.user_id == who.user_id).order_by(Notice.id))
        )


def letters(world: World) -> int:
    return len(list((world.settings.home / "mail").glob("*.eml")))


def morning(days: int = 0) -> datetime:
    """09:00 北京时间, so many days after a Tuesday."""
    return datetime(2026, 11, 24, 1, tzinfo=UTC) + timedelta(days=days)


def test_strong_pairs_are_told_once_and_five_a_day(
    any_world: World, at: Callable[[datetime], None]
) -> None:
    world = any_world
    at(morning())
    owner, other = world.owner(), world.owner()
    code = world.published(owner)
    for number in range(7):
        world.published(other, Board.OUTCOME, title=f"铝合金薄壁壳体焊接变形控制第{number}号")
    work(world)
    found = told(world, owner)
    assert [each.title.partition("：")[0] for each in found] == ["新匹配 5 条"]
    assert found[0].url == f"/listings/{code}/matches" and "焊接变形" in found[0].text
    at(morning() + timedelta(hours=2))
    work(world)
    assert len(told(world, owner)) == 1, "not before the next morning"
    at(morning(1))
    work(world)
    assert [each.title.partition("：")[0] for each in told(world, owner)][1:] == ["新匹配 2 条"]
    at(morning(2))
    work(world)
    assert len(told(world, owner)) == 2, "each pair once"
    with world.database.reading() as session:
        hits = session.scalars(
            select(StandingHit.other_id).where(StandingHit.listing_id == world.listing(code).id)
        ).all()
    assert len(hits) == len(set(hits)) == 7


def test_a_digest_is_one_letter_on_the_next_working_morning(
    any_world: World, at: Callable[[datetime], None]
) -> None:
    world = any_world
    friday = datetime(2026, 11, 27, 9, tzinfo=UTC)  # 17:00 in 北京时间
    at(friday)
    owner, other = world.owner(), world.owner()
    with world.database.transaction() as session:
        notices.choose_mail(session, owner, MailMode.DIGEST)
        notices.choose_mail(session, other, MailMode.NEVER)
    for number in range(2):
        world.published(owner, title=f"薄壁壳体焊接变形怎么控制{number}")
    world.published(other, Board.OUTCOME)
    work(world)
    assert len(told(world, owner)) == 2 and letters(world) == 0
    at(datetime(2026, 11, 29, 3, tzinfo=UTC))
    work(world)
    assert letters(world) == 0, "Sunday"
    at(datetime(2026, 11, 30, 0, 29, tzinfo=UTC))
    work(world)
    assert letters(world) == 0, "08:29"
    at(datetime(2026, 11, 30, 0, 31, tzinfo=UTC))
    work(world)
    assert letters(world) == 1


def test_what_was_judged_unfit_or_may_not_be_seen_is_not_told(world: World) -> None:
    owner, other = world.owner(), world.owner()
    code = world.published(owner)
    unfit = world.published(other, Board.OUTCOME)
    world.published(other, Board.OUTCOME, title="铝合金焊接变形控制，仅受邀", disclosure="invited")
    with world.database.transaction() as session:
        feedback.give(
            session, owner, Board.NEED.line, world.listing(code).id, world.listing(unfit).id,
            "unrelated",
        )  # fmt: skip
    work(world)
    assert told(world, owner) == []


def test_only_people_of_the_line_are_told(world: World) -> None:
    owner, other = world.owner(), world.owner()
    assert owner.organisation_id is not None
    elsewhere = world.user()
    world.member(owner.organisation_id, elsewhere, OrganisationRole.AGENT, ())
    world.published(owner)
    world.published(other, Board.OUTCOME)
    work(world)
    assert told(world, owner) and not told(world, world.actor(elsewhere))


def test_a_saved_search_tells_of_what_is_new(any_world: World) -> None:
    world, reader, other = any_world, any_world.owner(), any_world.owner()
    known = world.published(other, title="铝合金焊接变形，保存之前就有")
    browser = world.browser(reader)
    assert "保存这个查询" in browser.get("/boards/need?q=铝合金焊接变形").text
    form = {"q": "铝合金焊接变形", "region": "济南"}
    assert post(browser, "/searches/need/save", form).status_code == 303
    work(world)
    assert [each for each in told(world, reader) if each.url.startswith("/searches")] == []
    world.published(other, title="铝合金焊接变形控制的新需求")
    world.published(other, title="铝合金焊接变形，在别处", region="青岛市")
    world.published(
        other, title="食堂蔬菜配送", summary="每天早上六点前送到，品种随季节变化。",
        present_state="现由两家供应。", problem="希望减少损耗。", chain="", indicators=[],
        modes=["技术服务"],
    )  # fmt: skip
    world.published(reader, title="铝合金焊接变形，自己发布的")
    work(world)
    found = [each for each in told(world, reader) if each.url.startswith("/searches")]
    assert [each.text for each in found] == ["铝合金焊接变形控制的新需求"]
    assert found[0].title == "保存的查询有 1 条新内容：铝合金焊接变形，济南"
    landed = browser.get(found[0].url)
    assert landed.status_code == 303 and landed.headers["Location"].startswith("/boards/need?q=")
    assert world.browser(other).get(found[0].url).status_code == 404
    assert "铝合金焊接变形，济南" in browser.get("/searches/").text
    assert post(browser, f"{found[0].url}/delete").status_code == 303
    with world.database.reading() as session:
        assert session.scalars(select(SavedSearch)).all() == []
    assert known


def test_a_search_without_words_asks_by_its_conditions_and_is_kept_once(world: World) -> None:
    reader, other = world.owner(), world.owner()
    browser = world.browser(reader)
    assert post(browser, "/searches/outcome/save", {"trl": "8"}).status_code == 303
    page = post(browser, "/searches/outcome/save", {"trl": "8"}, follow_redirects=True)
    assert "已经保存过" in page.text
    assert "请先填写" in post(browser, "/searches/need/save", {}, follow_redirects=True).text
    world.published(other, Board.OUTCOME, trl=7)
    world.published(other, Board.OUTCOME, trl=9, title="成熟度九级的新成果")
    work(world)
    found = [each.text for each in told(world, reader)]
    assert found == ["成熟度九级的新成果"]


def test_nobody_keeps_more_searches_than_they_can_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "KEPT", 1)
    browser = world.browser(world.owner())
    post(browser, "/searches/need/save", {"q": "焊接"})
    answer = post(browser, "/searches/need/save", {"q": "铸造"}, follow_redirects=True)
    assert "最多保存 1 个" in answer.text

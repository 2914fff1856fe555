"""Suggestions: what a search from each side finds, kept up to date by the listings that change."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from jiebang import wiring
from jiebang.boards.models import Listing
from jiebang.brokering import services as brokering
from jiebang.core.boards import Board
from jiebang.core.outbox import Job
from jiebang.core.permissions import Actor, Role
from jiebang.discovery import suggestions
from jiebang.discovery.models import Suggestion
from jiebang.worker import Worker
from matching import pairs
from matching.engine import Filter
from tests.factories import World
from tests.processes import jiebang

WORDS = ("电池托盘", "减速器壳体", "航空薄板", "液压阀块", "轨道车体")


def worked(world: World) -> None:
    Worker(world.database, wiring.jobs(world.settings, world.database, world.discovery)).drain()


def kept(world: World) -> dict[int, list[tuple[int, float, str]]]:
    found: dict[int, list[tuple[int, float, str]]] = {}
    with world.database.reading() as session:
        for row in session.scalars(
            select(Suggestion).order_by(Suggestion.score.desc(), Suggestion.other_id)
        ):
            pair = (row.other_id, round(row.score, 9), row.level)
            found.setdefault(row.listing_id, []).append(pair)
    return found


def searched(world: World) -> dict[int, list[tuple[int, float, str]]]:
    """What each listing's own search finds now."""
    door, found = world.discovery, {}
    with world.database.reading() as session:
        items = door.provider.indexables(session, door.provider.all_ids(session))
        for key, item in items.items():
            opposite = door.board_of(item).opposite
            matches = door.rank(session, item, opposite, suggestions.KEPT, Filter(max_visibility=2))
            if matches:
                found[key] = [(m.id, round(m.score, 9), m.level) for m in matches]
    return found


def ids(lists: dict[int, list[tuple[int, float, str]]]) -> dict[int, set[int]]:
    return {key: {other for other, _, _ in found} for key, found in lists.items()}


def market(world: World, count: int = 5) -> tuple[dict[str, Actor], list[str]]:
    """(number -> owner, outcomes' numbers)"""
    owner, maker = world.owner(), world.owner()
    needs = [world.published(owner, title=f"{word}焊接变形控制") for word in WORDS[:count]]
    outcomes = [
        world.published(maker, Board.OUTCOME, title=f"{word}激光焊接变形控制技术")
        for word in WORDS[:count]
    ]
    return dict.fromkeys(needs, owner) | dict.fromkeys(outcomes, maker), outcomes


MARK = "内容已更新，正在重新匹配"


def test_what_is_not_of_today_is_marked_where_it_is_shown(any_world: World) -> None:
    """On 我的待办, on 我的发布 and on the specialist's desk, until the worker has renewed it."""
    world = any_world
    owners, outcomes = market(world, 2)
    worked(world)
    code = next(each for each in owners if each not in outcomes)
    owner, maker = owners[code], owners[outcomes[0]]
    specialist = world.actor(world.user(Role.SPECIALIST))
    assert owner.organisation_id is not None
    with world.database.transaction() as session:
        brokering.assign(session, world.operator(), owner.organisation_id, specialist.user_id, "")

    def marks() -> list[int]:
        pages = ((owner, "/todo"), (owner, "/listings/"), (specialist, "/brokering/"))
        texts = [world.browser(who).get(page).text for who, page in pages]
        assert all("焊接变形控制" in text for text in texts)
        assert all("强相关" in texts[at] for at in (0, 2))
        return [text.count(MARK) for text in texts]

    assert marks() == [0, 0, 0]
    # the other side is changed: every kept pair with it is of an earlier text
    world.change(outcomes[0], maker, {"summary": "激光焊接，另附电弧稳定。"})
    first = marks()
    assert all(0 < number <= 2 for number in first), first
    worked(world)
    assert marks() == [0, 0, 0]
    with world.database.transaction() as session:
        session.execute(update(Suggestion).values(model="former+1"))
    assert all(number > 0 for number in marks()), "another model or ranking made them"
    assert suggestions.renew_stale(world.discovery) > 0
    worked(world)
    assert marks() == [0, 0, 0]


def test_the_full_run_gives_what_each_search_gives(any_world: World) -> None:
    market(any_world)
    heard: list[tuple[Board, int, int]] = []
    assert suggestions.compute_all(any_world.discovery, lambda *at: heard.append(at)) == 10
    assert kept(any_world) == searched(any_world) != {}
    assert (Board.NEED, 5, 5) in heard and (Board.OUTCOME, 5, 5) in heard


def test_it_does_so_with_proposals_from_block_products(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    market(world)
    for module in (pairs, __import__("matching.board", fromlist=["board"])):
        monkeypatch.setattr(module, "SCORE_ALL", 2)
        monkeypatch.setattr(module, "CANDIDATES", 4)
    monkeypatch.setattr(pairs, "_ROWS", 3)
    suggestions.compute_all(world.discovery)
    assert kept(world) == searched(world) != {}


def test_changes_touch_both_directions_and_only_what_they_must(any_world: World) -> None:
    world = any_world
    owners, outcomes = market(world)
    worked(world)
    assert ids(kept(world)) == ids(searched(world)) != {}
    with world.database.reading() as session:
        rows = {code: key for code, key in session.execute(select(Listing.code, Listing.id))}
    owner = owners[outcomes[0]]
    names = ("title", "summary", "application", "details", "principle")
    world.change(outcomes[0], owner, dict.fromkeys(names, "白酒酿造菌种的低温发酵工艺"))
    with world.database.reading() as session:
        stale = suggestions.stale(session, world.discovery.live.engine.version, 50)
    assert rows[outcomes[0]] in stale, "marked until the worker comes"
    worked(world)
    assert ids(kept(world)) == ids(searched(world))
    world.advance(outcomes[1], "withdraw", owner, "已转化")
    worked(world)
    gone = rows[outcomes[1]]
    assert gone not in kept(world) and not any(gone in found for found in ids(kept(world)).values())
    assert ids(kept(world)) == ids(searched(world))
    with world.database.reading() as session:
        assert suggestions.stale(session, world.discovery.live.engine.version, 50) == []


def test_full_lists_let_the_better_in_and_are_filled_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suggestions, "KEPT", 3)
    owners, _ = market(world)
    worked(world)
    lists = kept(world)
    assert all(len(found) <= 3 for found in lists.values())
    assert ids(lists) == ids(searched(world))
    with world.database.reading() as session:
        best = next(iter(lists.values()))[0][0]
        code = session.scalars(select(Listing.code).where(Listing.id == best)).one()
    world.advance(code, "withdraw", owners[code], "已解决")
    worked(world)
    assert ids(kept(world)) == ids(searched(world)), "the fourth has moved up"


def test_what_another_ranking_made_is_renewed_when_it_is_quiet(world: World) -> None:
    market(world, 2)
    worked(world)
    assert suggestions.renew_stale(world.discovery) == 0
    with world.database.transaction() as session:
        session.execute(update(Suggestion).values(model="former+ranking"))
    number = len(kept(world))
    assert suggestions.renew_stale(world.discovery) == number > 0
    assert suggestions.renew_stale(world.discovery) == 0, "they wait already"
    worked(world)
    with world.database.reading() as session:
        version = world.discovery.live.engine.version
        assert set(session.scalars(select(Suggestion.model))) == {version}
        assert session.scalars(select(Job).where(Job.failed_at.is_not(None))).all() == []


def test_the_command_goes_on_where_it_was_stopped(world: World) -> None:
    market(world, 3)
    version = world.discovery.live.engine.version
    mark = world.settings.home / "suggest-all.json"
    mark.write_text(f'{{"version": "{version}", "board": "outcome", "listing": 0}}')
    settings = {
        "JIEBANG_HOME": str(world.settings.home),
        "JIEBANG_DATABASE_URL": world.settings.database_url,
    }
    done = jiebang("suggest", "--all", **settings)
    assert done.returncode == 0, done.stderr
    assert "接着上次" in done.stderr and "已计算 3 条" in done.stdout and not mark.exists()
    done = jiebang("suggest", "--all", **settings)
    assert "已计算 6 条" in done.stdout
    assert kept(world) == searched(world)

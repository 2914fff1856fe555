"""A team for a need: what covers most together, from open text alone, and what stays open."""

from __future__ import annotations

import random
from html import unescape
from itertools import combinations

import pytest

from jiebang.boards.documents import indexable
from jiebang.boards.intake import parts as module
from jiebang.boards.intake.parts import parts
from jiebang.core.boards import Board
from jiebang.core.permissions import ANONYMOUS, Actor
from jiebang.discovery import team
from tests.factories import World

PARTS = ("电池托盘焊接变形控制", "焊缝气孔在线检测", "托盘密封胶自动涂覆")
SECRET = "zqsecret"


@pytest.mark.parametrize("seed", range(30))
def test_greedy_covers_at_least_what_it_promises(seed: int) -> None:
    """Against every set of that size: never below 1 - 1/e of the best (Nemhauser et al. 1978)."""
    chance = random.Random(seed)
    answers = {
        key: {part for part in range(10) if chance.random() < 0.3}
        for key in range(chance.randint(1, 9))
    }
    for most in (1, 2, 3, 4):
        chosen = team.cover(answers, most)
        assert len(chosen) <= most and len(set(chosen)) == len(chosen)
        reached = len(set().union(*(answers[key] for key in chosen)))
        best = max(
            len(set().union(*(answers[key] for key in each)))
            for size in range(most + 1)
            for each in combinations(answers, size)
        )
        assert reached >= (1 - 1 / 2.718281828) * best
        if most == 1:
            assert reached == best
        covered: set[int] = set()
        for key in chosen:
            assert answers[key] - covered, "each adds something"
            covered |= answers[key]


def test_greedy_is_not_always_the_best_and_says_so() -> None:
    answers = {0: {1, 2, 3, 4}, 1: {1, 2, 5}, 2: {3, 4, 6}}
    assert team.cover(answers, 2) == [0, 1]
    assert "1 - 1/e" in (team.__doc__ or "")


def need_of(world: World, who: Actor, **values: object) -> str:
    return world.published(
        who, title="新能源汽车电池托盘成套制造", summary="电池托盘从焊接、检测到密封的成套技术。",
        problem="；".join(PARTS) + "。", indicators=[], **values,
    )  # fmt: skip


def outcomes(world: World, who: Actor) -> dict[str, str]:
    texts = {
        "焊接": "电池托盘激光焊接变形控制工艺",
        "检测": "焊缝气孔缺陷在线检测装置",
        "无关": "鲁西黄牛冷冻精液保存技术",
    }
    said = {
        "焊接": "用于电池托盘焊接变形控制。平面度小于一毫米。",
        "检测": "对焊缝气孔做在线检测。漏检率低。",
        "无关": "提高冻精解冻后的精子活力。",
    }
    return {
        name: world.published(
            who, Board.OUTCOME, title=title, summary=said[name], application=said[name],
            details=said[name], indicators=[],
        )
        for name, title in texts.items()
    }  # fmt: skip


def found(world: World, code: str, who: Actor = ANONYMOUS) -> team.Team:
    with world.database.reading() as session:
        listing = world._load(session, code)
        return team.find(
            world.discovery, session, indexable(listing), parts(listing), Board.OUTCOME, who
        )


def test_several_outcomes_answer_what_one_does_not(world: World) -> None:
    owner, university = world.owner(), world.owner()
    code, offers = need_of(world, owner), outcomes(world, university)
    result = found(world, code)
    assert result.parts == PARTS
    chosen = {member.found.card.code: member for member in result.members}
    assert set(chosen) == {offers["焊接"], offers["检测"]}
    assert [each.part for each in chosen[offers["焊接"]].adds] == [PARTS[0]]
    assert [each.part for each in chosen[offers["检测"]].adds] == [PARTS[1]]
    assert "气孔" in chosen[offers["检测"]].adds[0].sentence
    assert result.uncovered == (PARTS[2],)
    page = unescape(world.browser(None).get(f"/listings/{code}/team").text)
    assert "2 / 3" in page and PARTS[2] in page and offers["焊接"] in page
    assert f"/listings/{code}/team" in world.browser(owner).get(f"/listings/{code}/matches").text


def test_a_withdrawn_outcome_is_in_no_team(world: World) -> None:
    owner, university = world.owner(), world.owner()
    code, offers = need_of(world, owner), outcomes(world, university)
    world.advance(offers["检测"], "withdraw", university, "不做了")
    result = found(world, code)
    assert [member.found.card.code for member in result.members] == [offers["焊接"]]


def test_hidden_text_is_neither_asked_with_nor_shown(world: World) -> None:
    """Sub-problems of an agreement-only need are not read, not for its owner either; an
    outcome's hidden sentences are no evidence."""
    owner, university = world.owner(), world.owner()
    offers = outcomes(world, university)
    hidden = world.published(
        owner, disclosure="agreement", title="电池托盘的难题", summary="电池托盘制造的成套技术。",
        problem=f"{SECRET}电池托盘焊接变形控制；{SECRET}焊缝气孔在线检测。",
        indicators=[{"name": SECRET, "comparator": "≤", "value": "1", "unit": "mm"}],
    )  # fmt: skip
    assert not any(SECRET in part for part in parts(world.listing(hidden)))
    for who in (None, owner, university):
        assert SECRET not in world.browser(who).get(f"/listings/{hidden}/team").text
    code = need_of(world, owner)
    world.change(offers["检测"], university, {"disclosure": "agreement"})
    secretive = world.published(
        university, Board.OUTCOME, title="托盘涂胶", summary="托盘涂胶用的成套设备。",
        disclosure="agreement",
        application=f"托盘密封胶自动涂覆{SECRET}。", details=f"托盘密封胶自动涂覆{SECRET}。",
        principle=f"托盘密封胶自动涂覆{SECRET}。", indicators=[],
    )  # fmt: skip
    page = world.browser(None).get(f"/listings/{code}/team").text
    assert SECRET not in page
    for member in found(world, code).members:
        assert SECRET not in "".join(each.sentence for each in (*member.adds, *member.also))
        if member.found.card.code == secretive:
            assert not member.adds


def test_an_anonymous_or_invited_outcome_is_shown_by_its_level(world: World) -> None:
    owner, university = world.owner(), world.owner(name="不露名大学zqname")
    code, offers = need_of(world, owner), outcomes(world, university)
    world.change(offers["焊接"], university, {"disclosure": "anonymous"})
    world.change(offers["检测"], university, {"disclosure": "invited"})
    page = world.browser(owner).get(f"/listings/{code}/team").text
    assert offers["焊接"] in page and "zqname" not in page
    assert offers["检测"] not in page


def test_only_needs_have_a_team(world: World) -> None:
    university = world.owner()
    code = world.published(university, Board.OUTCOME)
    assert world.browser(None).get(f"/listings/{code}/team").status_code == 404
    draft = world.draft(world.owner())
    assert world.browser(None).get(f"/listings/{draft}/team").status_code == 404


def test_sentences_become_parts_without_their_numbers() -> None:
    texts = module._BREAK.split("1. 控制焊接变形；（2）在线检测焊缝气孔。三、自动涂覆密封胶\n短")
    cleaned = [module._NUMBER.sub("", each).strip() for each in texts if each.strip()]
    assert cleaned[:3] == ["控制焊接变形", "在线检测焊缝气孔", "自动涂覆密封胶"]

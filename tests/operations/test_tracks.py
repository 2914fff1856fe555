"""赛道规则: a new version is issued on a page; what runs keeps its own; states are no values."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from jiebang.boards.models import Track
from jiebang.boards.responses import queries as responses
from jiebang.boards.responses.workflow import RESPONSE, ResponseState
from jiebang.boards.tracks import queries, services
from jiebang.boards.tracks.models import CLOCKS, SWITCHES, TrackVersion
from jiebang.boards.tracks.values import FIXED, LABELS, Kind, values
from jiebang.boards.workflow import ListingState
from jiebang.core import clock
from jiebang.core.audit import AuditEntry
from jiebang.core.errors import Conflict, Forbidden, Invalid
from jiebang.core.permissions import Role
from jiebang.core.working_days import add_working_days
from tests.boards.responses_scene import answers_in
from tests.conftest import post
from tests.factories import World

URL = "/operations/tracks/competition/new"
SOURCE = "市科技局 2026 年 12 月的决定"


def form(page: str) -> dict[str, str]:
    """What a browser would send of the page's form."""
    typed: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name is None or name[1] == "csrf_token" or ("checkbox" in tag and "checked" not in tag):
            continue
        typed[name[1]] = unescape(value[1]) if value else ""
    for name, body in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', body)
        typed[name] = chosen[1] if chosen else ""
    return typed


def filled(world: World, **changes: str) -> dict[str, str]:
    browser = world.browser(world.operator())
    return {**form(browser.get(URL).text), "source": SOURCE, **changes}


def current(world: World, track: Track = Track.COMPETITION) -> TrackVersion:
    with world.database.reading() as session:
        return queries.current(session, track)


def test_every_switch_and_clock_is_a_value_with_its_words() -> None:
    found = {value.name: value for value in values()}
    assert {name for name in SWITCHES if found[name].kind is not Kind.SWITCH} == set()
    assert {name for name in CLOCKS if found[name].kind is not Kind.CLOCK} == set()
    assert {column.name for column in TrackVersion.__table__.columns} == set(found) | FIXED
    assert {name for name, value in found.items() if not re.search("[一-鿿]", value.label)} == set()
    assert set(found) <= set(LABELS)


def test_states_are_no_values_and_cannot_be_set(world: World) -> None:
    """Whatever else is typed changes no workflow and no column that is not a value."""
    tables = {name: each for name, each in RESPONSE.transitions.items()}
    assert not {*ResponseState, *ListingState} & {value.name for value in values()}
    before = current(world)
    typed = filled(
        world, decision_days="7", state="selected", states="x", select="off", id="1", number="99",
        track="market", created_at="2000-01-01", transitions="{}", issue="1",
    )  # fmt: skip
    browser = world.browser(world.operator())
    assert post(browser, URL, typed).status_code == 303
    after = current(world)
    assert (after.number, after.track) == (before.number + 1, Track.COMPETITION)
    assert after.id != 1 and after.decision_days == 7
    assert RESPONSE.transitions == tables


def test_a_preview_shows_the_differences_and_changes_nothing(any_world: World) -> None:
    world = any_world
    browser = world.browser(world.operator())
    before = current(world)
    typed = filled(world, decision_days="7", formality="", related="disclosed")
    shown = post(browser, URL, {**typed, "preview": "1"})
    page = unescape(shown.text)
    assert shown.status_code == 200 and "差别（3 处）" in page
    for words in ("10 个工作日", "7 个工作日", "不得揭榜", "可以揭榜，向双方提示"):
        assert words in page
    assert current(world).id == before.id
    issued = post(browser, URL, {**form(shown.text), "source": SOURCE, "issue": "1"})
    assert issued.status_code == 303
    after = current(world)
    assert (after.decision_days, after.formality, after.related.value) == (7, False, "disclosed")
    assert (after.source, after.verified) == (SOURCE, False)
    unchanged = [
        v.name for v in values() if v.name not in ("decision_days", "formality", "related")
    ]
    assert all(getattr(after, name) == getattr(before, name) for name in unchanged)
    with world.database.reading() as session:
        row = session.scalars(select(AuditEntry).where(AuditEntry.action == "track.issued")).one()
    assert row.detail["number"] == after.number and len(row.detail["fields"]) == 3
    again = post(browser, URL, {**filled(world), "issue": "1"})
    assert again.status_code == 409 and "没有区别" in again.text
    assert "待起用" not in browser.get("/operations/tracks").text


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"decision_days": "0"}, "decision_days", "选定或说明不选”请填 1 到 60 之间的整数"),
        ({"decision_days": "61"}, "decision_days", "1 到 60"),
        ({"interest_days": "三天"}, "interest_days", "答复对接意向"),
        ({"need_experts": "16"}, "need_experts", "1 到 15"),
        ({"related": "maybe"}, "related", "从列表里选"),
        ({"source": " "}, "source", "依据"),
        ({"source": "长" * 501}, "source", "最多 500 字"),
        ({"valid_from": "2020-01-01"}, "valid_from", "今天到一年之内"),
        ({"valid_from": "明天"}, "valid_from", "从哪天起"),
        ({"need_criteria-0-weight": "99"}, "need_criteria", "合计要是 100"),
        ({"need_criteria-0-weight": "很多"}, "need_criteria-0-weight", "第 1 行"),
        ({"need_criteria-0-label": ""}, "need_criteria-0-label", "请写名称"),
        ({"need_criteria-1-label": "必要性"}, "need_criteria-1-label", "已经有了"),
        ({"response_criteria-0-hint": "长" * 61}, "response_criteria-0-hint", "最多 60 字"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_its_field(
    world: World, change: dict[str, str], field: str, says: str
) -> None:
    before = current(world)
    typed = filled(world, decision_days="8") | change
    answer = post(world.browser(world.operator()), URL, {**typed, "issue": "1"})
    page = unescape(answer.text)
    assert answer.status_code == 422 and says in page
    assert f'id="{field}-error"' in page and f'href="#{field}"' in page
    kept = form(answer.text)
    for name, text in change.items():
        if name in kept and name != "related":  # a list has no place for what is not in it
            assert kept[name] == text.strip() or kept[name] == text, "what was typed stays"
    assert current(world).id == before.id


def test_expert_review_needs_its_criteria(world: World) -> None:
    typed = filled(world)
    for number in range(8):
        for part in ("label", "weight", "hint"):
            typed[f"need_criteria-{number}-{part}"] = ""
    answer = post(world.browser(world.operator()), URL, {**typed, "issue": "1"})
    assert answer.status_code == 422 and "至少要有一条评审标准" in answer.text


def test_a_criterion_that_keeps_its_name_keeps_its_key(world: World) -> None:
    typed = filled(world)
    typed |= {"need_criteria-0-label": "紧迫性", "need_criteria-1-weight": "20", "issue": "1"}
    assert post(world.browser(world.operator()), URL, typed).status_code == 303
    keys = {row["label"]: row["key"] for row in current(world).need_criteria}
    assert keys["创新性"] == "novelty" and keys["紧迫性"] == "c1"


def test_what_runs_keeps_the_version_it_began_with(any_world: World) -> None:
    world = any_world
    answers = answers_in(world, 1)
    first = answers.filed(answers.scene.responder)
    old = current(world, Track.MARKET)
    browser = world.browser(world.operator())
    url = URL.replace("competition", "market")
    typed = {**form(browser.get(url).text), "source": SOURCE, "decision_days": "3", "issue": "1"}
    assert post(browser, url, typed).status_code == 303
    second = answers.filed(answers.more[0])
    scene = replace(answers.scene, code=world.published(answers.scene.issuer))
    other = replace(answers, scene=scene)
    third = other.filed(other.scene.responder)
    with world.database.reading() as session:
        numbers = {
            each: responses.rules_of(session, answers.get(each)).number
            for each in (first, second, third)
        }
    assert numbers == {first: old.number, second: old.number, third: old.number + 1}
    today = clock.today()
    assert answers.get(first).due == add_working_days(today, old.decision_days)
    assert answers.get(second).due == add_working_days(today, old.decision_days)
    assert other.get(third).due == add_working_days(today, 3)


def test_a_version_of_the_future_waits_for_its_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = current(world)
    day = clock.today() + timedelta(days=30)
    typed = filled(world, decision_days="8", valid_from=day.isoformat(), issue="1")
    browser = world.browser(world.operator())
    assert post(browser, URL, typed).status_code == 303
    assert current(world).id == before.id
    assert "待起用" in browser.get("/operations/tracks").text
    # a later number that is valid earlier does not stand in the way of the announced day
    assert post(browser, URL, filled(world, decision_days="9", issue="1")).status_code == 303
    assert current(world).decision_days == 9
    monkeypatch.setattr(clock, "today", lambda: day)
    assert current(world).decision_days == 8


def test_who_may(world: World) -> None:
    typed: dict[str, Any] = filled(world, decision_days="8", issue="1")
    for role in Role:
        status = 303 if role is Role.OPERATOR else 403
        browser = world.browser(world.user(role))
        assert browser.get(URL).status_code == (200 if role is Role.OPERATOR else 403)
        assert post(browser, URL, typed).status_code == status
    assert post(world.browser(world.owner()), URL, typed).status_code == 403
    member, operator = world.owner(), world.operator()
    with world.database.transaction() as session:
        now = queries.current(session, Track.MARKET)
        draft = services.Draft(
            {v.name: getattr(now, v.name) for v in values()}, clock.today(), "x", False
        )
        with pytest.raises(Forbidden):
            services.issue(session, member, Track.MARKET, draft)
        with pytest.raises(Conflict):
            services.issue(session, operator, Track.MARKET, draft)
        with pytest.raises(Invalid):
            services.read(now, {})

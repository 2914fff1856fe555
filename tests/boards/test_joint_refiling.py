"""改进后再次提交: a new response brings the split along, as a draft that nobody has signed."""

from __future__ import annotations

from html import unescape

import pytest

from jiebang.boards.responses import services
from jiebang.boards.responses.models import MemberState
from jiebang.core.errors import Conflict, NotFound
from tests.boards.responses_scene import answers_in
from tests.boards.test_joint import joint_in, members, name, parts, sign, split, told
from tests.factories import World


def test_a_refiled_response_brings_its_split_as_a_draft_to_be_signed_anew(any_world: World) -> None:
    answers = answers_in(any_world, 2)
    leader, (member, other) = answers.scene.responder, answers.more
    first = answers.draft(leader)
    split(answers, first, leader, parts(answers, member, other))
    sign(answers, first, member)
    sign(answers, first, other)
    answers.file(first, leader)
    answers.decide(first, "decline", "焊缝强度还不够。", "below_indicators")
    heard = {who: len(told(any_world, who)) for who in (member, other)}
    with any_world.database.transaction() as session:
        found = services.begin(session, leader, any_world._load(session, answers.scene.code))
        second = found.id
    old, new = members(answers)[:3], members(answers)[3:]
    rows = [[(e.organisation_id, e.work, e.money, e.gain, e.rights) for e in x] for x in (old, new)]
    assert rows[0] == rows[1] and len(new) == 3
    assert {each.state for each in new} == {MemberState.DRAFT}
    assert not any(each.signed_hash or each.signed_at for each in new)
    # nobody was asked yet: the members neither hear of it nor read it
    assert {who: len(told(any_world, who)) for who in heard} == heard
    url = f"/responses/{second}/split"
    assert any_world.browser(member).get(url).status_code == 404
    assert url not in any_world.browser(member).get("/responses/").text
    with pytest.raises(NotFound):
        sign(answers, second, member)
    with pytest.raises(Conflict, match="草稿"):
        answers.file(second, leader)
    browser = any_world.browser(leader)
    assert "带自上一份揭榜" in browser.get(f"/responses/{second}/edit").text
    page = unescape(browser.get(url).text)
    assert "以前的确认不算数" in page and name(answers, other) in page and "待保存" in page
    # saved as it stands, without the second member: the first is asked, the second hears nothing
    split(answers, second, leader, parts(answers, member))
    states = [each.state for each in members(answers)[3:]]
    assert states == [MemberState.CONFIRMED, MemberState.ASKED]
    assert "请确认联合体分工" in told(any_world, member)[-1].title
    assert len(told(any_world, other)) == heard[other]
    with pytest.raises(Conflict, match="还没有确认分工"):
        answers.file(second, leader)
    sign(answers, second, member)
    answers.file(second, leader)


def test_a_track_without_joint_bids_brings_no_split(world: World) -> None:
    answers, number, member = joint_in(world)
    sign(answers, number, member)
    answers.file(number, answers.scene.responder)
    answers.decide(number, "decline", "换个方案再来。", "below_indicators")
    answers.rules(joint=False)
    with world.database.transaction() as session:
        found = services.begin(
            session, answers.scene.responder, world._load(session, answers.scene.code)
        )
        assert found.members == []

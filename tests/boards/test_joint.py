"""Joint bids: a split that everybody signs as it stands, or nothing is filed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from jiebang.boards.responses import queries, services
from jiebang.boards.responses.models import MemberState, Response, ResponseEvent, ResponseMember
from jiebang.boards.responses.services.joint import Part, digest
from jiebang.boards.responses.workflow import ResponseState
from jiebang.boards.threads import confidentiality
from jiebang.boards.threads import queries as threads
from jiebang.boards.threads import services as talk
from jiebang.core import clock
from jiebang.core.audit import AuditEntry
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import Actor, Line, OrganisationRole, Role
from jiebang.orgs.models import Organisation, OrganisationState
from jiebang.orgs.notices.models import Notice
from jiebang.orgs.relations import services as relations
from tests.boards.responses_scene import Answers, answers_in
from tests.conftest import post
from tests.factories import World

BUDGET = 80_000_000


def name(answers: Answers, who: Actor) -> str:
    with answers.world.database.reading() as session:
        return session.get_one(Organisation, who.organisation_id).name


def parts(answers: Answers, *others: Actor, gain: int = 60) -> list[Part]:
    """Most for the leading organisation, the rest in equal shares."""
    each = 20_000_000
    rest = [
        Part(name(answers, who), "做检测。", each, (100 - gain) // len(others), "各自成果归各自。")
        for who in others
    ]
    mine = Part("", "出方案。", BUDGET - each * len(others), gain, "专利归牵头单位。")
    return [mine, *rest]


def split(answers: Answers, number: int, who: Actor, rows: list[Part]) -> None:
    with answers.world.database.transaction() as session:
        found = queries.partnered(session, number, who, lock=True)
        services.propose_split(session, who, found, rows)


def sign(
    answers: Answers, number: int, who: Actor, reason: str | None = None, hashed: str = ""
) -> None:
    with answers.world.database.transaction() as session:
        found = queries.partnered(session, number, who, lock=True)
        services.answer_split(session, who, found, hashed or digest(found), reason)


def members(answers: Answers) -> list[ResponseMember]:
    with answers.world.database.reading() as session:
        query = select(ResponseMember).order_by(ResponseMember.response_id, ResponseMember.position)
        return list(session.scalars(query))


def told(world: World, who: Actor) -> list[Notice]:
    with world.database.reading() as session:
        query = select(Notice).where(Notice.user_id == who.user_id).order_by(Notice.id)
        return list(session.scalars(query))


def joint_in(world: World, **values: object) -> tuple[Answers, int, Actor]:
    """A draft with a split that its one other member has not signed yet."""
    answers = answers_in(world, 2, **values)
    number = answers.draft(answers.scene.responder)
    split(answers, number, answers.scene.responder, parts(answers, answers.more[0]))
    return answers, number, answers.more[0]


def test_it_is_filed_when_everybody_signed_what_stands_there(any_world: World) -> None:
    answers, number, member = joint_in(any_world)
    leader = answers.scene.responder
    own, other = members(answers)
    assert (own.state, other.state) == (MemberState.CONFIRMED, MemberState.ASKED)
    assert own.signed_by == leader.user_id and other.due is not None
    asked = told(any_world, member)[-1]
    assert asked.url == f"/responses/{number}/split" and clock.day_text(other.due) in asked.text
    assert f"/responses/{number}/split" in any_world.browser(member).get("/todo").text
    with pytest.raises(Conflict, match="还没有确认分工"):
        answers.file(number, leader)
    assert answers.get(number).state is ResponseState.DRAFT
    sign(answers, number, member)
    own, other = members(answers)
    assert other.signed_by == member.user_id and other.signed_at is not None
    assert own.signed_hash == other.signed_hash and len(own.signed_hash) == 64
    assert "联合体成员确认了分工" in told(any_world, leader)[-1].title
    answers.file(number, leader)
    assert answers.get(number).state is ResponseState.QUALIFIED
    issuer = unescape(any_world.browser(answers.scene.issuer).get(f"/responses/{number}").text)
    assert name(answers, member) in issuer and "做检测。" in issuer and "40%" in issuer
    assert other.signed_hash[:12] in issuer
    with any_world.database.reading() as session:
        actions = session.scalars(
            select(AuditEntry.action).where(AuditEntry.target_type == "response")
        ).all()
        who = session.scalars(select(ResponseEvent.who)).all()
    assert actions[1:4] == ["response.split", "response.member_confirm", "response.file"]
    assert set(who) <= {"揭榜方", "平台"}
    answers.select(number)
    assert "联合体：揭榜已被选定" in told(any_world, member)[-1].title


def test_any_change_asks_everybody_again(any_world: World) -> None:
    answers, number, member = joint_in(any_world)
    leader = answers.scene.responder
    sign(answers, number, member)
    split(answers, number, leader, parts(answers, member, gain=60))
    assert members(answers)[1].state is MemberState.CONFIRMED, "nothing changed"
    split(answers, number, leader, parts(answers, member, gain=70))
    assert members(answers)[1].state is MemberState.ASKED
    with pytest.raises(Conflict, match="还没有确认分工"):
        answers.file(number, leader)
    sign(answers, number, member)
    with any_world.database.transaction() as session:
        session.execute(update(Response).values(budget=BUDGET - 1))
    with pytest.raises(Conflict, match="金额改过"):
        answers.file(number, leader)


def test_nobody_signs_what_they_did_not_see(world: World) -> None:
    answers, number, member = joint_in(world)
    seen = digest(answers_row(answers, number))
    split(answers, number, answers.scene.responder, parts(answers, member, gain=90))
    with pytest.raises(Conflict, match="刚改过"):
        sign(answers, number, member, hashed=seen)
    browser = world.browser(member)
    late = post(browser, f"/responses/{number}/split/confirm", {"hash": seen})
    assert late.status_code == 409 and "刚改过" in late.text
    assert members(answers)[1].state is MemberState.ASKED


def answers_row(answers: Answers, number: int) -> Response:
    with answers.world.database.reading() as session:
        found = session.get_one(Response, number)
        assert found.members
        return found


def test_a_refusal_says_why_and_the_leader_goes_on_without(world: World) -> None:
    answers, number, member = joint_in(world)
    leader = answers.scene.responder
    with pytest.raises(Invalid):
        sign(answers, number, member, " ")
    sign(answers, number, member, "今年没有人手。")
    assert told(world, leader)[-1].text == "今年没有人手。"
    with pytest.raises(Conflict):
        sign(answers, number, member)
    with pytest.raises(Conflict, match="还没有确认分工"):
        answers.file(number, leader)
    split(answers, number, leader, [])
    assert members(answers) == []
    answers.file(number, leader)


def test_the_sums_and_the_names_are_checked(world: World) -> None:
    answers = answers_in(world, 2)
    leader, member = answers.scene.responder, answers.more[0]
    number = answers.draft(leader)
    unverified = world.owner(name="未核验有限公司", verified=False)
    good = parts(answers, member)
    cases = {
        "part-0-money": [replace(good[0], money=1), good[1]],
        "part-0-gain": [replace(good[0], gain=61), good[1]],
        "part-1-gain": [good[0], replace(good[1], gain=None)],
        "part-1-money": [good[0], replace(good[1], money=None)],
        "part-1-work": [good[0], replace(good[1], work=" ")],
        "part-1-rights": [good[0], replace(good[1], rights="长" * 301)],
        "part-1-name": [good[0], replace(good[1], name="不存在的单位")],
    }
    for field, rows in cases.items():
        with pytest.raises(Invalid) as refused:
            split(answers, number, leader, rows)
        assert field in refused.value.errors
    for wrong in (
        name(answers, unverified),
        name(answers, leader),
        name(answers, answers.scene.issuer),
    ):
        with pytest.raises(Invalid) as refused:
            split(answers, number, leader, [good[0], replace(good[1], name=wrong)])
        assert "part-1-name" in refused.value.errors
    with pytest.raises(Invalid, match="2 到 8 家"):
        split(answers, number, leader, good[:1])
    browser = world.browser(leader)
    typed = {"part-0-name": "x", "part-1-name": "不存在的单位", "part-1-work": "检测"}
    page = post(browser, f"/responses/{number}/split", typed)
    assert (
        page.status_code == 422
        and "没有找到单位" in page.text
        and 'value="不存在的单位"' in page.text
    )
    assert members(answers) == []


def test_the_track_says_whether_joint_bids_are_taken(world: World) -> None:
    answers = answers_in(world, 1)
    answers.rules(joint=False)
    number = answers.draft(answers.scene.responder)
    with pytest.raises(Conflict, match="不接受联合体"):
        split(answers, number, answers.scene.responder, parts(answers, answers.more[0]))
    assert (
        "不接受联合体"
        in world.browser(answers.scene.responder).get(f"/responses/{number}/split").text
    )
    assert (
        "联合揭榜"
        not in world.browser(answers.scene.responder).get(f"/responses/{number}/edit").text
    )


@pytest.mark.parametrize("rule", ["barred", "disclosed"])
def test_a_related_member_is_barred_or_shown(world: World, rule: str) -> None:
    answers = answers_in(world, 1)
    answers.rules(related=rule)
    member, issuer = answers.more[0], answers.scene.issuer
    with world.database.transaction() as session:
        relations.declare(session, member, "up", name(answers, issuer), "control", "")
    number = answers.draft(answers.scene.responder)
    split(answers, number, answers.scene.responder, parts(answers, member))
    if rule == "barred":
        with pytest.raises(Conflict, match="关联关系"):
            sign(answers, number, member)
        return
    sign(answers, number, member)
    answers.file(number, answers.scene.responder)
    page = unescape(world.browser(issuer).get(f"/responses/{number}").text)
    assert "双方存在关联关系" in page and "成员：" in page


@pytest.mark.parametrize("one_each", [True, False])
def test_one_part_per_organisation_where_the_track_says_so(world: World, one_each: bool) -> None:
    answers = answers_in(world, 2)
    answers.rules(one_each=one_each)
    leader, member, rival = answers.scene.responder, *answers.more
    first, second = answers.draft(leader), answers.draft(rival)
    split(answers, first, leader, parts(answers, member))
    split(answers, second, rival, parts(answers, member))
    sign(answers, first, member)
    if one_each:
        with pytest.raises(Conflict, match="只能参与一份"):
            sign(answers, second, member)
        return
    sign(answers, second, member)
    answers.file(first, leader)
    answers.file(second, rival)


def test_being_asked_binds_nobody(world: World) -> None:
    """Otherwise anybody could keep a rival out by naming it."""
    answers = answers_in(world, 1)
    answers.rules(one_each=True)
    member = answers.more[0]
    number = answers.draft(answers.scene.responder)
    split(answers, number, answers.scene.responder, parts(answers, member))
    answers.filed(member)


def test_an_anonymous_issuer_is_not_found_out_by_naming_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Naming the issuer, its subsidiary or a stranger says the same to the leading organisation."""
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)  # pages tell the minute
    answers = answers_in(world, 1, disclosure="anonymous")
    issuer, stranger = answers.scene.issuer, answers.scene.stranger
    with world.database.transaction() as session:
        relations.declare(session, answers.more[0], "up", name(answers, issuer), "control", "")
    answers.rules(related="barred")
    number = answers.draft(answers.scene.responder)
    pages = []
    for who in (issuer, answers.more[0], stranger):
        split(answers, number, answers.scene.responder, parts(answers, who))
        page = world.browser(answers.scene.responder).get(f"/responses/{number}/split").text
        pages.append(unescape(page).replace(name(answers, who), "X"))
    changing = r'[0-9a-f]{12,64}|csrf_token" value="[^"]*"|nonce="[^"]*"'
    assert len({re.sub(changing, "", each) for each in pages}) == 1
    with pytest.raises(Conflict, match="本单位发布"):
        split(answers, number, answers.scene.responder, parts(answers, issuer))
        sign(answers, number, issuer)


def test_members_of_what_is_confidential_accept_the_agreement_themselves(world: World) -> None:
    answers = answers_in(
        world, 1, disclosure="agreement",
        indicators=[{"name": "zqsecret", "comparator": "≤", "value": "1", "unit": "mm"}],
    )  # fmt: skip
    leader, member = answers.scene.responder, answers.more[0]

    def accept(who: Actor) -> None:
        with world.database.transaction() as session:
            listing = world._load(session, answers.scene.code)
            thread = talk.express_interest(session, who, listing, "我们做过同类工艺。")
            talk.agree(session, who, thread, confidentiality.VERSION)

    accept(leader)
    number = answers.draft(leader)
    split(answers, number, leader, parts(answers, member))
    url = f"/responses/{number}/split"
    assert "zqsecret" not in world.browser(member).get(url).text
    with pytest.raises(Conflict, match="保密协议"):
        sign(answers, number, member)
    accept(member)
    assert "zqsecret" in world.browser(member).get(url).text
    with world.database.reading() as session:
        looks, _ = threads.looks(
            session, answers.scene.issuer.organisation_id or 0, answers.scene.listing().id
        )
    assert name(answers, member) in {each.who for each in looks}
    sign(answers, number, member)


def test_who_reads_the_split(world: World) -> None:
    answers, number, member = joint_in(world)
    url = f"/responses/{number}/split"
    for who, status in (
        (answers.scene.responder, 200), (member, 200), (answers.scene.issuer, 404),
        (answers.scene.stranger, 404), (world.operator(), 303), (None, 303),
    ):  # fmt: skip
        assert world.browser(who).get(url).status_code == status
    assert world.browser(member).get(f"/responses/{number}").status_code == 404
    assert f"/responses/{number}/split" in world.browser(member).get("/responses/").text
    for who in (answers.scene.stranger, answers.scene.issuer):
        with pytest.raises(NotFound):
            sign(answers, number, who)
    with pytest.raises(NotFound):
        split(answers, number, member, [])
    agent = world.user()
    assert member.organisation_id is not None
    world.member(member.organisation_id, agent, OrganisationRole.AGENT, (Line.TALENT,))
    refused = post(
        world.browser(agent), f"{url}/confirm", {"hash": digest(answers_row(answers, number))}
    )
    assert refused.status_code == 403


def test_a_member_judges_nothing_here(world: World) -> None:
    """Neither as the platform's checker nor as an expert."""
    answers, number, member = joint_in(world)
    answers.rules(formality=True)
    sign(answers, number, member)
    answers.file(number, answers.scene.responder)
    checker = world.user(Role.OPERATOR)
    assert member.organisation_id is not None
    world.member(member.organisation_id, checker)
    page = world.browser(checker).get(f"/responses/{number}")
    assert page.status_code == 200 and "通过，交发榜方" not in page.text
    with world.database.reading() as session:
        assert member.organisation_id in session.get_one(Response, number).party_ids


def test_who_does_not_answer_is_reminded_once(world: World) -> None:
    answers, number, member = joint_in(world)
    with world.database.transaction() as session:
        session.execute(
            update(ResponseMember)
            .where(ResponseMember.state == MemberState.ASKED)
            .values(due=clock.today() - timedelta(days=1))
        )
    for expected in (1, 0):
        with world.database.transaction() as session:
            assert services.remind_members(session) == expected
    for who in (member, answers.scene.responder):
        assert "逾期未确认" in told(world, who)[-1].title
        assert told(world, who)[-1].url == f"/responses/{number}/split"


def test_a_suspended_member_cannot_be_named(world: World) -> None:
    answers = answers_in(world, 1)
    member = answers.more[0]
    with world.database.transaction() as session:
        session.get_one(Organisation, member.organisation_id).state = OrganisationState.SUSPENDED
    number = answers.draft(answers.scene.responder)
    with pytest.raises(Invalid, match="核验"):
        split(answers, number, answers.scene.responder, parts(answers, member))


def test_the_database_knows_what_a_signature_is(any_world: World) -> None:
    joint_in(any_world)
    wrong = ("state = 'confirmed'", "state = 'refused', due = NULL", "gain = 101", "money = -1")
    for change in wrong:
        with pytest.raises(IntegrityError), any_world.database.transaction() as session:
            session.execute(text(f"UPDATE response_member SET {change} WHERE position = 1"))

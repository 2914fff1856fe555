"""Agreements: assembled, written by turns, confirmed by hash, given up; races on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from jiebang.boards.agreements import services
from jiebang.boards.agreements.content import digest
from jiebang.boards.agreements.models import Agreement, AgreementEvent, Confirmation
from jiebang.boards.agreements.workflow import AgreementState
from jiebang.boards.responses.workflow import ResponseState
from jiebang.core import audit, clock
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import Actor
from jiebang.core.sides import Holder
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices.models import Notice
from jiebang.technology.registration.models import Registration
from tests.boards.test_response_races import at_once
from tests.factories import World
from tests.technology.agreements_scene import complete, signing_in

S = AgreementState


def titles(world: World, user_id: int | None) -> list[str]:
    with world.database.reading() as session:
        return list(
            session.scalars(
                select(Notice.title).where(Notice.user_id == user_id).order_by(Notice.id)
            )
        )


def test_a_selection_has_its_draft(any_world: World) -> None:
    signing = signing_in(any_world)
    found = signing.get()
    assert found.state is S.DRAFT and found.number == 1
    assert found.holder is Holder.ISSUER
    assert found.due == add_working_days(clock.today(), 10)
    content = found.newest.content
    assert found.newest.hash == digest(content)
    assert content["total"] == found.total == 80_000_000
    assert sum(row["amount"] for row in content["instalments"]) == 80_000_000
    listing = signing.answers.scene.listing()
    with any_world.database.reading() as session:
        details = any_world._load(session, listing.code).details
        assert [row["name"] for row in content["criteria"]] == [
            each.name for each in details.indicators
        ]
    assert [each["name"] for each in content["parties"]] == ["历下机电有限公司", "泉城工业大学"]
    assert content["clauses"] and all(row["text"] for row in content["clauses"])


def test_what_a_version_lacks_is_named_and_then_it_is_confirmed(any_world: World) -> None:
    signing = signing_in(any_world)
    with pytest.raises(Invalid) as caught:
        signing.propose()
    assert "完成期限" in str(caught.value) and "怎样检验" in str(caught.value)
    signing.fill()
    with pytest.raises(Conflict):
        signing.confirm(signing.issuer)
    signing.propose()
    found = signing.get()
    assert found.state is S.CONFIRMING and found.holder is Holder.RESPONDER
    assert [row.amount for row in found.newest.instalments] == [30_000_000, 50_000_000]
    assert sum(row.amount for row in found.newest.instalments) == found.total
    signing.confirm(signing.responder)
    with pytest.raises(Conflict, match="本单位已确认"):
        signing.confirm(signing.responder)
    assert signing.get().holder is Holder.ISSUER
    signing.confirm(signing.issuer)
    found = signing.get()
    assert found.state is S.AGREED and found.agreed_at is not None and found.holder is None
    words = found.newest.confirmations
    assert {each.hash for each in words} == {found.newest.hash} and len(words) == 2
    assert all(each.user_name and each.at for each in words)
    with any_world.database.reading() as session:
        assert session.scalars(select(Registration)).one().agreement_id == found.id
        assert list(audit.verify(session)) == []
    for act in (signing.fill, signing.propose, lambda: signing.end(signing.issuer)):
        with pytest.raises(Conflict):
            act()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"total": 70_000_000}, "与总金额 7,000万元 不一致"),
        ({"ip": [{"what": "专利", "shares": {"1": 50, "2": 40}, "use": ""}]}, "合计 90%"),
        ({"instalments": []}, "付款至少写一期"),
        ({"clauses": []}, "至少保留一条条款"),
        ({"criteria": []}, "至少写一条验收指标"),
    ],
)
def test_sums_and_shares_are_checked(world: World, change: dict[str, Any], said: str) -> None:
    signing = signing_in(world)
    signing.save(signing.issuer, lambda content: {**complete(content), **change})
    with pytest.raises(Invalid) as caught:
        signing.propose()
    assert said.replace("7,000万元", "70万元") in str(caught.value)
    assert signing.get().state is S.DRAFT and signing.newest().instalments == []


def test_an_edit_voids_what_was_confirmed_and_says_so(any_world: World) -> None:
    signing = signing_in(any_world)
    signing.fill()
    signing.propose()
    signing.confirm(signing.issuer)
    old = signing.newest().hash
    signing.save(signing.responder, lambda content: {**content, "title": "改过的名称"})
    found = signing.get()
    assert found.state is S.DRAFT and found.number == 3 and found.newest.confirmations == []
    with any_world.database.reading() as session:
        word = session.scalars(select(Confirmation)).one()
        assert word.voided_at is not None and word.hash == old
        labels = session.scalars(select(AgreementEvent.label)).all()
        assert any("作废" in label for label in labels)
    assert any("确认已作废" in title for title in titles(any_world, signing.issuer.user_id))
    signing.propose(signing.responder)
    with pytest.raises(Conflict, match="不是同一版"):
        signing.confirm(signing.issuer, old)
    assert found.newest.changed == ["合同名称"]


def test_a_version_made_from_an_older_one_is_not_lost_over_a_newer(world: World) -> None:
    signing = signing_in(world)
    signing.fill()
    with pytest.raises(Conflict, match="对方已保存第 2 版"):
        signing.save(signing.responder, lambda content: {**content, "title": "旧"}, base=1)
    assert not signing.save(signing.issuer, lambda content: content)
    assert signing.get().number == 2


def test_giving_up_reaches_the_other_side_and_opens_the_place(any_world: World) -> None:
    signing = signing_in(any_world, 2)
    others = [each for each in signing.answers.all() if each.id != signing.response_id]
    assert {each.state for each in others} == {ResponseState.DECLINED}
    with pytest.raises(Invalid) as caught:
        signing.end(signing.responder, "", "")
    assert set(caught.value.errors) == {"code", "reason"}
    signing.end(signing.responder)
    found, response = signing.get(), signing.answers.get(signing.response_id)
    assert found.state is S.ENDED and found.reason == "价格谈不拢。" and found.reason_code
    assert response.state is ResponseState.DECLINED and response.slot is None
    assert "价格谈不拢" in response.reason and response.reason_code is not None
    assert any("不再签订" in title for title in titles(any_world, signing.issuer.user_id))
    again = [signing.answers.get(each.id) for each in others]
    assert {each.state for each in again} == {ResponseState.QUALIFIED}
    assert all(each.holder is Holder.ISSUER and each.due and not each.reason for each in again)
    signing.answers.select(again[0].id, "另选一家。")
    with any_world.database.reading() as session:
        states = session.scalars(select(Agreement.state).order_by(Agreement.id)).all()
        assert states == [S.ENDED, S.DRAFT]


def test_only_the_parties_find_it(world: World) -> None:
    signing = signing_in(world)
    signing.save(
        signing.issuer, lambda content: {**complete(content), "subject": "zqagreementsecret"}
    )
    outsiders: list[Actor | None] = [
        signing.answers.scene.stranger, world.operator(), world.owner(), None,
    ]  # fmt: skip
    number = signing.agreement_id
    assert number == 1
    addresses = (
        f"/agreements/{number}", f"/agreements/{number}/edit", f"/agreements/{number}/compare",
        f"/agreements/{number}/confirm", f"/agreements/{number}/end",
        f"/agreements/{number}/versions/2.pdf", f"/agreements/{number}/registration",
        f"/responses/{signing.response_id}", f"/listings/{signing.answers.scene.code}",
        "/agreements/", "/todo", "/publicity/", "/notices/",
    )  # fmt: skip
    for who in outsiders:
        browser = world.browser(who)
        for address in addresses:
            answer = browser.get(address, follow_redirects=True)
            assert "zqagreementsecret" not in answer.text, (address, who)
            if who is not None and who.seat is not None and address.startswith("/agreements/1"):
                assert answer.status_code == 404, address
    assert "zqagreementsecret" in world.browser(signing.responder).get(f"/agreements/{number}").text
    with pytest.raises(NotFound):
        signing.act(signing.answers.scene.stranger, lambda session, found: None)
    with world.database.reading() as session:
        rows = session.scalars(select(audit.AuditEntry)).all()
        assert not any("zqagreementsecret" in str(row.detail) for row in rows)
        notices = session.scalars(select(Notice)).all()
        assert not any("zqagreementsecret" in row.title + row.text for row in notices)


def test_overdue_it_climbs_and_nothing_waits_without_a_date(world: World) -> None:
    signing = signing_in(world)
    before = len(titles(world, signing.issuer.user_id))
    signing.due(clock.today() - timedelta(days=1))
    signing.tick()
    assert "逾期" in titles(world, signing.issuer.user_id)[-1]
    signing.tick()
    assert len(titles(world, signing.issuer.user_id)) == before + 1
    operator = world.operator()
    signing.due(clock.today() - timedelta(days=30))
    signing.tick()
    assert "逾期" in titles(world, operator.user_id)[-1]


def test_both_sides_confirm_at_the_same_moment(any_world: World) -> None:
    signing = signing_in(any_world)
    signing.fill()
    signing.propose()
    read = signing.newest().hash
    calls: list[int] = []

    def hears(_session: object, _actor: object, found: Agreement) -> None:
        calls.append(found.id)

    services.AGREED.append(hears)
    try:
        works: list[Callable[[], None]] = [
            lambda who=who: signing.confirm(who, read)  # type: ignore[misc]
            for who in (signing.issuer, signing.responder) * 5
        ]
        refused, unexpected = at_once(works)
    finally:
        services.AGREED.remove(hears)
    assert unexpected == [] and len(refused) == 8
    found = signing.get()
    assert found.state is S.AGREED and len(found.newest.confirmations) == 2
    assert calls == [found.id]


def test_an_edit_races_a_confirmation(any_world: World) -> None:
    signing = signing_in(any_world)
    signing.fill()
    signing.propose()
    signing.confirm(signing.issuer)
    version = signing.newest()

    def change(content: dict[str, Any]) -> dict[str, Any]:
        return {**content, "title": "抢在前面"}

    refused, unexpected = at_once(
        [
            lambda: signing.confirm(signing.responder, version.hash),
            lambda: signing.save(signing.issuer, change, base=version.number) and None,
        ]
    )
    assert unexpected == [] and len(refused) == 1
    found = signing.get()
    if found.state is S.AGREED:
        assert found.newest.hash == version.hash
        assert all(each.voided_at is None for each in found.newest.confirmations)
    else:
        assert found.state is S.DRAFT and found.newest.content["title"] == "抢在前面"
        assert found.newest.confirmations == []

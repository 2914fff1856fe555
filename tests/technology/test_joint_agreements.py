"""A joint bid's signed split in its agreement: three parties, from the draft to paper and sheet."""

from __future__ import annotations

import io
from html import unescape
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader
from sqlalchemy import select

from jiebang.boards.agreements import queries
from jiebang.boards.agreements.workflow import AgreementState
from jiebang.boards.responses.models import ResponseMember
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Invalid
from jiebang.core.permissions import Actor
from jiebang.orgs.models import Membership
from jiebang.orgs.notices.models import Notice
from jiebang.technology.contracts import joint
from jiebang.technology.projects.models import ProjectParty
from tests.boards.responses_scene import answers_in
from tests.boards.test_joint import name, parts, sign, split
from tests.conftest import post
from tests.factories import World
from tests.technology.agreements_scene import Signing, complete, signing_in


def signing_jointly(world: World, **values: object) -> tuple[Signing, Actor, Actor]:
    """A selected response of three organisations, each of which signed the split."""
    answers = answers_in(world, 2, **values)
    answers.rules(formality=False)
    leader, (first, second) = answers.scene.responder, answers.more
    number = answers.draft(leader)
    # the members' order is the split's, not that of their rows in the database
    split(answers, number, leader, parts(answers, second, first))
    sign(answers, number, first)
    sign(answers, number, second)
    answers.file(number, leader)
    answers.select(number)
    with world.database.reading() as session:
        agreement = queries.live_of(session, number)
        assert agreement is not None
        return Signing(answers, number, agreement.id), second, first


def told(world: World, who: Actor) -> list[str]:
    with world.database.reading() as session:
        query = select(Notice.title).where(Notice.user_id == who.user_id).order_by(Notice.id)
        return list(session.scalars(query))


def test_the_draft_takes_what_the_members_signed(any_world: World) -> None:
    signing, second, first = signing_jointly(any_world)
    content = signing.newest().content
    with any_world.database.reading() as session:
        members = session.scalars(select(ResponseMember).order_by(ResponseMember.position)).all()
    names = [
        name(signing.answers, who) for who in (signing.issuer, signing.responder, second, first)
    ]
    assert [each["name"] for each in content["parties"]] == names
    assert [each["position"] for each in content["parties"]] == [1, 2, 3, 4]
    assert content["split"] == [
        {"party": 2, "amount": 40_000_000, "work": "出方案。", "gain": 60,
         "rights": "专利归牵头单位。"},
        {"party": 3, "amount": 20_000_000, "work": "做检测。", "gain": 20,
         "rights": "各自成果归各自。"},
        {"party": 4, "amount": 20_000_000, "work": "做检测。", "gain": 20,
         "rights": "各自成果归各自。"},
    ]  # fmt: skip
    assert content["signed"]["rows"] == content["split"]
    assert {each.signed_hash for each in members} == {content["signed"]["hash"]}
    assert sum(row["amount"] for row in content["split"]) == content["total"] == 80_000_000
    assert joint.departures(content) == []


@pytest.mark.parametrize(
    ("wish", "shares"),
    [
        ("issuer", {"1": 100, "2": 0, "3": 0, "4": 0}),
        ("solver", {"1": 0, "2": 60, "3": 20, "4": 20}),
        ("joint", {"1": 50, "2": 30, "3": 10, "4": 10}),
        ("", {}),
    ],
)
def test_shares_of_new_results_follow_wish_and_signed_gains(
    world: World, wish: str, shares: dict[str, int]
) -> None:
    signing, *_ = signing_jointly(world, ip_ownership=wish)
    assert {tuple(row["shares"].items()) for row in signing.newest().content["ip"]} == {
        tuple(shares.items())
    }


def test_all_of_four_confirm_and_who_is_still_missing_is_said(any_world: World) -> None:
    signing, second, first = signing_jointly(any_world)
    signing.fill()
    signing.propose()
    signing.confirm(signing.responder)
    assert "等您确认" in told(any_world, first)[-1]
    signing.confirm(second)
    assert "已有一方确认" in told(any_world, signing.responder)[-1], "it confirmed already"
    assert "等您确认" in told(any_world, first)[-1]
    with pytest.raises(Conflict, match="本单位已确认"):
        signing.confirm(second)
    signing.confirm(signing.issuer)
    assert signing.get().state is AgreementState.CONFIRMING
    page = unescape(
        any_world.browser(signing.issuer).get(f"/agreements/{signing.agreement_id}").text
    )
    assert name(signing.answers, first) in page and page.count("尚未确认") == 1
    signing.confirm(first)
    assert signing.get().state is AgreementState.AGREED
    with any_world.database.reading() as session:
        parties = session.scalars(select(ProjectParty)).all()
    assert len(parties) == 4
    for who in (second, signing.responder):
        assert "项目已开始" in "".join(told(any_world, who))


def test_paper_and_sheet_name_everybody_and_what_each_does(world: World) -> None:
    signing, second, first = signing_jointly(world)
    signing.fill()
    signing.propose()
    everybody = (signing.issuer, signing.responder, second, first)
    for who in everybody:
        signing.confirm(who)
    names = [name(signing.answers, who) for who in everybody]
    url = f"/agreements/{signing.agreement_id}"
    data = world.browser(first).get(f"{url}/versions/2.pdf").data
    text = "".join("".join(p.extract_text() for p in PdfReader(io.BytesIO(data)).pages).split())
    content = signing.newest().content
    for each in (
        *names,
        "丙方",
        "丁方",
        "（牵头）",
        "做检测。",
        "各自成果归各自。",
        "20万元",
        "60%",
    ):
        assert each in text, each
    assert content["signed"]["hash"] in text and "以本协议为准" not in text
    sheet = openpyxl.load_workbook(
        io.BytesIO(world.browser(signing.responder).get(f"{url}/registration.xlsx").data)
    ).active
    rows = dict(sheet.iter_rows(min_row=2, values_only=True))
    assert rows["买方（委托方）名称"] == names[0]
    assert rows["卖方1（开发方，牵头）名称"] == names[1]
    assert rows["卖方2（开发方）名称"] == names[2] and rows["卖方3（开发方）名称"] == names[3]
    said = rows[f"联合体分工（{names[3]}）"]
    assert "做检测。" in said and "20万元" in said and "收益 20%" in said and "各自" in said


def test_what_departs_from_the_signed_split_is_listed(world: World) -> None:
    signing, _, first = signing_jointly(world)

    def change(content: dict[str, Any]) -> dict[str, Any]:
        made = complete(content)
        lead, one, two = made["split"]
        made["split"] = [
            {**lead, "amount": 45_000_000},
            {**one, "amount": 15_000_000, "gain": 15, "work": "做检测和报告。"},
            {**two, "gain": 25},
        ]
        return made

    signing.save(signing.issuer, change)
    signing.propose()
    url = f"/agreements/{signing.agreement_id}/confirm"
    page = unescape(world.browser(first).get(url).text)
    assert "乙方的经费是 45万元，按签署的比例是 40万元。" in page
    assert "丙方的收益是 15%，签署的是 20%。" in page
    assert "丙方的分工改过，签署的是：做检测。" in page
    assert "丁方的收益是 25%" in page and "丁方的经费" not in page


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"amount": 1}, "各方经费合计"),
        ({"gain": 59}, "收益合计 99%"),
        ({"work": ""}, "乙方的分工还没写"),
        ({"rights": ""}, "乙方的知识产权约定还没写"),
    ],
)
def test_a_joint_version_is_complete_or_not_proposed(
    world: World, change: dict[str, Any], said: str
) -> None:
    signing, *_ = signing_jointly(world)

    def broken(content: dict[str, Any]) -> dict[str, Any]:
        made = complete(content)
        made["split"][0] |= change
        return made

    signing.save(signing.issuer, broken)
    with pytest.raises(Invalid) as refused:
        signing.propose()
    assert said in "".join(refused.value.errors.values())


def test_the_form_shares_out_another_total_as_signed_and_keeps_what_was_typed(
    world: World,
) -> None:
    signing, *_ = signing_jointly(world)
    url, browser = f"/agreements/{signing.agreement_id}/edit", world.browser(signing.issuer)
    typed = {
        "base": "1", "title": "三方合同", "kind": "development", "subject": "写到一半",
        "total": "100.000001万元", "split-2-work": "改过的分工", "split-2-gain": "60",
    }  # fmt: skip
    page = post(browser, url, {**typed, "share_out": "1"})
    text = unescape(page.text)
    assert page.status_code == 200 and "写到一半" in text and "改过的分工" in text
    for party, fen in ((2, "50.000001万元"), (3, "25万元"), (4, "25万元")):
        assert f'name="split-{party}-amount"' in text and fen in text
    refused = post(browser, url, {**typed, "total": "很多钱", "share_out": "1"})
    assert refused.status_code == 422 and 'id="total-error"' in refused.text
    assert "很多钱" in refused.text and "改过的分工" in refused.text
    assert signing.get().number == 1, "sharing out only draws the form"
    bad = post(browser, url, {**typed, "total": "80万元", "split-3-gain": "十", "save": "1"})
    assert bad.status_code == 422 and 'id="split-3-gain-error"' in bad.text
    saved = post(
        browser, url,
        {**typed, "total": "90万元", "save": "1", "split-2-amount": "45万元",
         "split-3-amount": "30万元", "split-4-amount": "15万元", "split-3-gain": "20",
         "split-4-gain": "20", "split-4-rights": "改过的权利"},
    )  # fmt: skip
    assert saved.status_code == 303
    content = signing.newest().content
    assert [row["amount"] for row in content["split"]] == [45_000_000, 30_000_000, 15_000_000]
    assert (
        content["split"][2]["rights"] == "改过的权利" and content["signed"]["budget"] == 80_000_000
    )


def test_a_joint_answer_to_an_outcome_is_in_its_agreement_too(world: World) -> None:
    """There the owner sells alone, and the members share what they pay."""
    signing, *_ = signing_jointly(world, board=Board.OUTCOME)
    content = signing.newest().content
    assert [row["party"] for row in content["split"]] == [2, 3, 4]
    assert sum(row["amount"] for row in content["split"]) == content["total"]
    signing.fill()
    signing.propose()
    for each in signing.get().parties:
        with world.database.reading() as session:
            user = session.scalars(
                select(Membership.user_id).where(Membership.organisation_id == each.organisation_id)
            ).first()
        assert user is not None
        signing.confirm(world.actor(user))
    assert signing.get().state is AgreementState.AGREED
    url = f"/agreements/{signing.agreement_id}/registration.xlsx"
    sheet = openpyxl.load_workbook(io.BytesIO(world.browser(signing.issuer).get(url).data)).active
    rows = dict(sheet.iter_rows(min_row=2, values_only=True))
    labels = [key for key in rows if key.endswith("名称") and key != "合同名称"]
    assert len(labels) == 4 and labels[0].startswith("卖方（") and labels[3].startswith("买方3（")


def test_another_total_is_shared_out_to_the_last_fen(world: World) -> None:
    signing, *_ = signing_jointly(world)
    content = signing.newest().content
    assert joint.amounts(content, 100_000_001) == {2: 50_000_001, 3: 25_000_000, 4: 25_000_000}
    nothing = {**content, "signed": None, "split": [{**r, "amount": 0} for r in content["split"]]}
    assert joint.amounts(nothing, 10) == {2: 4, 3: 3, 4: 3}


def test_who_answers_alone_has_no_split(world: World) -> None:
    content = signing_in(world).newest().content
    assert "signed" not in content and len(content["split"]) == 1

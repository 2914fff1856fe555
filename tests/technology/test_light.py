"""What the light track spares: selecting, proposing and confirming in fewer acts."""

from __future__ import annotations

import io
from html import unescape

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from jiebang.boards.agreements import queries, services
from jiebang.boards.agreements.models import Agreement
from jiebang.boards.agreements.workflow import AgreementState
from jiebang.boards.responses.workflow import ResponseState
from jiebang.core import audit
from jiebang.core.audit import AuditEntry
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Invalid
from jiebang.orgs.notices.models import Notice
from tests.boards.responses_scene import answers_in
from tests.conftest import post
from tests.factories import World
from tests.technology.agreements_scene import signing_in


def test_who_proposes_confirms_in_the_same_act(any_world: World) -> None:
    signing = signing_in(any_world)
    issuer, other = any_world.browser(signing.issuer), any_world.browser(signing.responder)
    page, ask = f"/agreements/{signing.agreement_id}", f"/agreements/{signing.agreement_id}/confirm"
    assert "阅读、确认并提请对方" not in issuer.get(page).text, "it lacks something"
    assert issuer.get(ask).status_code == 409
    signing.fill()
    assert "阅读、确认并提请对方" in issuer.get(page).text
    shown = unescape(issuer.get(ask).text)
    assert "确认并提请对方" in shown and "同时提请对方确认同一版" in shown
    before = signing.newest().hash
    wrong = post(issuer, ask, {"hash": "0" * 64})
    assert wrong.status_code == 409 and "请重新阅读" in wrong.text
    assert signing.get().state is AgreementState.DRAFT
    assert post(issuer, ask, {"hash": before}).status_code == 303
    found = signing.get()
    assert found.state is AgreementState.CONFIRMING
    assert [each.organisation_id for each in found.newest.confirmations] == [
        signing.issuer.organisation_id
    ]
    with any_world.database.reading() as session:
        told = session.scalars(
            select(Notice.title).where(
                Notice.user_id == signing.responder.user_id, Notice.title.contains("确认协议")
            )
        ).all()
        actions = session.scalars(
            select(AuditEntry.action).where(AuditEntry.target_type == "agreement")
        ).all()
        assert list(audit.verify(session)) == []
    assert len(told) == 1 and told[0].startswith("对方已确认协议"), "told once"
    assert list(actions)[-2:] == ["agreement.propose", "agreement.confirm"]
    todo = other.get("/todo").text
    assert f'href="{ask}"' in todo, "the task leads to the text and its button"
    assert post(other, ask, {"hash": found.newest.hash}).status_code == 303
    assert signing.get().state is AgreementState.AGREED


def test_a_publicity_stands_before_it(world: World) -> None:
    """The switch the other way: with a publicity the text is proposed, and confirmed later."""
    signing = signing_in(world, publicity=True)
    signing.fill()
    issuer = world.browser(signing.issuer)
    page, ask = f"/agreements/{signing.agreement_id}", f"/agreements/{signing.agreement_id}/confirm"
    assert "阅读、确认并提请对方" not in issuer.get(page).text
    assert issuer.get(ask).status_code == 409
    assert post(issuer, ask, {"hash": signing.newest().hash}).status_code == 409
    with pytest.raises(Conflict, match="公示"):
        signing.act(
            signing.issuer,
            lambda session, found: services.propose_confirmed(
                session, signing.issuer, found, found.newest.hash
            ),
        )
    assert signing.get().state is AgreementState.DRAFT
    signing.propose()
    signing.days_over()
    signing.tick()
    todo = world.browser(signing.responder).get("/todo").text
    assert f'href="{page}"' in todo and f'href="{ask}"' not in todo


def test_nothing_is_proposed_that_lacks_something(world: World) -> None:
    signing = signing_in(world)
    with world.database.reading() as session:
        kept = queries.agreement(session, signing.agreement_id, signing.issuer).newest.hash
    with pytest.raises(Invalid):
        signing.act(
            signing.issuer,
            lambda session, found: services.propose_confirmed(session, signing.issuer, found, kept),
        )
    assert signing.get().state is AgreementState.DRAFT


@pytest.mark.parametrize(("track", "more", "at_once"), [
    ("market", 0, True), ("market", 1, False), ("competition", 0, False),
])  # fmt: skip
def test_one_click_selects_where_nobody_else_waits(
    world: World, track: str, more: int, at_once: bool
) -> None:
    answers = answers_in(world, more, track=track)
    answers.rules(formality=False, response_review=False)
    found = answers.filed(answers.scene.responder)
    for who in answers.more:
        answers.filed(who)
    if track == "competition":
        answers.decide(found, "shortlist")
    browser, url = world.browser(answers.scene.issuer), f"/responses/{found}"
    page = browser.get(url).text
    assert (f'action="{url}/select"' in page) is at_once
    assert (f'href="{url}/select"' in page) is not at_once
    if at_once:
        assert post(browser, f"{url}/select").status_code == 303
        assert answers.get(found).state is ResponseState.SELECTED


def test_a_talk_leads_straight_to_the_plan(world: World) -> None:
    answers = answers_in(world, board=Board.OUTCOME)
    scene = answers.scene
    thread_id = scene.open()
    own, other = world.browser(scene.responder), world.browser(scene.issuer)
    page, begin = f"/threads/{thread_id}", f'action="/listings/{scene.code}/respond"'
    assert begin not in own.get(page).text, "not before the owner answered"
    scene.say(thread_id, scene.issuer, "可以谈。")
    assert begin in own.get(page).text and begin not in other.get(page).text
    started = post(own, f"/listings/{scene.code}/respond")
    assert started.status_code == 303
    again = unescape(own.get(page).text)
    assert begin not in again and "本单位的揭榜" in again


@pytest.mark.parametrize(("board", "first"), [(Board.NEED, "委托方"), (Board.OUTCOME, "开发方")])
def test_a_party_is_named_with_its_part(world: World, board: Board, first: str) -> None:
    """Clauses speak of 委托方 and 开发方: page and paper say which party that is."""
    answers = answers_in(world, board=board, modes=["技术开发"])
    answers.select(answers.filed(answers.scene.responder))
    with world.database.reading() as session:
        number = session.scalars(select(Agreement.id)).one()
    browser = world.browser(answers.scene.issuer)
    page = unescape(browser.get(f"/agreements/{number}").text)
    second = ({"委托方", "开发方"} - {first}).pop()
    paper = PdfReader(
        io.BytesIO(browser.get(f"/agreements/{number}/versions/1.pdf", buffered=True).data)
    )
    text = "".join("".join(each.extract_text().split()) for each in paper.pages)
    for said in (page, text):
        assert f"甲方（{first}）" in said and f"乙方（{second}）" in said

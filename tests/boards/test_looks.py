"""What a listing hides is opened to few; each look is logged, and its owner reads who and why."""

from __future__ import annotations

import io
from html import unescape

import pytest
from sqlalchemy import select

from jiebang.boards.models import Listing
from jiebang.boards.services import attachments
from jiebang.boards.threads import confidentiality, queries, services
from jiebang.boards.threads.models import AccessEntry, Looker
from jiebang.core.audit import AuditEntry
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import Actor, Role
from jiebang.core.uploads import Received
from jiebang.orgs.notices.models import Notice
from tests.boards.responses_scene import Answers, answers_in
from tests.conftest import post
from tests.factories import World

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
SECRET, TRIED, INDICATOR, PRINCIPLE = "zqsecret", "zqtried", "zqindicator", "zqprinciple"
REASON = "核实编号 17 的投诉所称的内容"


def hidden(world: World) -> Answers:
    """A need that shows its problem, its indicators and its file after the agreement alone."""
    return answers_in(
        world, disclosure="agreement", problem=f"难点是{SECRET}。", tried=f"试过{TRIED}。",
        indicators=[{"name": INDICATOR, "comparator": "≤", "value": "1", "unit": "mm"}],
    )  # fmt: skip


def agree(answers: Answers, who: Actor | None = None) -> int:
    scene = answers.scene
    thread_id = scene.open()
    with scene.world.database.transaction() as session:
        thread = queries.thread(session, thread_id, who or scene.responder, lock=True)
        services.agree(session, who or scene.responder, thread, confidentiality.VERSION)
    return thread_id


def looks(world: World) -> list[AccessEntry]:
    with world.database.reading() as session:
        return list(session.scalars(select(AccessEntry).order_by(AccessEntry.id)))


def test_the_agreement_opens_the_text_and_each_look_is_logged(any_world: World) -> None:
    world = any_world
    answers = hidden(world)
    scene = answers.scene
    url = f"/listings/{scene.code}/protected"
    browser = world.browser(scene.responder)
    assert browser.get(url).status_code == 409, "interest alone opens nothing"
    thread_id = scene.open()
    refused = browser.get(url)
    assert refused.status_code == 409 and SECRET not in refused.text
    assert "阅读保密协议" in browser.get(f"/listings/{scene.code}").text
    accepted = {"version": confidentiality.VERSION}
    post(browser, f"/threads/{thread_id}/confidentiality", accepted)
    page = browser.get(url)
    assert page.status_code == 200 and SECRET in page.text and INDICATOR in page.text
    assert SECRET not in browser.get(f"/listings/{scene.code}").text, "only there"
    assert world.browser(scene.stranger).get(url).status_code == 409
    assert world.browser(None).get(url).status_code == 303
    assert world.browser(scene.issuer).get(url).status_code == 404
    (look,) = looks(world)
    assert (look.looker, look.owner_id) == (Looker.COUNTERPART, scene.issuer.organisation_id)
    assert look.organisation_id == scene.responder.organisation_id
    assert "问题" in look.what
    assert SECRET not in look.what and INDICATOR not in look.what
    mine = unescape(world.browser(scene.issuer).get(f"/listings/{scene.code}").text)
    assert "谁看过不公开内容（1）" in mine and "泉城工业大学" in mine
    log = unescape(world.browser(scene.issuer).get(f"/listings/{scene.code}/looks").text)
    assert "泉城工业大学" in log and look.what in log
    for who in (scene.responder, scene.stranger):
        assert world.browser(who).get(f"/listings/{scene.code}/looks").status_code == 404
    with world.database.transaction() as session:
        thread = queries.thread(session, thread_id, scene.responder, lock=True)
        services.end(session, scene.responder, thread, "withdraw", "不再需要。")
    assert browser.get(url).status_code == 409, "an ended talk lets nobody in"


def test_a_file_behind_the_agreement_is_logged_too(world: World) -> None:
    answers = hidden(world)
    scene = answers.scene
    with world.database.transaction() as session:
        kept = [
            attachments.attach(
                session, scene.issuer, world._load(session, scene.code),
                Received(io.BytesIO(PDF), f"{name}.pdf"), folder=world.settings.uploads,
                limit=10_000, protected=protected,
            ).id
            for name, protected in (("图纸", False), ("底牌", True))
        ]  # fmt: skip
    browser = world.browser(scene.responder)
    before = f"/listings/{scene.code}/protected/files/{kept[0]}"
    assert browser.get(before).status_code == 409
    agree(answers)
    assert "图纸.pdf" in unescape(browser.get(f"/listings/{scene.code}/protected").text)
    assert browser.get(before, buffered=True).data == PDF
    own = browser.get(f"/listings/{scene.code}/protected/files/{kept[1]}")
    assert own.status_code == 404, "what is kept for the owner stays there"
    assert [each.what for each in looks(world)][-1] == "附件：图纸.pdf"


def test_indicators_read_in_a_response_are_looks(world: World) -> None:
    answers = hidden(world)
    agree(answers)
    found = answers.draft(answers.scene.responder)
    assert looks(world) == []
    browser = world.browser(answers.scene.responder)
    assert INDICATOR in browser.get(f"/responses/{found}/edit").text
    assert [each.looker for each in looks(world)] == [Looker.COUNTERPART]
    answers.rules(formality=True)
    answers.file(found, answers.scene.responder)
    operator = world.operator()
    assert INDICATOR in world.browser(operator).get(f"/responses/{found}").text
    last = looks(world)[-1]
    assert (last.looker, last.user_id) == (Looker.OPERATOR, operator.user_id)
    assert last.reason == "揭榜形式审查"
    number = len(looks(world))
    assert world.browser(answers.scene.issuer).get(f"/responses/{found}").status_code == 404
    assert len(looks(world)) == number, "the owner's own looks are no looks"


def test_an_operator_opens_it_with_a_reason_alone(any_world: World) -> None:
    world = any_world
    answers = hidden(world)
    scene, operator = answers.scene, world.operator()
    url = f"/operations/review/{scene.code}/protected"
    browser = world.browser(operator)
    assert f'href="{url}"' in browser.get(f"/operations/review/{scene.code}").text
    asked = browser.get(url)
    assert SECRET not in asked.text and TRIED not in asked.text
    for poor in ("", "看看", "x" * 201):
        refused = post(browser, url, {"reason": poor})
        assert refused.status_code == 422 and SECRET not in refused.text
        assert poor in refused.text, "what was typed is kept"
    assert looks(world) == []
    shown = post(browser, url, {"reason": REASON})
    assert shown.status_code == 200 and SECRET in shown.text and TRIED in shown.text
    (look,) = looks(world)
    assert (look.looker, look.reason, look.user_id) == (Looker.OPERATOR, REASON, operator.user_id)
    log = unescape(world.browser(scene.issuer).get(f"/listings/{scene.code}/looks").text)
    assert REASON in log and f"平台运营 {operator.label}" in log
    with world.database.reading() as session:
        row = session.scalars(select(AuditEntry).where(AuditEntry.action == "protected.read")).one()
        told = session.scalars(
            select(Notice).where(Notice.user_id == scene.issuer.user_id).order_by(Notice.id.desc())
        ).first()
    assert row.detail["reason"] == REASON and row.actor_id == operator.user_id
    assert told is not None and REASON in told.text
    assert told.url == f"/listings/{scene.code}/looks"
    assert SECRET not in f"{row.detail}{told.title}{told.text}"
    for role in (Role.SPECIALIST, Role.EXPERT, Role.AUDITOR, Role.SYSTEM_ADMINISTRATOR):
        other = world.browser(world.user(role))
        assert other.get(url).status_code == 403
        assert post(other, url, {"reason": REASON}).status_code == 403
    assert len(looks(world)) == 1


def test_what_is_sealed_opens_to_nobody(world: World) -> None:
    """A purchase's ceiling before its quotes are opened; an outcome's principle opens."""
    owner, operator = world.owner(), world.operator()
    demand = world.published(owner, Board.DEMAND, ceiling=3_217_654_300)
    outcome = world.published(owner, Board.OUTCOME, principle=f"诀窍{PRINCIPLE}")
    browser = world.browser(operator)
    url = f"/operations/review/{demand}/protected"
    assert "开标前都不能打开" in browser.get(url).text
    refused = post(browser, url, {"reason": REASON})
    assert refused.status_code == 409 and "3217" not in refused.text
    assert looks(world) == []
    opened = post(browser, f"/operations/review/{outcome}/protected", {"reason": REASON})
    assert PRINCIPLE in opened.text


def test_the_services_guard_themselves(world: World) -> None:
    answers = hidden(world)
    operator, issuer = world.operator(), answers.scene.issuer
    with world.database.transaction() as session:
        listing = session.scalars(select(Listing).where(Listing.code == answers.scene.code)).one()
        with pytest.raises(NotFound):
            services.open_for_platform(session, answers.scene.stranger, listing, ["问题"], REASON)
        with pytest.raises(NotFound):
            services.open_for_platform(session, issuer, listing, ["问题"], REASON)
        with pytest.raises(Conflict):
            services.open_for_platform(session, operator, listing, [], REASON)
        with pytest.raises(Invalid):
            services.open_for_platform(session, operator, listing, ["问题"], "   看 看   ")

"""Who sees what of an introduction: hidden fields for the assigned specialist alone, each look
logged; the other side hears nothing before it is introduced; names stay hidden where they were."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select

from jiebang import wiring
from jiebang.boards.threads.models import AccessEntry
from jiebang.brokering import queries
from jiebang.core.audit import AuditEntry
from jiebang.core.boards import Board
from jiebang.core.errors import NotFound
from jiebang.core.outbox import Job
from jiebang.core.permissions import Actor, Role
from jiebang.orgs.models import Organisation
from jiebang.worker import Worker
from tests.brokering.introductions_scene import Scene, scene_in
from tests.conftest import post
from tests.factories import World
from tests.operations.test_statements import counting

PRINCIPLE, WISH, NAMELESS, TRIED = "zqprinciple", "zqwish", "zqnameless", "zqtried"


def hidden(world: World) -> Scene:
    """The issuer is anonymous and hides a field; the responder hides its principle."""
    scene = scene_in(world, disclosure="anonymous", tried=TRIED)
    scene.own = world.published(scene.responder, Board.OUTCOME, principle=f"诀窍{PRINCIPLE}")
    with world.database.transaction() as session:
        session.get_one(Organisation, scene.issuer.organisation_id).name = f"{NAMELESS}有限公司"
    return scene


def pages(scene: Scene, who: Actor | None, found: int) -> str:
    """Everything that this person can open of it, as one text."""
    browser = scene.world.browser(who)
    urls = (
        f"/introductions/{found}", "/introductions/", "/todo", "/notices", "/brokering/",
        "/brokering/assignments", f"/brokering/listings/{scene.own}",
        f"/brokering/listings/{scene.code}", f"/listings/{scene.code}", f"/listings/{scene.own}",
        f"/brokering/organisations/{scene.responder.organisation_id}",
        f"/brokering/organisations/{scene.issuer.organisation_id}",
        f"/brokering/listings/{scene.own}/introduce/{scene.code}",
    )  # fmt: skip
    return "".join(unescape(browser.get(url).text) for url in urls)


def test_each_part_reads_what_is_its_own(world: World) -> None:
    scene = hidden(world)
    found = scene.request(f"想先问{WISH}")
    other = world.actor(world.user(Role.SPECIALIST))
    seen = {
        name: {word for word in (PRINCIPLE, WISH, NAMELESS, TRIED) if word in text}
        for name, text in {
            "visitor": pages(scene, None, found),
            "stranger": pages(scene, scene.stranger, found),
            "issuer": pages(scene, scene.issuer, found),
            "responder": pages(scene, scene.responder, found),
            "specialist": pages(scene, scene.specialist, found),
            "another specialist": pages(scene, other, found),
            "operator": pages(scene, scene.operator, found),
        }.items()
    }
    assert seen == {
        "visitor": set(),
        "stranger": set(),
        "issuer": {NAMELESS, TRIED},
        "responder": {PRINCIPLE, WISH},
        "specialist": {PRINCIPLE, WISH},
        "another specialist": set(),
        "operator": {WISH, NAMELESS},
    }
    assert scene.world.browser(scene.issuer).get(f"/introductions/{found}").status_code == 404
    scene.accept(found)
    text = pages(scene, scene.issuer, found)
    assert WISH not in text and PRINCIPLE not in text and "泉城工业大学" in text
    assert scene.agree(found, scene.issuer)
    for who in (scene.responder, scene.specialist):
        assert NAMELESS not in pages(scene, who, found), "the thread alone releases a name"


def test_nothing_hidden_is_in_mails_notices_audit_or_jobs(world: World) -> None:
    scene = hidden(world)
    found = scene.request(f"想先问{WISH}")
    scene.accept(found)
    scene.agree(found, scene.issuer)
    Worker(world.database, wiring.jobs(world.settings, world.database, world.discovery)).drain()
    with world.database.reading() as session:
        kept = [str(each.detail) for each in session.scalars(select(AuditEntry))]
        assert not any(WISH in text for text in kept)
        kept += [str(each.payload) for each in session.scalars(select(Job))]
    letters = [path.read_text() for path in (world.settings.home / "mail").glob("*.eml")]
    assert letters
    for word in (PRINCIPLE, NAMELESS, TRIED):
        assert not any(word in text for text in (*kept, *letters)), word


def test_the_assigned_specialists_look_is_logged_for_the_owner(world: World) -> None:
    scene = hidden(world)
    url = f"/brokering/listings/{scene.own}"
    assert PRINCIPLE in world.browser(scene.specialist).get(url).text
    with world.database.reading() as session:
        look = session.scalars(select(AccessEntry)).one()
    assert (look.owner_id, look.user_id) == (
        scene.responder.organisation_id, scene.specialist.user_id,
    )  # fmt: skip
    assert PRINCIPLE not in look.what
    mine = world.browser(scene.responder).get(f"/listings/{scene.own}").text
    assert re.search(r"谁看过不公开内容（1）", mine)
    scene.assign(scene.responder, None, "不再服务。")
    assert world.browser(scene.specialist).get(url).status_code == 404


@pytest.mark.parametrize("disclosure", ["invited"])
def test_a_specialist_learns_nothing_of_what_only_invited_may_know(
    world: World, disclosure: str
) -> None:
    scene = scene_in(world)
    found = scene.request()
    world.change(scene.code, scene.issuer, {"disclosure": disclosure})
    title = scene.listing(scene.code).title
    browser = world.browser(scene.specialist)
    for url in (f"/introductions/{found}", "/brokering/", "/todo"):
        assert title not in browser.get(url).text, url
    assert "现在不能放在一起比对" in browser.get(f"/introductions/{found}").text


def test_the_argument_is_the_matchs_own(world: World) -> None:
    """The same explanation as on the list of matches, asked from the reader's side."""
    scene = scene_in(world)
    found = scene.request()
    scene.accept(found)

    def reasons(text: str) -> list[str]:
        part = re.search(r'argument--for">(.*?)</section>', text, re.S)
        return re.findall(r"<li>(.*?)</li>", part[1]) if part else []

    for who, code in ((scene.responder, scene.own), (scene.issuer, scene.code)):
        browser = world.browser(who)
        shown = reasons(browser.get(f"/introductions/{found}").text)
        assert shown and shown == reasons(browser.get(f"/listings/{code}/matches").text)


def test_pages_lead_to_a_specialist(world: World) -> None:
    scene = scene_in(world)
    browser = world.browser(scene.responder)
    ask = f"/listings/{scene.code}/introduction"
    assert f'href="{ask}?own={scene.own}"' in browser.get(f"/listings/{scene.own}/matches").text
    assert f'href="{ask}"' in browser.get(f"/listings/{scene.code}").text
    long = {"wish": "长" * 501, "own": scene.own}
    refused = post(browser, ask, long)
    assert refused.status_code == 422 and "最多 500 字" in refused.text
    assert "长" * 501 in refused.text, "what was typed is kept"
    assert post(browser, ask, {"own": scene.own}).status_code == 303
    assert post(browser, ask, {"own": scene.own}).status_code == 409
    assert "正在引荐这一对" in browser.get(f"/listings/{scene.code}").text
    assert "等专员接办" in browser.get("/todo").text
    assert "去办理" in world.browser(scene.specialist).get("/todo").text
    with world.database.reading() as session, pytest.raises(NotFound):
        queries.introduction(session, 1, scene.stranger)


def test_the_desk_and_the_lists_ask_as_often_for_many_rows(world: World) -> None:
    scene = scene_in(world)

    def grow(number: int) -> None:
        for _ in range(number):
            world.published(scene.issuer)
            world.published(scene.responder, Board.OUTCOME)
            scene.code = world.published(scene.issuer)
            scene.request()
            world.organisation()
        Worker(world.database, wiring.jobs(world.settings, world.database, world.discovery)).drain()

    def count() -> list[int]:
        found = []
        for who, url in (
            (scene.specialist, "/brokering/"),
            (scene.operator, "/brokering/assignments"),
            (scene.responder, "/introductions/"),
            (scene.specialist, "/todo"),
        ):
            browser = world.browser(who)
            browser.get(url)
            with counting(world) as seen:
                assert browser.get(url).status_code == 200
            found.append(len(seen))
        return found

    grow(2)
    few = count()
    grow(8)
    assert count() == few

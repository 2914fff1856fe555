"""An owner opens one protected field or file to one counterpart, and takes it back."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from html import unescape

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from jiebang.boards.services import attachments
from jiebang.boards.threads import confidentiality, queries, services
from jiebang.boards.threads.models import AccessEntry, Looker, ThreadOpening
from jiebang.core import clock
from jiebang.core.audit import AuditEntry
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import Actor, Permission, Role
from jiebang.core.uploads import Received
from jiebang.orgs.notices.models import Notice
from tests.boards.responses_scene import Scene
from tests.boards.threads_scene import scene_in
from tests.conftest import post
from tests.factories import World

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PRINCIPLE, DRAWING, TABLE = "zqprinciple", "zqdrawing", "zqtable"
REASON = "核实编号 17 的投诉所称的内容"


@dataclass
class Opening:
    """An outcome with a protected principle and two protected files, and a talk about it."""

    scene: Scene
    thread_id: int
    files: list[int]

    @property
    def url(self) -> str:
        return f"/listings/{self.scene.code}/protected"

    def set(self, fields: set[str], files: set[int], who: Actor | None = None) -> bool:
        actor = who or self.scene.issuer
        with self.scene.world.database.transaction() as session:
            thread = queries.thread(session, self.thread_id, actor, lock=True)
            return services.let_see(
                session, actor, thread, fields, files, may={"principle": "技术原理"},
                kept=self.files,
            )  # fmt: skip

    def agree(self) -> None:
        with self.scene.world.database.transaction() as session:
            thread = queries.thread(session, self.thread_id, self.scene.responder, lock=True)
            services.agree(session, self.scene.responder, thread, confidentiality.VERSION)


def talking(world: World, **values: object) -> Opening:
    scene = scene_in(world, Board.OUTCOME, principle=f"诀窍{PRINCIPLE}。", **values)
    with world.database.transaction() as session:
        kept = [
            attachments.attach(
                session, scene.issuer, world._load(session, scene.code),
                Received(io.BytesIO(PDF), f"{name}.pdf"), folder=world.settings.uploads,
                limit=10_000, protected=True,
            ).id
            for name in (DRAWING, TABLE)
        ]  # fmt: skip
    return Opening(scene, scene.talking(), kept)


def looks(world: World) -> list[AccessEntry]:
    with world.database.reading() as session:
        return list(session.scalars(select(AccessEntry).order_by(AccessEntry.id)))


def test_one_field_and_one_file_open_to_one_counterpart(any_world: World) -> None:
    world = any_world
    found = talking(world)
    scene = found.scene
    owner, other = world.browser(scene.issuer), world.browser(scene.responder)
    third = world.owner(name="也来对接的有限公司")
    with world.database.transaction() as session:
        listing = world._load(session, scene.code)
        beside = services.express_interest(session, third, listing, "我们也想了解这项成果。")
        services.say(session, scene.issuer, beside, "好的，请说。")
        services.agree(session, third, beside, confidentiality.VERSION)
    assert other.get(found.url).status_code == 404, "nothing is open yet"

    page = unescape(owner.get(f"/threads/{found.thread_id}/openings").text)
    assert "技术原理" in page and f"{DRAWING}.pdf" in page and "还没有接受保密协议" in page
    told = post(
        owner, f"/threads/{found.thread_id}/openings",
        {"field": "principle", "file": str(found.files[0])},
    )  # fmt: skip
    assert told.status_code == 303
    thread = unescape(other.get(f"/threads/{found.thread_id}").text)
    assert "单独向贵单位开放了：技术原理、1 个附件" in thread
    assert PRINCIPLE not in thread and DRAWING not in thread, "the agreement comes first"
    refused = other.get(found.url)
    assert refused.status_code == 409 and PRINCIPLE not in refused.text
    assert other.get(f"{found.url}/files/{found.files[0]}").status_code == 409
    assert looks(world) == []

    found.agree()
    listing_page = unescape(other.get(f"/listings/{scene.code}").text)
    assert PRINCIPLE not in listing_page and DRAWING not in listing_page
    assert found.url in listing_page
    shown = unescape(other.get(found.url).text)
    assert PRINCIPLE in shown and f"{DRAWING}.pdf" in shown and TABLE not in shown
    assert other.get(f"{found.url}/files/{found.files[0]}", buffered=True).data == PDF
    assert other.get(f"{found.url}/files/{found.files[1]}").status_code == 404
    first, second = looks(world)
    assert first.looker is Looker.COUNTERPART and first.what == "单独开放的栏目：技术原理"
    assert second.what == f"附件：{DRAWING}.pdf"
    assert {each.organisation_id for each in (first, second)} == {scene.responder.organisation_id}

    for who in (third, scene.stranger):
        assert world.browser(who).get(found.url).status_code == 404
        page = world.browser(who).get(f"/listings/{scene.code}").text
        assert PRINCIPLE not in page and "开放了" not in page
    log = unescape(owner.get(f"/listings/{scene.code}/looks").text)
    assert "现在单独开放给谁" in log and f"技术原理、附件：{DRAWING}.pdf" in log

    assert post(owner, f"/threads/{found.thread_id}/openings", {}).status_code == 303
    assert other.get(found.url).status_code == 404, "taken back"
    assert other.get(f"{found.url}/files/{found.files[0]}").status_code == 404
    thread = unescape(other.get(f"/threads/{found.thread_id}").text)
    assert "收回了开放的内容：技术原理、1 个附件" in thread
    with world.database.reading() as session:
        rows = session.scalars(select(ThreadOpening)).all()
        trail = session.scalars(
            select(AuditEntry).where(AuditEntry.action.like("thread.%_protected"))
        ).all()
        notices = session.scalars(
            select(Notice).where(Notice.user_id == scene.responder.user_id)
        ).all()
    assert len(rows) == 2 and all(each.closed_by == scene.issuer.user_id for each in rows)
    assert [each.action for each in trail] == ["thread.opened_protected", "thread.closed_protected"]
    assert trail[0].detail["fields"] == ["principle"] and trail[0].detail["files"] == 1
    told_them = [each.title for each in notices if "开放" in each.title]
    assert [title.partition("：")[0] for title in told_them] == [
        "对方向贵单位开放了技术原理、1 个附件", "对方收回了开放的技术原理、1 个附件",
    ]  # fmt: skip
    said = f"{[each.detail for each in trail]}{[(n.title, n.text) for n in notices]}"
    assert not [word for word in (PRINCIPLE, DRAWING, TABLE) if word in said]


def test_it_ends_with_the_talk(world: World) -> None:
    found = talking(world)
    found.set({"principle"}, set())
    found.agree()
    browser = world.browser(found.scene.responder)
    assert PRINCIPLE in browser.get(found.url).text
    with world.database.transaction() as session:
        thread = queries.thread(session, found.thread_id, found.scene.responder, lock=True)
        services.end(session, found.scene.responder, thread, "end", "不再需要。")
    assert browser.get(found.url).status_code == 404
    with pytest.raises(Conflict):
        found.set({"principle"}, set())
    page = world.browser(found.scene.issuer).get(f"/threads/{found.thread_id}/openings")
    assert page.status_code == 200 and "现在不能调整" in page.text
    log = world.browser(found.scene.issuer).get(f"/listings/{found.scene.code}/looks").text
    assert "现在单独开放给谁" not in log


def test_beside_what_the_agreement_opens(world: World) -> None:
    """An agreement-only listing: its level opens the open fields, the owner alone the protected."""
    found = talking(world, disclosure="agreement", details="zqdetails")
    found.agree()
    browser = world.browser(found.scene.responder)
    shown = browser.get(found.url).text
    assert "zqdetails" in shown and PRINCIPLE not in shown
    found.set({"principle"}, {found.files[1]})
    shown = unescape(browser.get(found.url).text)
    assert "zqdetails" in shown and PRINCIPLE in shown
    assert f"{TABLE}.pdf" in shown and DRAWING not in shown
    assert looks(world)[-1].what.endswith("；单独开放的栏目：技术原理")


def test_who_may_open_what(world: World) -> None:
    found = talking(world)
    scene = found.scene
    for fields, files in (({"ceiling"}, set()), (set(), {2**30})):
        with pytest.raises(Invalid):
            found.set(fields, files)
    with pytest.raises(NotFound):
        found.set({"principle"}, set(), scene.responder)
    url = f"/threads/{found.thread_id}/openings"
    for who in (scene.responder, scene.stranger, world.operator()):
        assert post(world.browser(who), url, {"field": "principle"}).status_code in (303, 404)
        assert world.browser(who).get(url).status_code in (303, 404)
    wrong = post(world.browser(scene.issuer), url, {"field": "summary", "file": "x"})
    assert wrong.status_code == 422 and "刚变过" in wrong.text
    with world.database.reading() as session:
        assert session.scalars(select(ThreadOpening)).all() == []
    assert found.set({"principle"}, set()) and not found.set({"principle"}, set()), "said once"
    seat = scene.issuer.seat
    assert seat is not None
    asking = replace(seat, endorsement=True, role=type(seat.role).AGENT)
    agent = replace(scene.issuer, seat=asking, seats=(asking,))
    assert agent.can(Permission.LISTING_RESPOND)
    with pytest.raises(Conflict, match="管理员"):
        found.set({"principle"}, {found.files[0]}, agent)
    assert found.set(set(), set(), agent), "closing waits for nobody"


def test_a_purchases_ceiling_is_never_offered(world: World) -> None:
    scene = scene_in(world, Board.DEMAND, ceiling=3_217_654_300)
    thread_id = scene.talking()
    url = f"/threads/{thread_id}/openings"
    browser = world.browser(scene.issuer)
    assert "没有不公开的栏目或附件" in browser.get(url).text
    assert post(browser, url, {"field": "ceiling"}).status_code == 422
    assert "向对方开放" not in browser.get(f"/threads/{thread_id}").text


def test_a_file_that_goes_takes_its_opening_along(any_world: World) -> None:
    world = any_world
    found = talking(world)
    found.set(set(), {found.files[0]})
    with world.database.transaction() as session:
        listing = world._load(session, found.scene.code)
        attachments.detach(session, found.scene.issuer, listing, found.files[0])
    with world.database.reading() as session:
        assert session.scalars(select(ThreadOpening)).all() == []


def test_the_database_keeps_one_of_each(any_world: World) -> None:
    world = any_world
    found = talking(world)
    user = found.scene.issuer.user_id
    row = {"thread_id": found.thread_id, "opened_at": clock.now(), "opened_by": user}
    for first, second in (
        ({"field": "principle"}, {"field": "principle"}),
        ({"attachment_id": found.files[0]}, {"attachment_id": found.files[0]}),
        ({}, None),
        ({"field": "principle", "attachment_id": found.files[0]}, None),
        ({"field": "principle", "closed_at": clock.now()}, None),
    ):
        with pytest.raises(IntegrityError), world.database.transaction() as session:
            session.add(ThreadOpening(**row, **first))  # type: ignore[arg-type]
            session.flush()
            assert second is not None
            session.add(ThreadOpening(**row, **second))  # type: ignore[arg-type]
            session.flush()


@pytest.mark.parametrize("level", ["public", "agreement"])
def test_an_operator_opens_a_file_with_a_reason_alone(any_world: World, level: str) -> None:
    world = any_world
    found = talking(world, disclosure=level)
    scene, operator = found.scene, world.operator()
    with world.database.transaction() as session:
        plain = attachments.attach(
            session, scene.issuer, world._load(session, scene.code),
            Received(io.BytesIO(PDF), "zqplain.pdf"), folder=world.settings.uploads,
            limit=10_000, protected=False,
        ).id  # fmt: skip
    browser, page = world.browser(operator), f"/operations/review/{scene.code}/protected"
    url = f"{page}/files/{found.files[0]}"
    number = 3 if level == "agreement" else 2
    assert f"{number} 个附件" in browser.get(f"/operations/review/{scene.code}").text
    asked = browser.get(page).text
    assert asked.count("记录并打开附件") == number
    for poor in ("", "看看", "x" * 201):
        refused = post(browser, url, {"reason": poor})
        assert refused.status_code == 422 and poor in refused.text
        asked += refused.text
    assert not [word for word in (DRAWING, TABLE, "zqplain") if word in asked]
    assert looks(world) == []
    opened = post(browser, url, {"reason": REASON}, buffered=True)
    assert opened.status_code == 200 and opened.data == PDF
    assert opened.headers["Cache-Control"] == "private, no-store"
    (look,) = looks(world)
    assert (look.looker, look.reason, look.user_id) == (Looker.OPERATOR, REASON, operator.user_id)
    assert look.what == f"不公开附件：{DRAWING}.pdf"
    log = unescape(world.browser(scene.issuer).get(f"/listings/{scene.code}/looks").text)
    assert REASON in log and f"{DRAWING}.pdf" in log
    with world.database.reading() as session:
        row = session.scalars(select(AuditEntry).where(AuditEntry.action == "protected.read")).one()
        told = session.scalars(
            select(Notice).where(Notice.user_id == scene.issuer.user_id).order_by(Notice.id.desc())
        ).first()
    assert row.detail["reason"] == REASON and DRAWING not in f"{row.detail}"
    assert told is not None and REASON in told.text
    assert told.url == f"/listings/{scene.code}/looks"
    unhidden = post(browser, f"{page}/files/{plain}", {"reason": REASON}, buffered=True)
    assert unhidden.status_code == (200 if level == "agreement" else 404)
    assert browser.get(url).status_code == 405, "no address leads there without the reason"
    for role in (Role.SPECIALIST, Role.EXPERT, Role.AUDITOR, Role.SYSTEM_ADMINISTRATOR):
        assert post(world.browser(world.user(role)), url, {"reason": REASON}).status_code == 403
    own = replace(operator, seats=scene.issuer.seats, seat=scene.issuer.seat)
    with world.database.transaction() as session, pytest.raises(Conflict):
        listing = world._load(session, scene.code)
        services.open_file_for_platform(session, own, listing, "图.pdf", REASON)

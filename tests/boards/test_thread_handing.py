"""What is handed over in a thread: files behind the agreement, meetings, minutes, contacts."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from jiebang.boards.threads import queries, services
from jiebang.boards.threads.models import (
    AccessEntry,
    FileLevel,
    MeetingState,
    ThreadMeeting,
)
from jiebang.core import clock
from jiebang.core.errors import Conflict, Invalid
from jiebang.core.sides import Holder, Side
from jiebang.core.uploads import Received
from tests.boards.threads_scene import Scene, scene_in
from tests.factories import World

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def _file(scene: Scene, thread_id: int, level: FileLevel) -> int:
    with scene.world.database.transaction() as session:
        thread = queries.thread(session, thread_id, scene.issuer, lock=True)
        return services.say(
            session, scene.issuer, thread, "", received=Received(io.BytesIO(PDF), "图纸.pdf"),
            level=level, folder=scene.world.settings.uploads, limit=10_000,
        ).id  # fmt: skip


def test_a_protected_file_opens_after_the_agreement_and_every_look_is_logged(
    world: World,
) -> None:
    scene = scene_in(world)
    found = scene.talking()
    open_, locked = (_file(scene, found, level) for level in FileLevel)
    other = world.browser(scene.responder)
    assert other.get(f"/threads/{found}/files/{open_}", buffered=True).data == PDF
    assert other.get(f"/threads/{found}/files/{locked}").status_code == 404
    assert "接受保密协议" in other.get(f"/threads/{found}").text
    with world.database.transaction() as session:
        thread = queries.thread(session, found, scene.responder, lock=True)
        with pytest.raises(Conflict):
            services.agree(session, scene.responder, thread, "an older text")
        services.agree(session, scene.responder, thread, "2026-1")
    for _ in range(2):
        assert other.get(f"/threads/{found}/files/{locked}", buffered=True).data == PDF
    owner = world.browser(scene.issuer)
    assert owner.get(f"/threads/{found}/files/{locked}", buffered=True).data == PDF
    with world.database.reading() as session:
        looks = session.scalars(select(AccessEntry)).all()
        assert [look.organisation_id for look in looks] == [scene.responder.organisation_id] * 2
    assert owner.get(f"/threads/{found}/confidentiality").text.count("文件：图纸.pdf") == 2
    assert "文件：图纸.pdf" not in other.get(f"/threads/{found}/confidentiality").text
    assert world.browser(scene.stranger).get(f"/threads/{found}/files/{open_}").status_code == 404


def test_a_meeting_is_proposed_agreed_and_written_down(any_world: World) -> None:
    scene = scene_in(any_world)
    found = scene.talking()
    database = any_world.database
    with database.transaction() as session:
        thread = queries.thread(session, found, scene.issuer, lock=True)
        for when, place, fields in (
            (None, "", {"starts_at", "place"}),
            (clock.now() - timedelta(hours=1), "会议室", {"starts_at"}),
            (clock.now() + timedelta(days=400), "长" * 201, {"starts_at", "place"}),
        ):
            with pytest.raises(Invalid) as caught:
                services.propose_meeting(session, scene.issuer, thread, when, place)
            assert set(caught.value.errors) == fields
        meeting = services.propose_meeting(
            session, scene.issuer, thread, clock.now() + timedelta(days=2), "一号会议室"
        ).id
    assert scene.thread(found).holder is Holder.RESPONDER
    with database.transaction() as session:
        thread = queries.thread(session, found, scene.issuer, lock=True)
        with pytest.raises(Conflict):
            services.answer_meeting(session, scene.issuer, thread, meeting, "confirm")
    with database.transaction() as session:
        thread = queries.thread(session, found, scene.responder, lock=True)
        services.answer_meeting(session, scene.responder, thread, meeting, "confirm")
        with pytest.raises(Invalid, match="之后再写"):
            services.write_minutes(session, scene.responder, thread, meeting, "谈好了")
    assert scene.thread(found).holder is Holder.ISSUER, "who proposed it writes, or the other"
    with database.transaction() as session:
        session.execute(update(ThreadMeeting).values(starts_at=clock.now() - timedelta(hours=3)))
    with database.transaction() as session:
        thread = queries.thread(session, found, scene.responder, lock=True)
        services.write_minutes(session, scene.responder, thread, meeting, "先打样 20 件。")
        with pytest.raises(Conflict):
            services.write_minutes(session, scene.responder, thread, meeting, "改写")
    with database.reading() as session:
        row = session.get_one(ThreadMeeting, meeting)
        assert row.state is MeetingState.HELD and row.minutes_by is Side.RESPONDER
    assert "先打样 20 件" in any_world.browser(scene.issuer).get(f"/threads/{found}").text


def test_contacts_are_released_when_both_agreed(any_world: World) -> None:
    scene = scene_in(any_world)
    found = scene.talking()

    def give(who: object, person: str, reach: str) -> bool:
        with any_world.database.transaction() as session:
            thread = queries.thread(session, found, who, lock=True)  # type: ignore[arg-type]
            return services.give_contact(session, who, thread, person, reach)  # type: ignore[arg-type]

    with pytest.raises(Invalid) as caught:
        give(scene.issuer, "", " ")
    assert set(caught.value.errors) == {"person", "reach"}
    assert give(scene.issuer, "陈工", "13800000001") is False
    page = any_world.browser(scene.responder).get(f"/threads/{found}").text
    assert "13800000001" not in page and "陈工" not in page and "想交换联系方式" in page
    assert give(scene.responder, "刘老师", "liu@example.com") is True
    assert "13800000001" in any_world.browser(scene.responder).get(f"/threads/{found}").text
    assert "liu@example.com" in any_world.browser(scene.issuer).get(f"/threads/{found}").text

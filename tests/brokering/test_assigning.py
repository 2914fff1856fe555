"""Which specialist serves whom: one at a time, within the cap, with the history kept."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from jiebang.boards.escalation import SPECIALISTS
from jiebang.brokering import queries, services, shipped
from jiebang.brokering.models import Assignment, SpecialistRule
from jiebang.core.audit import AuditEntry
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import Role
from jiebang.core.sides import Holder
from jiebang.orgs.notices.models import Notice
from tests.brokering.introductions_scene import scene_in
from tests.factories import World


def test_the_shipped_cap_names_its_source_and_is_not_verified(world: World) -> None:
    with world.database.reading() as session:
        rule = queries.rule(session)
    assert rule.load_cap == 6 and rule.source and not rule.verified
    assert [row["number"] for row in shipped.versions()] == [1]


def test_one_specialist_at_a_time_and_a_handover_says_why(any_world: World) -> None:
    scene = scene_in(any_world)
    world, other = any_world, any_world.actor(any_world.user(Role.SPECIALIST, name="专员小鲁"))
    organisation_id = scene.responder.organisation_id
    assert organisation_id is not None
    with pytest.raises(Conflict):
        scene.assign(scene.responder, scene.specialist)
    with pytest.raises(Invalid) as caught:
        scene.assign(scene.responder, other)
    assert set(caught.value.errors) == {"reason"}
    scene.assign(scene.responder, other, "小齐休假，对方正等样品。")
    with world.database.reading() as session:
        rows = queries.history(session, organisation_id)
        assert [(name, row.ended_at is None) for row, name in rows] == [
            ("专员小鲁", True),
            ("专员小齐", False),
        ]
        assert rows[1][0].reason == "小齐休假，对方正等样品。"
        assert queries.specialists_of(session, organisation_id) == [other.user_id]
        assert queries.specialists_of in SPECIALISTS, "overdue waits of threads climb to them"
        told = session.scalars(select(Notice.title).where(Notice.user_id == other.user_id)).all()
        assert told == ["您开始服务泉城工业大学"]
        done = session.scalars(
            select(AuditEntry.action).where(AuditEntry.action.startswith("specialist."))
        ).all()
    assert list(done) == ["specialist.assigned", "specialist.handed_over"]


def test_a_handover_takes_along_what_runs_and_keeps_the_promised_day(world: World) -> None:
    scene = scene_in(world)
    other = world.actor(world.user(Role.SPECIALIST))
    found = scene.request()
    due = scene.introduction(found).due
    scene.assign(scene.responder, other, "换人。")
    moved = scene.introduction(found)
    assert (moved.specialist_id, moved.holder, moved.due) == (
        other.user_id, Holder.SPECIALIST, due,
    )  # fmt: skip
    with world.database.reading() as session:
        with pytest.raises(NotFound):
            queries.introduction(session, found, scene.specialist)
        assert queries.ledger(session, scene.responder.organisation_id or 0), "the ledger stays"
    scene.assign(scene.responder, None, "暂时没有人手。")
    assert scene.introduction(found).holder is Holder.OPERATOR


def test_nobody_serves_more_than_the_cap_or_their_own_people(world: World) -> None:
    scene = scene_in(world)
    with world.database.transaction() as session:
        services.change_rule(session, scene.operator, "2", "本市决定", verified=True)
    scene.assign(scene.issuer, scene.specialist)
    with pytest.raises(Conflict) as caught:
        scene.assign(scene.stranger, scene.specialist)
    assert "已服务 2 家" in caught.value.message
    insider_id = world.user(Role.SPECIALIST)
    assert scene.stranger.organisation_id is not None
    world.member(scene.stranger.organisation_id, insider_id)
    with pytest.raises(Conflict) as caught:
        scene.assign(scene.stranger, world.actor(insider_id))
    assert "成员" in caught.value.message


def test_two_assignments_at_once_do_not_pass_the_cap(any_world: World) -> None:
    scene = scene_in(any_world, served=False)
    with any_world.database.transaction() as session:
        services.change_rule(session, scene.operator, "1", "本市决定", verified=True)
    outcomes: list[str] = []
    gate = threading.Barrier(2)

    def work(who: object) -> None:
        gate.wait()
        try:
            scene.assign(who, scene.specialist)  # type: ignore[arg-type]
            outcomes.append("assigned")
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=work, args=(w,)) for w in (scene.issuer, scene.responder)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(outcomes) == ["assigned", "refused"]
    with any_world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Assignment)) == 1


def test_only_operators_assign_and_set_the_cap(world: World) -> None:
    scene = scene_in(world, served=False)
    assert scene.issuer.organisation_id is not None
    for who in (scene.specialist, scene.issuer):
        with world.database.transaction() as session, pytest.raises(Forbidden):
            services.assign(session, who, scene.issuer.organisation_id, scene.specialist.user_id)
        with world.database.transaction() as session, pytest.raises(Forbidden):
            services.change_rule(session, who, "5", "无", verified=False)


@pytest.mark.parametrize(
    ("cap", "source", "wrong"),
    [("0", "文", {"cap"}), ("101", "文", {"cap"}), ("二", "文", {"cap"}), ("5", " ", {"source"})],
)
def test_a_cap_is_a_number_with_a_source(
    world: World, cap: str, source: str, wrong: set[str]
) -> None:
    operator = world.operator()
    with world.database.transaction() as session:
        with pytest.raises(Invalid) as caught:
            services.change_rule(session, operator, cap, source, verified=False)
        assert set(caught.value.errors) == wrong
        assert session.scalar(select(func.count()).select_from(SpecialistRule)) == 1


def test_a_specialist_without_the_role_serves_nobody(world: World) -> None:
    scene = scene_in(world)
    with world.database.transaction() as session:
        from jiebang.accounts.models import User

        session.get_one(User, scene.specialist.user_id).active = False
    with world.database.reading() as session:
        assert queries.specialists_of(session, scene.responder.organisation_id or 0) == []
        rows, total = queries.organisations(session, "", unserved=True, number=1, size=50)
    assert total == 3
    assert [row.able for row in rows if row.specialist] == [False]
    assert scene.introduction(scene.request()).holder is Holder.OPERATOR

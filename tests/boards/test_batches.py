"""批次: a window by the server's clock; needs join it in review; nothing is filed outside it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from jiebang.boards.batches import queries, services
from jiebang.boards.batches.models import Batch, BatchListing
from jiebang.boards.models import Listing
from jiebang.boards.responses import queries as responses
from jiebang.boards.responses import services as answering
from jiebang.boards.responses.workflow import ResponseState
from jiebang.boards.workflow import ListingState
from jiebang.core import clock
from jiebang.core.audit import AuditEntry
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Forbidden, Invalid
from jiebang.core.permissions import SYSTEM, Actor, Role
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices.models import Notice
from tests.boards.responses_scene import Answers, answers_in
from tests.boards.test_joint import parts, sign, split
from tests.conftest import post
from tests.factories import World

RULES = {"need_review": False, "response_review": False, "shortlist": False}


def typed(opens: timedelta, closes: timedelta, **more: str) -> dict[str, str]:
    now = clock.to_beijing(clock.now())
    return {
        "name": "2027 年第一批", "list_type": "enterprise", "note": "面向全市企业。",
        "opens_at": (now + opens).strftime("%Y-%m-%dT%H:%M:%S"),
        "closes_at": (now + closes).strftime("%Y-%m-%dT%H:%M:%S"), **more,
    }  # fmt: skip


def opened(world: World, opens: timedelta, closes: timedelta, **more: str) -> tuple[int, Actor]:
    operator = world.operator()
    with world.database.transaction() as session:
        return services.open_batch(session, operator, typed(opens, closes, **more)).id, operator


def put_in(world: World, code: str, batch_id: int, who: Actor) -> None:
    with world.database.transaction() as session:
        services.put_in(session, who, world._load(session, code), queries.batch(session, batch_id))


def call(world: World, opens: timedelta, closes: timedelta, number: int = 0) -> tuple[Answers, int]:
    """A need of the competition in a batch whose window lies like this from now."""
    answers = answers_in(world, number, track="competition", title="批次里的需求")
    answers.rules(**RULES)
    batch_id, operator = opened(world, opens, closes)
    put_in(world, answers.scene.code, batch_id, operator)
    return answers, batch_id


HOUR = timedelta(hours=1)


def test_nothing_is_filed_before_the_window_opens(any_world: World) -> None:
    answers, batch_id = call(any_world, HOUR, 2 * HOUR)
    number = answers.draft(answers.scene.responder)
    with pytest.raises(Conflict) as refused:
        answers.file(number, answers.scene.responder)
    with any_world.database.reading() as session:
        found = queries.batch(session, batch_id)
    assert clock.moment_text(found.opens_at) in refused.value.message
    assert "以服务器为准" in refused.value.message
    assert answers.get(number).state is ResponseState.DRAFT
    with any_world.database.transaction() as session:
        session.execute(update(Batch).values(opens_at=clock.now() - HOUR))
    answers.file(number, answers.scene.responder)
    assert answers.get(number).filed_at is not None


def test_late_is_refused_with_the_time(any_world: World) -> None:
    answers, batch_id = call(any_world, -HOUR, HOUR)
    number = answers.draft(answers.scene.responder)
    with any_world.database.transaction() as session:
        session.execute(update(Batch).values(closes_at=clock.now()))
    with pytest.raises(Conflict) as refused:
        answers.file(number, answers.scene.responder)
    with any_world.database.reading() as session:
        closes = queries.batch(session, batch_id).closes_at
    assert clock.moment_text(closes) in refused.value.message
    assert "现在是" in refused.value.message and "保留在草稿里" in refused.value.message
    page = post(
        any_world.browser(answers.scene.stranger), f"/listings/{answers.scene.code}/respond"
    )
    assert page.status_code == 409 and "窗口已于" in page.text
    assert answers.get(number).approach, "no reply is lost"


def test_the_closing_second_lets_nobody_through(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty file while the server's clock passes the end of the window."""
    answers, batch_id = call(any_world, -HOUR, HOUR, 20)
    drafts = {who: answers.draft(who) for who in answers.more}
    with any_world.database.reading() as session:
        closes = queries.batch(session, batch_id).closes_at
    lock, count = threading.Lock(), iter(range(10**6))

    def now() -> datetime:
        with lock:
            return closes - timedelta(seconds=1) if next(count) < 150 else closes

    late: list[str] = []
    wrong: list[BaseException] = []

    def work(who: Actor, number: int) -> Callable[[], None]:
        def run() -> None:
            try:
                answers.file(number, who)
            except Conflict as error:
                late.append(error.message)
            except BaseException as error:
                wrong.append(error)

        return run

    monkeypatch.setattr(clock, "now", now)
    works = [threading.Thread(target=work(who, number)) for who, number in drafts.items()]
    for each in works:
        each.start()
    for each in works:
        each.join()
    monkeypatch.undo()
    rows = answers.all()
    kept = [row for row in rows if row.state is ResponseState.DRAFT]
    assert wrong == [] and len(kept) == len(late) and kept and len(kept) < len(rows)
    assert all("窗口已于" in message for message in late)
    assert all(row.filed_at < closes for row in rows if row.filed_at is not None)
    assert all(row.approach for row in rows)


@pytest.mark.parametrize("batched", [True, False])
def test_the_switch_asks_for_a_batch_before_publication(world: World, batched: bool) -> None:
    owner = world.owner()
    answers = answers_in(world, track="competition")
    answers.rules(batched=batched, **RULES)
    code = world.submitted(owner, track="competition", title="要归入批次的需求")
    light = world.submitted(owner, title="市场对接的需求")
    world.advance(light, "approve", SYSTEM)
    if batched:
        with pytest.raises(Conflict, match="归入批次"):
            world.advance(code, "approve", SYSTEM)
        batch_id, operator = opened(world, -HOUR, HOUR)
        put_in(world, code, batch_id, operator)
    world.advance(code, "approve", SYSTEM)
    assert world.listing(code).state is ListingState.PUBLISHED


def test_the_decision_is_due_from_the_end_of_the_window(world: World) -> None:
    answers, batch_id = call(world, -HOUR, timedelta(days=5))
    number = answers.draft(answers.scene.responder)
    with world.database.transaction() as session:
        found = responses.response(session, number, answers.scene.responder, lock=True)
        answering.file(session, answers.scene.responder, found)
    answers.check(number, world.operator(), "qualify")
    with world.database.reading() as session:
        closes = clock.to_beijing(queries.batch(session, batch_id).closes_at).date()
        rules = responses.rules_of(session, answers.get(number))
    assert answers.get(number).due == add_working_days(closes, rules.decision_days)


def test_everybody_reads_the_batch_and_only_what_they_may_see(world: World) -> None:
    answers, batch_id = call(world, -HOUR, HOUR)
    issuer = answers.scene.issuer
    operator = world.operator()
    hidden = world.published(
        issuer, track="competition", title="仅受邀zqinvited", disclosure="invited"
    )
    nameless = world.published(
        issuer, track="competition", title="匿名的需求", disclosure="anonymous"
    )
    waiting = world.submitted(issuer, track="competition", title="还在审zqsubmitted")
    for code in (hidden, nameless, waiting):
        put_in(world, code, batch_id, operator)
    page = unescape(world.browser(None).get(f"/batches/{batch_id}").text)
    assert "批次里的需求" in page and "匿名的需求" in page and "窗口开放中" in page
    assert "zqinvited" not in page and "zqsubmitted" not in page and "匿名单位" in page
    assert "企业技术需求" in page and "面向全市企业。" in page
    assert "2027 年第一批" in world.browser(None).get("/batches").text
    listing = unescape(world.browser(None).get(f"/listings/{answers.scene.code}").text)
    assert f"/batches/{batch_id}" in listing and "揭榜窗口" in listing
    assert world.browser(None).get("/batches/999").status_code == 404


def test_operators_open_change_and_extend(any_world: World) -> None:
    world = any_world
    browser = world.browser(world.operator())
    made = post(browser, "/operations/batches", typed(HOUR, 2 * HOUR))
    assert made.status_code == 303
    twice = post(browser, "/operations/batches", typed(HOUR, 2 * HOUR))
    assert twice.status_code == 422 and "同名" in twice.text
    with world.database.reading() as session:
        batch_id = session.scalars(select(Batch.id)).one()
    url = f"/operations/batches/{batch_id}"
    assert post(browser, url, typed(HOUR, 3 * HOUR, name="改名")).status_code == 303
    with world.database.transaction() as session:
        session.execute(update(Batch).values(opens_at=clock.now() - HOUR))
    shorter = post(browser, url, typed(-HOUR, HOUR, name="再改名"))
    assert shorter.status_code == 422 and "只能延后" in shorter.text and "再改名" in shorter.text
    answers = answers_in(world, track="competition")
    put_in(world, answers.scene.code, batch_id, world.operator())
    with world.database.reading() as session:
        now = queries.batch(session, batch_id)
        same = {
            "name": now.name, "list_type": now.list_type.value, "note": now.note,
            "opens_at": clock.to_beijing(now.opens_at).isoformat(),
        }  # fmt: skip
    later = (clock.to_beijing(now.closes_at) + HOUR).isoformat()
    assert post(browser, url, {**same, "closes_at": later}).status_code == 303
    with world.database.reading() as session:
        told = session.scalars(
            select(Notice).where(Notice.user_id == answers.scene.issuer.user_id).order_by(Notice.id)
        ).all()[-1]
        actions = session.scalars(
            select(AuditEntry.action).where(AuditEntry.target_type == "batch")
        ).all()
    assert "窗口有变" in told.title and told.url == f"/batches/{batch_id}"
    assert actions == ["batch.opened", "batch.changed", "batch.changed"]
    with world.database.transaction() as session:
        session.execute(update(Batch).values(closes_at=clock.now()))
    assert post(browser, url, {**same, "closes_at": later}).status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"), ({"name": "长" * 61}, "name"), ({"list_type": "x"}, "list_type"),
        ({"opens_at": "明天"}, "opens_at"), ({"closes_at": ""}, "closes_at"),
        ({"closes_at": "2020-01-01T00:00"}, "closes_at"), ({"note": "长" * 1001}, "note"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_names_its_field(
    world: World, change: dict[str, str], field: str
) -> None:
    with world.database.transaction() as session, pytest.raises(Invalid) as refused:
        services.open_batch(session, SYSTEM, typed(HOUR, 2 * HOUR) | change)
    assert field in refused.value.errors


def test_only_needs_of_the_competition_join_and_stay(world: World) -> None:
    first, operator = opened(world, HOUR, 2 * HOUR)
    second, _ = opened(world, -HOUR, 2 * HOUR, name="另一批")
    owner = world.owner()
    market = world.submitted(owner)
    outcome = world.submitted(owner, Board.OUTCOME)
    draft = world.draft(owner, track="competition")
    for code in (market, outcome, draft):
        with pytest.raises(Conflict):
            put_in(world, code, first, operator)
    need = world.submitted(owner, track="competition")
    put_in(world, need, first, operator)
    put_in(world, need, second, operator)
    with pytest.raises(Conflict, match="已经开放"):
        put_in(world, need, first, operator)
    with pytest.raises(Forbidden):
        put_in(world, need, first, owner)
    browser = world.browser(operator)
    assert "另一批" in browser.get(f"/operations/review/{need}").text
    for role in Role:
        status = 303 if role is Role.OPERATOR else 403
        got = post(world.browser(world.user(role)), f"/operations/review/{need}/batch", {})
        assert got.status_code == status
    with world.database.reading() as session:
        rows = session.execute(select(BatchListing.batch_id, Listing.code).join(Listing)).all()
    assert [tuple(row) for row in rows] == [(second, need)]


def test_the_database_knows_a_window(any_world: World) -> None:
    opened(any_world, HOUR, 2 * HOUR)
    for change in ("closes_at = opens_at", "name = ''"):
        with pytest.raises(IntegrityError), any_world.database.transaction() as session:
            session.execute(text(f"UPDATE batch SET {change}"))


def notices_of(world: World, who: Actor) -> list[Notice]:
    with world.database.reading() as session:
        query = select(Notice).where(Notice.user_id == who.user_id).order_by(Notice.id)
        return [each for each in session.scalars(query) if "批次窗口有变" in each.title]


def test_an_extension_reaches_those_who_are_writing(any_world: World) -> None:
    """Drafts, what was returned, and the members of a joint bid; nobody who has filed or left."""
    answers, batch_id = call(any_world, -HOUR, HOUR, 6)
    writer, returned, filed, gone, member, refused = answers.more
    leader = answers.scene.responder
    answers.rules(formality=True)
    own = answers.draft(writer)
    for who in (returned, filed, gone):
        answers.filed(who)
    back = next(each for each in answers.all() if each.organisation_id == returned.organisation_id)
    answers.check(back.id, any_world.operator(), "return", "请补充检测依据。")
    left = next(each for each in answers.all() if each.organisation_id == gone.organisation_id)
    with any_world.database.transaction() as session:
        answering.withdraw(session, gone, responses.response(session, left.id, gone, lock=True))
    joint = answers.draft(leader)
    split(answers, joint, leader, parts(answers, member, refused))
    sign(answers, joint, refused, "今年没有人手。")
    operator = any_world.operator()
    with any_world.database.transaction() as session:
        found = queries.batch(session, batch_id, lock=True)
        longer = typed(-HOUR, 5 * HOUR)
        longer["opens_at"] = clock.to_beijing(found.opens_at).isoformat()
        services.change_batch(session, operator, found, longer)
        window = found.window
    expected = {
        writer: f"/responses/{own}/edit", returned: f"/responses/{back.id}/edit",
        leader: f"/responses/{joint}/edit", member: f"/responses/{joint}/split",
    }  # fmt: skip
    for who, url in expected.items():
        told = notices_of(any_world, who)
        assert [each.url for each in told] == [url]
        assert window in told[0].text and "还没有提交" in told[0].text
    for who in (filed, gone, refused, answers.scene.stranger):
        assert notices_of(any_world, who) == []
    assert len(notices_of(any_world, answers.scene.issuer)) == 1


def test_a_note_that_changes_alone_tells_nobody(world: World) -> None:
    answers, batch_id = call(world, -HOUR, HOUR)
    answers.draft(answers.scene.responder)
    operator = world.operator()
    with world.database.transaction() as session:
        found = queries.batch(session, batch_id, lock=True)
        same = typed(-HOUR, HOUR, note="说明补充。")
        same["opens_at"] = clock.to_beijing(found.opens_at).isoformat()
        same["closes_at"] = clock.to_beijing(found.closes_at).isoformat()
        services.change_batch(session, operator, found, same)
    assert notices_of(world, answers.scene.responder) == []

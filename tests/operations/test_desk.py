"""The operator's desk and the auditor's window say what is so, and nothing more."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from jiebang.boards.models import Listing
from jiebang.boards.workflow import ListingState
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.outbox import Job
from jiebang.core.permissions import ROLE_PERMISSIONS, SYSTEM, Permission, Role
from jiebang.operations import queries
from tests.conftest import post
from tests.factories import World


def test_figures_are_those_of_the_database(world: World) -> None:
    owner = world.owner()
    world.organisation(verified=False)
    world.published(owner, Board.NEED)
    world.published(owner, Board.NEED, title="第二条需求")
    world.published(owner, Board.ORDER)
    world.submitted(owner, Board.PRODUCT)
    world.draft(owner, Board.OUTCOME)
    with world.database.reading() as session:
        states = queries.states_by_board(session)
        assert states[Board.NEED] == {ListingState.PUBLISHED: 2}
        assert states[Board.PRODUCT] == {ListingState.SUBMITTED: 1}
        assert states[Board.PROGRAMME] == {}
        assert queries.organisations_by_state(session) == {"verified": 1, "unverified": 1}
        assert queries.review_times(session).decided == 3
        assert queries.jobs(session) == {"waiting": 3, "failed": 0}
    assert world.browser(world.operator()).get("/operations/").status_code == 200


def test_the_median_is_of_submission_to_publication(world: World) -> None:
    owner = world.owner()
    for hours in (2, 4, 30):
        code = world.published(owner, title=f"用时{hours}小时的审核")
        with world.database.transaction() as session:
            session.execute(
                update(Listing)
                .where(Listing.code == code)
                .values(submitted_at=world.listing(code).published_at - timedelta(hours=hours))  # type: ignore[operator]
            )
    with world.database.reading() as session:
        times = queries.review_times(session)
    assert times.decided == 3 and times.median_hours == pytest.approx(4)


def test_the_queue_is_by_age_and_marks_what_is_late(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, operator = world.owner(), world.operator()
    first = world.submitted(owner, title="先提交的内容")
    second = world.submitted(owner, title="后提交的内容")
    with world.database.transaction() as session:
        session.execute(
            update(Listing)
            .where(Listing.code == second)
            .values(submitted_at=clock.now() - timedelta(days=20))
        )
    browser = world.browser(operator)
    page = browser.get("/operations/review").text
    assert page.index(second) < page.index(first)
    assert page.count("已超时") == 1
    todo = browser.get("/todo").text
    assert todo.index("后提交的内容") < todo.index("先提交的内容")


def test_an_operator_does_not_review_their_own_organisation(world: World) -> None:
    operator_id = world.user(Role.OPERATOR)
    world.organisation(operator_id)
    operator = world.actor(operator_id)
    code = world.submitted(operator)
    browser = world.browser(operator)
    response = post(browser, f"/operations/review/{code}/approve")
    assert response.status_code == 403 and "本单位" in response.text
    assert world.listing(code).state is ListingState.SUBMITTED


@pytest.mark.parametrize("name", ["return", "suspend"])
def test_a_decision_without_a_reason_keeps_the_page(world: World, name: str) -> None:
    owner, operator = world.owner(), world.operator()
    code = world.submitted(owner) if name == "return" else world.published(owner)
    browser = world.browser(operator)
    response = post(browser, f"/operations/review/{code}/{name}", {"reason": "  "})
    assert response.status_code == 422 and "请说明" in response.text
    long = post(browser, f"/operations/review/{code}/{name}", {"reason": "长" * 501})
    assert long.status_code == 422 and "长" * 501 in long.text, "what was typed stays"
    done = post(browser, f"/operations/review/{code}/{name}", {"reason": "请补充<b>指标"})
    assert done.status_code == 303
    page = world.browser(owner).get(f"/listings/{code}").text
    assert "请补充&lt;b&gt;指标" in page


def test_the_trail_is_narrowed_by_what_was_asked(world: World) -> None:
    owner = world.owner()
    code = world.published(owner)
    listing_id = world.listing(code).id
    auditor = world.browser(world.actor(world.user(Role.AUDITOR)))

    for query in (f"?target=listing:{listing_id}", "?action=listing.approve", "?person=人员1"):
        assert auditor.get(f"/operations/audit{query}").status_code == 200
    with world.database.reading() as session:
        total = queries.trail(session, queries.TrailFilter(), 1, 50)[1]
        only = queries.trail(session, queries.TrailFilter(action="listing.approve"), 1, 50)
        assert only[1] == 1 and total > 1
        of_it = queries.trail(session, queries.TrailFilter(target=f"listing:{listing_id}"), 1, 50)
        assert of_it[1] == 3
        assert queries.trail(session, queries.TrailFilter(person="%"), 1, 50)[1] == 0
        later = queries.TrailFilter(since=clock.now() + timedelta(days=1))
        assert queries.trail(session, later, 1, 50)[1] == 0
    page = auditor.get("/operations/audit?since=0001-01-01&until=rubbish").text
    assert page.count("没有起作用") == 2


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE audit_entry SET actor_label = 'x' WHERE id = 2",
        "UPDATE audit_entry SET detail = '{}' WHERE id = 1",
        "DELETE FROM audit_entry WHERE id = 2",
        "DELETE FROM audit_entry WHERE id = (SELECT max(id) FROM audit_entry)",
    ],
)
def test_the_auditor_sees_that_the_chain_was_touched(world: World, harm: str) -> None:
    world.published(world.owner())
    auditor = world.browser(world.actor(world.user(Role.AUDITOR)))
    assert "审计链完整" in auditor.get("/operations/audit/verify").text
    with world.database.transaction() as session:
        session.execute(text(harm))
    broken = auditor.get("/operations/audit/verify").text
    assert "审计链完整" not in broken
    assert re.search("处问题.*(缺失|不衔接|被改动|不一致)", broken, re.DOTALL)


def test_the_auditor_changes_nothing(world: World) -> None:
    """三员分立: the role that reads the audit has no other permission."""
    assert ROLE_PERMISSIONS[Role.AUDITOR] == {Permission.AUDIT_VIEW}
    code = world.submitted(world.owner())
    auditor = world.browser(world.actor(world.user(Role.AUDITOR)))
    assert post(auditor, f"/operations/review/{code}/approve").status_code == 403
    assert world.listing(code).state is ListingState.SUBMITTED


def test_decisions_reach_the_owners_page_and_letters(world: World) -> None:
    owner, operator = world.owner(), world.operator()
    code = world.submitted(owner)
    post(world.browser(operator), f"/operations/review/{code}/return", {"reason": "指标不清"})
    with world.database.reading() as session:
        letters = session.scalars(select(Job.payload).where(Job.kind == "mail")).all()
    assert len(letters) == 1 and "指标不清" in letters[0]["body"]
    assert f"/listings/{code}" in letters[0]["body"]
    assert "指标不清" in world.browser(owner).get("/todo").text
    world.advance(code, "submit", owner)
    world.advance(code, "approve", SYSTEM)

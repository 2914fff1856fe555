"""The own organisation's word: who drafts, who approves, and what must not pass it by."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select

from jiebang.boards.workflow import ListingState
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict
from jiebang.core.outbox import Job
from jiebang.core.permissions import Actor, OrganisationRole
from jiebang.orgs.models import Category
from tests.boards.looking import actions
from tests.conftest import post
from tests.factories import World


def university(world: World) -> tuple[Actor, Actor]:
    """The transfer office and a principal investigator."""
    office = world.owner(category=Category.UNIVERSITY)
    assert office.organisation_id is not None
    investigator = world.user()
    world.member(office.organisation_id, investigator, OrganisationRole.AGENT)
    return office, world.actor(investigator)


def test_the_office_lets_out_what_the_investigator_drafts(any_world: World) -> None:
    world = any_world
    office, investigator = university(world)
    code = world.draft(investigator, Board.OUTCOME)
    drafting, deciding = world.browser(investigator), world.browser(office)
    assert "提交本单位审批" in drafting.get(f"/listings/{code}/check").text
    with pytest.raises(Conflict, match="本单位"):
        world.advance(code, "submit", investigator)
    assert post(drafting, f"/listings/{code}/propose").status_code == 303
    assert world.listing(code).state is ListingState.ENDORSING
    assert "等本单位管理员" in drafting.get("/todo").text
    assert "去审批" in deciding.get("/todo").text
    assert "同意并提交审核" in deciding.get(f"/listings/{code}/check").text
    assert "同意并提交审核" not in drafting.get(f"/listings/{code}/check").text
    assert post(drafting, f"/listings/{code}/endorse").status_code == 403
    assert world.browser(world.operator()).get(f"/operations/review/{code}").status_code == 404
    back = post(deciding, f"/listings/{code}/send_back", {"reason": ""})
    assert back.status_code == 422
    assert (
        post(deciding, f"/listings/{code}/send_back", {"reason": "摘要写了原理"}).status_code == 303
    )
    assert "摘要写了原理" in drafting.get(f"/listings/{code}").text
    world.advance(code, "propose", investigator)
    assert post(deciding, f"/listings/{code}/endorse").status_code == 303
    assert world.listing(code).state is ListingState.SUBMITTED
    assert actions(world, code)[-4:] == [
        "listing.propose", "listing.send_back", "listing.propose", "listing.endorse",
    ]  # fmt: skip
    with world.database.reading() as session:
        jobs = session.scalars(select(Job).where(Job.kind == "mail").order_by(Job.id)).all()
    assert [job.payload["subject"][:2] for job in jobs] == ["请审", "本单", "请审", "本单"]


def test_what_is_published_changes_only_by_the_office(world: World) -> None:
    office, investigator = university(world)
    code = world.published(office, Board.OUTCOME)
    typed = {"title": "改过的公开标题够长", "summary": "改过的公开摘要已经足够长了。"}
    refused = post(world.browser(investigator), f"/listings/{code}/edit/topic", typed)
    assert refused.status_code == 409 and "管理员" in refused.text
    file = {"file": (io.BytesIO(b"%PDF-1.7\n%%EOF\n"), "说明.pdf")}
    post(world.browser(investigator), f"/listings/{code}/attachments", file)
    assert "说明.pdf" not in world.browser(office).get(f"/listings/{code}").text
    assert post(world.browser(office), f"/listings/{code}/edit/topic", typed).status_code == 303
    assert world.listing(code).title == "改过的公开标题够长"


def test_the_switch_is_the_administrators_and_takes_effect_at_once(world: World) -> None:
    office, investigator = university(world)
    assert investigator.seat is not None and investigator.seat.endorsement
    assert investigator.user_id is not None
    client = world.browser(investigator)
    assert post(client, "/organisations/mine/endorsement", {"required": "0"}).status_code == 403
    code = world.draft(investigator, Board.OUTCOME)
    answer = post(world.browser(office), "/organisations/mine/endorsement", {"required": "0"})
    assert answer.status_code == 303
    assert post(client, f"/listings/{code}/submit").status_code == 303
    assert world.listing(code).state is ListingState.SUBMITTED


def test_a_firms_agent_submits_as_before(world: World) -> None:
    chief = world.owner()
    assert chief.organisation_id is not None
    agent = world.user()
    world.member(chief.organisation_id, agent, OrganisationRole.AGENT)
    who = world.actor(agent)
    assert who.seat is not None and not who.seat.endorsement
    code = world.draft(who)
    world.advance(code, "submit", who)
    with pytest.raises(Conflict, match="不需要本单位审批"):
        world.advance(world.draft(who), "propose", who)

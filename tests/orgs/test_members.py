"""Members: invitations that only the invited can take, and an administrator who always stays."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from jiebang.core import clock
from jiebang.core.permissions import Line, OrganisationRole
from jiebang.orgs import queries
from jiebang.orgs.models import Invitation, Membership

from .conftest import World
from .test_verification import actions, mails

MINE = "/organisations/mine"


def invite(browser: FlaskClient, to: str, **more: str) -> str:
    """Invites through the page; returns the link's path."""
    data = {"identifier": to, "role": "agent", "scopes": "technology"} | more
    answer = browser.post(f"{MINE}/invite", data=data, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    found = re.search(r"<code>https?://[^/]+(/invitations/[^<]+)</code>", answer.text)
    assert found, answer.text
    return found[1]


def membership(world: World, organisation: int, user: int) -> int:
    with world.database.reading() as session:
        found = queries.membership_of(session, organisation, user)
        assert found is not None
        return found.id


def test_an_invitation_by_mail(world: World) -> None:
    owner, guest = world.user(), world.user("guest@example.com")
    organisation = world.organisation(owner, "邀请方公司")
    browser = world.browser(owner)
    link = invite(browser, " Guest@Example.com ")
    assert link in mails(world)
    assert link not in browser.get(MINE).text, "the link is shown once"
    assert "guest@example.com" in browser.get(MINE).text
    visitor = world.browser(guest)
    assert "邀请方公司" in visitor.get(link).text
    assert visitor.post(link).status_code == 303
    with world.database.reading() as session:
        (seat,) = queries.seats_of(session, guest)
    assert seat.organisation_id == organisation
    assert seat.scopes == {Line.TECHNOLOGY}
    assert {"member.invited", "member.added"} <= actions(world)
    assert visitor.get(link).status_code == 404


def test_a_confirmed_address_accepts_without_the_link(world: World) -> None:
    owner = world.user()
    world.organisation(owner)
    invite(world.browser(owner), "sure@example.com")
    invite(world.browser(owner), "unsure@example.com")
    sure = world.browser(world.user("sure@example.com"))
    unsure = world.browser(world.user("unsure@example.com", confirmed=False))
    with world.database.reading() as session:
        first, second = session.scalars(select(Invitation.id).order_by(Invitation.id))
    assert "接受邀请" in sure.get("/organisations/choose").text
    page = unsure.get("/organisations/choose").text
    assert "接受邀请</button>" not in page
    assert "邀请链接" in page
    accept = "/organisations/invitations/{}/accept"
    assert unsure.post(accept.format(second)).status_code == 404
    assert unsure.post(accept.format(first)).status_code == 404
    assert sure.post(accept.format(first)).status_code == 303


def test_a_telephone_number_needs_the_link(world: World) -> None:
    owner, guest = world.user(), world.user(phone="13800138000")
    world.organisation(owner)
    link = invite(world.browser(owner), "+86 138 0013 8000")
    browser = world.browser(guest)
    assert "邀请链接" in browser.get("/organisations/choose").text
    assert browser.post(link).status_code == 303


def test_the_link_is_only_for_the_invited(world: World) -> None:
    owner = world.user()
    world.organisation(owner)
    link = invite(world.browser(owner), "guest@example.com")
    stranger = world.browser(world.user())
    assert "另一个账号" in stranger.get(link).text
    assert stranger.post(link).status_code == 409
    assert world.browser(None).get(link).status_code == 303


def test_expired_revoked_and_renewed_links(world: World) -> None:
    owner, guest = world.user(), world.user("guest@example.com")
    world.organisation(owner)
    browser, visitor = world.browser(owner), world.browser(guest)
    link = invite(browser, "guest@example.com")
    browser.post(f"{MINE}/invitations/1/renew")
    assert visitor.get(link).status_code == 404
    with world.database.transaction() as session:
        session.get_one(Invitation, 1).expires_at = clock.now() - timedelta(seconds=1)
    assert "已过期" in browser.get(MINE).text
    browser.post(f"{MINE}/invitations/1/revoke")
    assert "guest@example.com" not in browser.get(MINE).text.split("flashes")[-1].split("</main>")[
        0
    ].replace("已撤回给 guest@example.com", "")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"identifier": "什么", "role": "agent", "scopes": "technology"}, "邮箱地址或 11 位手机号"),
        ({"identifier": "a@example.com", "role": "agent"}, "至少选一条经办业务线"),
        ({"identifier": "a@example.com", "role": "boss"}, "role"),
        ({"identifier": "own@example.com", "role": "administrator"}, "已经是本单位成员"),
    ],
)
def test_refusals_keep_what_was_typed(world: World, data: dict[str, str], words: str) -> None:
    owner = world.user("own@example.com")
    world.organisation(owner)
    answer = world.browser(owner).post(f"{MINE}/invite", data=data)
    assert answer.status_code == 422
    assert words in answer.text
    assert data["identifier"] in answer.text


def test_the_last_administrator_stays(world: World) -> None:
    owner, agent = world.user(), world.user()
    organisation = world.organisation(owner)
    world.member(organisation, agent)
    browser = world.browser(owner)
    own = membership(world, organisation, owner)
    answer = browser.post(f"{MINE}/members/{own}", data={"role": "agent", "scopes": "talent"})
    assert answer.status_code == 409
    assert "唯一的管理员" in answer.text
    answer = browser.post(f"{MINE}/members/{own}/remove", follow_redirects=True)
    assert "唯一的管理员" in answer.text
    other = membership(world, organisation, agent)
    assert (
        browser.post(f"{MINE}/members/{other}", data={"role": "administrator"}).status_code == 303
    )
    assert browser.post(f"{MINE}/members/{own}/remove").status_code == 303
    with world.database.reading() as session:
        (left,) = session.scalars(select(Membership))
        assert (left.user_id, left.role) == (agent, OrganisationRole.ADMINISTRATOR)
    assert {"member.changed", "member.removed"} <= actions(world)


def test_agents_leave_but_remove_nobody(world: World) -> None:
    owner, agent = world.user(), world.user()
    organisation = world.organisation(owner)
    world.member(organisation, agent)
    browser = world.browser(agent)
    theirs = membership(world, organisation, owner)
    own = membership(world, organisation, agent)
    assert browser.get(f"{MINE}/invite").status_code == 403
    assert browser.post(f"{MINE}/members/{theirs}/remove").status_code == 403
    assert browser.post(f"{MINE}/members/{theirs}", data={"role": "agent"}).status_code == 403
    assert browser.post(f"{MINE}/members/{own}/remove").status_code == 303


def test_other_organisations_members_are_not_there(world: World) -> None:
    owner, stranger = world.user(), world.user()
    organisation = world.organisation(owner)
    world.organisation(stranger)
    invite(world.browser(owner), "guest@example.com")
    theirs = membership(world, organisation, owner)
    browser = world.browser(stranger)
    for method, path in (
        ("get", f"members/{theirs}"),
        ("post", f"members/{theirs}"),
        ("get", f"members/{theirs}/remove"),
        ("post", f"members/{theirs}/remove"),
        ("post", "invitations/1/renew"),
        ("post", "invitations/1/revoke"),
    ):
        assert getattr(browser, method)(f"{MINE}/{path}").status_code == 404, path


def test_switching_seats(world: World) -> None:
    user = world.user()
    first, second = world.organisation(user, "第一家"), world.organisation(user, "第二家")
    other = world.organisation(world.user(), "别人家")
    browser = world.browser(user)
    assert "第一家" in browser.get(MINE).text
    url = "/organisations/switch"
    assert browser.post(url, data={"organisation_id": second}).status_code == 303
    assert "第二家" in browser.get(MINE).text
    for wrong in (other, "", "x", 99999):
        assert browser.post(url, data={"organisation_id": wrong}).status_code == 404
    assert first != second

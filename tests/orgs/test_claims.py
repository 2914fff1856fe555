"""认领: one claimant wins, the others hear why not."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import select

from jiebang.core.permissions import OrganisationRole, Role
from jiebang.orgs import queries
from jiebang.orgs.models import Claim, Decision, Organisation

from .conftest import World, pdf
from .test_verification import actions, mails


def claim(browser: FlaskClient, organisation: int) -> int:
    return browser.post(
        f"/organisations/claim/{organisation}", data={"evidence": pdf(), "note": "技术部王工"}
    ).status_code


def test_claimed_by_one_and_returned_to_the_other(world: World) -> None:
    organisation = world.organisation(None, "济南（示例）机床有限公司")
    winner, loser = world.user(), world.user("loser@example.com")
    browser = world.browser(winner)
    assert "济南（示例）机床有限公司" in browser.get("/organisations/claim?q=(示例)机床").text
    assert claim(browser, organisation) == 303
    assert claim(browser, organisation) == 409
    assert claim(world.browser(loser), organisation) == 303
    assert "办理中" in browser.get("/organisations/choose").text
    operator = world.browser(world.user(role=Role.OPERATOR))
    with world.database.reading() as session:
        first = session.scalars(select(Claim).order_by(Claim.id)).first()
    assert first is not None
    page = operator.get(f"/organisations/claims/{first.id}").text
    assert "另有 1 人" in page
    assert "技术部王工" in page
    assert operator.post(f"/organisations/claims/{first.id}/approve").status_code == 303
    with world.database.reading() as session:
        assert session.get_one(Organisation, organisation).claimed
        (seat,) = queries.seats_of(session, winner)
        assert seat.role is OrganisationRole.ADMINISTRATOR
        assert queries.seats_of(session, loser) == ()
        states = list(session.scalars(select(Claim.state).order_by(Claim.id)))
        assert states == [Decision.APPROVED, Decision.RETURNED]
    assert "loser@example.com" in mails(world)
    assert {"claim.submitted", "claim.approved", "claim.returned"} <= actions(world)
    assert world.browser(loser).get(f"/organisations/claim/{organisation}").status_code == 404


def test_a_claimed_organisation_cannot_be_claimed(world: World) -> None:
    organisation = world.organisation(world.user(), "已有主的公司")
    browser = world.browser(world.user())
    assert browser.get(f"/organisations/claim/{organisation}").status_code == 404
    assert "已有管理员" in browser.get("/organisations/claim?q=已有主的公司").text


def test_operators_do_not_decide_their_own_claim(world: World) -> None:
    organisation = world.organisation(None)
    operator = world.user(role=Role.OPERATOR)
    browser = world.browser(operator)
    assert claim(browser, organisation) == 303
    with world.database.reading() as session:
        found = session.scalars(select(Claim.id)).one()
    assert browser.post(f"/organisations/claims/{found}/approve").status_code == 403


def test_a_return_needs_a_reason(world: World) -> None:
    organisation = world.organisation(None)
    browser = world.browser(world.user())
    claim(browser, organisation)
    operator = world.browser(world.user(role=Role.OPERATOR))
    assert operator.post("/organisations/claims/1/return").status_code == 422
    answer = operator.post("/organisations/claims/1/return", data={"reason": "证明看不清"})
    assert answer.status_code == 303
    assert "证明看不清" in browser.get("/organisations/choose").text
    assert claim(browser, organisation) == 303


def test_evidence_is_for_the_claimant_and_operators(world: World) -> None:
    organisation = world.organisation(None)
    claimant = world.user()
    claim(world.browser(claimant), organisation)
    with world.database.reading() as session:
        paper = session.scalars(select(Claim.evidence_id)).one()
    url = f"/organisations/papers/{paper}"
    operator = world.user(role=Role.OPERATOR)
    for user, status in ((claimant, 200), (operator, 200), (world.user(), 404)):
        answer = world.browser(user).get(url)
        assert answer.status_code == status
        answer.close()


def test_evidence_is_required(world: World) -> None:
    organisation = world.organisation(None)
    answer = world.browser(world.user()).post(
        f"/organisations/claim/{organisation}", data={"note": "我是厂长"}
    )
    assert answer.status_code == 422
    assert "请选择认领证明" in answer.text
    assert "我是厂长" in answer.text

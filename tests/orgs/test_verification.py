"""Verification: handed in by the administrator, decided by somebody else, told to both."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from sqlalchemy import select

from jiebang.core.audit import AuditEntry
from jiebang.core.outbox import Job
from jiebang.core.permissions import OrganisationRole, Role
from jiebang.core.uploads import Upload
from jiebang.orgs.models import Organisation, OrganisationState, VerificationRequest

from .conftest import World, code, pdf

URL = "/organisations/mine/verification"


def actions(world: World) -> set[str]:
    with world.database.reading() as session:
        return set(session.scalars(select(AuditEntry.action)))


def mails(world: World) -> str:
    with world.database.reading() as session:
        return " ".join(
            f"{job.payload['to']} {job.payload['subject']} {job.payload['body']}"
            for job in session.scalars(select(Job).where(Job.kind == "mail"))
        )


def test_from_papers_to_verified(world: World, submit: Callable[..., int]) -> None:
    owner = world.user("owner@example.com")
    organisation = world.organisation(owner)
    operator = world.browser(world.user(role=Role.OPERATOR))
    request = submit(world.browser(owner))
    assert world.state(organisation) is OrganisationState.SUBMITTED
    waiting = world.browser(owner).get("/organisations/mine").text
    assert "平台运营" in waiting
    assert "前答复" in waiting
    assert "示例单位" in operator.get("/organisations/verifications").text
    assert operator.get(f"/organisations/verifications/{request}").status_code == 200
    answer = operator.post(f"/organisations/verifications/{request}/approve")
    assert answer.status_code == 303
    with world.database.reading() as session:
        found = session.get_one(Organisation, organisation)
        assert found.verified
        assert found.credit_code == code()
        assert found.verified_at is not None
    assert {"verification.submitted", "verification.approved"} <= actions(world)
    assert "owner@example.com" in mails(world)
    again = operator.post(f"/organisations/verifications/{request}/approve")
    assert again.status_code == 409


def test_a_return_needs_a_reason_and_reaches_the_applicant(
    world: World, submit: Callable[..., int]
) -> None:
    owner = world.user("owner@example.com")
    organisation = world.organisation(owner)
    browser, operator = world.browser(owner), world.browser(world.user(role=Role.OPERATOR))
    request = submit(browser)
    refused = operator.post(f"/organisations/verifications/{request}/return")
    assert refused.status_code == 422
    assert "请写明原因" in refused.text
    done = operator.post(
        f"/organisations/verifications/{request}/return", data={"reason": "授权书没有盖章"}
    )
    assert done.status_code == 303
    assert world.state(organisation) is OrganisationState.RETURNED
    assert "授权书没有盖章" in browser.get("/organisations/mine").text
    assert "授权书没有盖章" in mails(world)
    kept = browser.get(URL).text
    assert "沿用上次的文件" in kept
    again = browser.post(URL, data={"credit_code": code(), "authorisation": pdf("新授权书.pdf")})
    assert again.status_code == 303
    with world.database.reading() as session:
        first, second = session.scalars(
            select(VerificationRequest).order_by(VerificationRequest.id)
        )
        assert second.licence_id == first.licence_id
        assert second.authorisation_id != first.authorisation_id


def test_nobody_decides_for_their_own_organisation(
    world: World, submit: Callable[..., int]
) -> None:
    operator = world.user(role=Role.OPERATOR)
    organisation = world.organisation(operator)
    browser = world.browser(operator)
    request = submit(browser)
    assert "您不能办理" in browser.get(f"/organisations/verifications/{request}").text
    answer = browser.post(f"/organisations/verifications/{request}/approve")
    assert answer.status_code == 403
    assert world.state(organisation) is OrganisationState.SUBMITTED


def test_not_even_with_another_seat(world: World, submit: Callable[..., int]) -> None:
    owner, operator = world.user(), world.user(role=Role.OPERATOR)
    world.organisation(operator)
    organisation = world.organisation(owner)
    world.member(organisation, operator)
    request = submit(world.browser(owner))
    answer = world.browser(operator).post(f"/organisations/verifications/{request}/approve")
    assert answer.status_code == 403


def test_a_taken_code_leads_to_the_claim(world: World) -> None:
    owner = world.user()
    world.organisation(owner)
    other = world.organisation(None, "已建档单位")
    with world.database.transaction() as session:
        session.get_one(Organisation, other).credit_code = code()
    answer = world.browser(owner).post(
        URL, data={"credit_code": code(), "licence": pdf(), "authorisation": pdf()}
    )
    assert answer.status_code == 422
    assert "已建档单位" in answer.text
    assert "认领" in answer.text
    assert list(world.settings.uploads.iterdir()) == []


def test_what_was_typed_survives_and_every_field_is_named(world: World) -> None:
    owner = world.user()
    world.organisation(owner)
    answer = world.browser(owner).post(
        URL,
        data={"credit_code": "91370100MAE55TH28F", "licence": (io.BytesIO(b"MZ\x90"), "执照.pdf")},
    )
    assert answer.status_code == 422
    assert "91370100MAE55TH28F" in answer.text
    assert "校验位不符" in answer.text
    assert "内容不是PDF" in answer.text
    assert "请选择加盖公章的授权书" in answer.text


def test_papers_are_for_operators_and_own_administrators(
    world: World, submit: Callable[..., int]
) -> None:
    owner, agent, stranger = world.user(), world.user(), world.user()
    organisation = world.organisation(owner)
    world.member(organisation, agent)
    world.organisation(stranger)
    submit(world.browser(owner))
    with world.database.reading() as session:
        paper = session.scalars(select(Upload.id)).first()
    url = f"/organisations/papers/{paper}"
    operator = world.browser(world.user(role=Role.OPERATOR))
    for browser in (world.browser(owner), operator):
        answer = browser.get(url)
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in answer.headers["Cache-Control"]
        answer.close()
    for user in (agent, stranger, world.user(), world.user(role=Role.AUDITOR)):
        assert world.browser(user).get(url).status_code == 404
    assert world.browser(None).get(url).status_code == 303
    assert "paper.read" in actions(world)


@pytest.mark.parametrize("path", ["/organisations/verifications", "/organisations/claims/1"])
def test_the_queue_is_the_operators(world: World, path: str) -> None:
    owner = world.user()
    world.organisation(owner)
    assert world.browser(owner).get(path).status_code == 403
    assert world.browser(world.user(role=Role.AUDITOR)).get(path).status_code == 403


def test_agents_do_not_verify(world: World) -> None:
    owner, agent = world.user(), world.user()
    world.member(world.organisation(owner), agent)
    assert world.browser(agent).get(URL).status_code == 403


def test_a_verified_organisation_keeps_its_name(world: World) -> None:
    owner = world.user()
    organisation = world.organisation(owner, "老名字公司", verified=True)
    browser = world.browser(owner)
    assert "不能自行修改" in browser.get("/organisations/mine/profile").text
    answer = browser.post(
        "/organisations/mine/profile", data={"name": "新名字公司", "intro": "做机床"}
    )
    assert answer.status_code == 303
    with world.database.reading() as session:
        found = session.get_one(Organisation, organisation)
        assert (found.name, found.intro) == ("老名字公司", "做机床")


def test_operators_suspend_with_a_reason_and_resume(world: World) -> None:
    organisation = world.organisation(world.user(), verified=True)
    operator = world.browser(world.user(role=Role.OPERATOR))
    url = f"/organisations/{organisation}"
    assert operator.post(f"{url}/suspend").status_code == 422
    assert operator.post(f"{url}/suspend", data={"reason": "被举报冒用"}).status_code == 303
    assert world.state(organisation) is OrganisationState.SUSPENDED
    assert "资格暂停" in world.browser(None).get(url).text
    assert operator.post(f"{url}/resume").status_code == 303
    assert world.state(organisation) is OrganisationState.VERIFIED
    owner = world.user()
    world.member(organisation, owner, OrganisationRole.ADMINISTRATOR)
    assert world.browser(owner).post(f"{url}/suspend").status_code == 403


def test_no_letters_to_unconfirmed_addresses(world: World, submit: Callable[..., int]) -> None:
    owner = world.user("stranger@example.com", confirmed=False)
    world.organisation(owner)
    request = submit(world.browser(owner))
    operator = world.browser(world.user(role=Role.OPERATOR))
    operator.post(f"/organisations/verifications/{request}/approve")
    assert "stranger@example.com" not in mails(world)

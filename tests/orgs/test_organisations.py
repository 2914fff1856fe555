"""Creating organisations, their public page, and names that are one and the same."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from jiebang.core.errors import Conflict, Forbidden
from jiebang.core.permissions import ANONYMOUS, SYSTEM, Actor, Role
from jiebang.orgs import queries, sections, services
from jiebang.orgs.models import Category, Organisation, OrganisationState
from jiebang.orgs.workflow import VERIFICATION

from .conftest import World

NEW = "/organisations/new"
FORM = {"name": "济南（示例）精密机械有限公司", "category": "enterprise", "staff": "60"}


def test_creating_makes_an_administrator_who_acts_for_it(world: World) -> None:
    user = world.user()
    browser = world.browser(user)
    assert browser.get("/organisations/mine").headers["Location"].endswith("/organisations/choose")
    assert browser.get("/organisations/choose").status_code == 200
    assert browser.post(NEW, data=FORM).status_code == 303
    page = browser.get("/organisations/mine").text
    assert FORM["name"] in page
    assert "下一步：提交单位核验" in page


@pytest.mark.parametrize("name", ["济南(示例)精密机械有限公司", " 济南（示例）精密机械 有限公司"])
def test_the_same_name_is_taken_however_it_is_typed(world: World, name: str) -> None:
    world.organisation(world.user(), FORM["name"])
    answer = world.browser(world.user()).post(NEW, data=FORM | {"name": name})
    assert answer.status_code == 422
    assert "已有人创建" in answer.text


def test_an_unclaimed_name_leads_to_the_claim(world: World) -> None:
    world.organisation(None, FORM["name"])
    answer = world.browser(world.user()).post(NEW, data=FORM)
    assert answer.status_code == 422
    assert "认领" in answer.text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": ""}, "请填写单位名称"),
        ({"name": "长" * 101}, "最多 100 字"),
        ({"category": ""}, "请选择单位类别"),
        ({"staff": "六十"}, "职工人数请填整数"),
        ({"contact_phone": "abc"}, "6–20 位"),
        ({"intro": "字" * 2001}, "最多 2000 字"),
    ],
)
def test_refusals_name_the_field(world: World, changed: dict[str, str], words: str) -> None:
    answer = world.browser(world.user()).post(NEW, data=FORM | changed)
    assert answer.status_code == 422
    assert words in answer.text


def test_the_public_page_hides_contacts(world: World) -> None:
    user = world.user()
    browser = world.browser(user)
    browser.post(NEW, data=FORM | {"contact_name": "王秘密", "contact_phone": "0531-88886666"})
    page = world.browser(None).get("/organisations/1")
    assert page.status_code == 200
    assert FORM["name"] in page.text
    assert "王秘密" not in page.text
    assert "88886666" not in page.text
    assert world.browser(None).get("/organisations/99").status_code == 404


def test_other_floors_add_sections(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    organisation = world.organisation(world.user())
    monkeypatch.setattr(sections, "PAGE_SECTIONS", sections.PAGE_SECTIONS, raising=True)
    sections.PAGE_SECTIONS.append(lambda _s, found, _a: Markup("<p>榜单 {}</p>").format(found))
    try:
        page = world.browser(None).get(f"/organisations/{organisation}").text
    finally:
        sections.PAGE_SECTIONS.pop()
    assert f"<p>榜单 {organisation}</p>" in page


def test_unclaimed_finds_or_makes_and_is_for_operators(world: World) -> None:
    with world.database.transaction() as session:
        one = services.unclaimed(session, SYSTEM, "某大学", Category.UNIVERSITY)
        assert services.unclaimed(session, SYSTEM, " 某 大学").id == one.id
        assert not one.claimed
        with pytest.raises(Forbidden):
            services.unclaimed(session, ANONYMOUS, "另一所")


def test_vouching_needs_a_code(world: World) -> None:
    organisation = world.organisation(None)
    with world.database.transaction() as session, pytest.raises(Conflict, match="信用代码"):
        services.vouch(session, SYSTEM, organisation)


@pytest.mark.parametrize("name", list(VERIFICATION.transitions))
@pytest.mark.parametrize("state", list(OrganisationState))
def test_every_arrow_from_every_state(name: str, state: OrganisationState) -> None:
    """Operators who are no members take the operators' arrows from their sources, nothing else."""
    found = Organisation(name="某公司", id=7, state=state, credit_code="x")
    operator = Actor(user_id=1, label="运营", roles=frozenset({Role.OPERATOR}))
    transition = VERIFICATION.transitions[name]
    allowed = state in transition.sources and not transition.by_owner
    assert (VERIFICATION.refusal(name, found, operator) is None) == allowed
    assert VERIFICATION.refusal(name, found, ANONYMOUS) is not None


def test_administrators_are_found(world: World) -> None:
    owner = world.user()
    organisation = world.organisation(owner)
    world.member(organisation, world.user())
    with world.database.reading() as session:
        assert [user.id for user in queries.administrators(session, organisation)] == [owner]


@pytest.mark.parametrize("number", ["0", str(2**31), str(2**63), "9" * 60])
def test_numbers_beyond_every_id_are_not_found(world: World, number: str) -> None:
    assert world.browser(None).get(f"/organisations/{number}").status_code == 404

"""Every route × every role, generated from the URL map and from what each view declares.

A route without a declaration, or with an argument that has no sample, fails the test.
"""

from __future__ import annotations

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from jiebang.boards.models import ListingAttachment
from jiebang.core.permissions import ROLE_PERMISSIONS, Permission, Role
from jiebang.core.uploads import Upload
from jiebang.orgs.models import Organisation
from jiebang.orgs.notices.models import Notice
from jiebang.web.access import Level, Tenancy
from tests.web.routes import PDF, Setting, call, cases, right

OPEN_VIEWER = {"orgs.page"}
"""Objects that everybody may see: what is hidden there are other things on the page."""

NOT_IN_STATE = {409, 422}
"""The right person, but this listing is not in the state for it, or the form is empty."""

RIGHT_REFUSED = {
    # endpoint -> why the right person, too, hears no: each a rule with a test of its own
    "accounts.sign_in_demo": 404,  # outside of a demonstration there is no such door
    "accounts.confirm_email": None,  # nobody mailed this token
    "accounts.confirm_email_post": None,
    "accounts.reset": None,
    "accounts.reset_post": None,
    "boards.diagnosis": 404,  # nothing is being diagnosed; tests/boards/test_diagnosis.py
    "boards.diagnose": 404,
    "brokering.listing": 404,  # the operator serves nobody; tests/brokering/test_seeing.py
    "brokering.introduce": 404,
    "responses.sign": 404,  # nobody joins; tests/boards/test_joint.py
    "filling.new": 404,  # tests/brokering/test_filling.py
    "projects.check_file": 404,  # not declared yet; tests/technology/test_milestone_experts.py
    "filling.respond": 404,
    "filling.edit": 404,
    "brokering.propose": 404,
    "boards.download": 404,  # answered by test_boards; the file of the other listing
}


TWO_SIDED = {
    "threads.ask",
    "threads.end",
    "responses.ask",
    "responses.act",
    "brokering.act",
    "filling.act",
}


def location(response: TestResponse) -> str:
    return str(response.headers.get("Location", ""))


def is_(response: TestResponse, status: int, where: str = "") -> bool:
    return response.status_code == status and (not where or location(response) == where)


def test_the_map_is_worth_walking(setting: Setting) -> None:
    assert len(cases(setting)) > 70
    levels = {case.declared.level for case in cases(setting)}
    assert levels == set(Level)


def test_a_visitor_passes_only_open_doors(setting: Setting) -> None:
    wrong = []
    for case in cases(setting):
        response = call(setting, setting.world.app.test_client(), case)
        open_ = case.declared.level is Level.ANYONE
        if is_(response, 303, "/sign-in") is open_ or response.status_code >= 500:
            wrong.append((str(case), response.status_code, location(response)))
        if case.method != "GET" and open_:
            setting.restore()
    assert wrong == []


def test_without_an_organisation_members_pages_lead_to_the_choice(setting: Setting) -> None:
    wrong = []
    for case in cases(setting):
        response = call(setting, setting.world.browser(setting.seatless), case)
        expected = case.declared.level is Level.MEMBER
        # these two lead there, too, and rightly
        leads_there = case.rule.endpoint in ("accounts.register", "boards.keep")
        if is_(response, 303, "/organisations/choose") is not expected and not leads_there:
            wrong.append((str(case), response.status_code, location(response)))
        if case.declared.level is Level.PERMISSION and response.status_code != 403:
            wrong.append((str(case), response.status_code, "no role, yet let in"))
        if case.method != "GET":
            setting.restore()
    assert wrong == []


@pytest.mark.parametrize("role", [None, *Role])
def test_a_role_without_the_permission_is_refused(setting: Setting, role: Role | None) -> None:
    who = setting.staff[role] if role else setting.owner
    held = ROLE_PERMISSIONS[role] if role else frozenset()
    browser, wrong, refused = setting.world.browser(who), [], 0
    for case in cases(setting):
        permission = case.declared.permission
        if permission is None or permission in held:
            continue
        response = call(setting, browser, case)
        refused += 1
        if response.status_code != 403:
            wrong.append((str(case), response.status_code))
    assert wrong == [] and refused > 0
    setting.restore()


def test_another_organisations_things_are_not_there(setting: Setting) -> None:
    """404 and not 403: a stranger does not learn what exists."""
    wrong, walked = [], 0
    changed = setting.hidden | {"organisation_id": setting.owner.organisation_id}
    for case in cases(setting, changed):
        if case.declared.tenancy is Tenancy.NONE or case.rule.endpoint in OPEN_VIEWER:
            continue
        response = call(setting, setting.world.browser(setting.stranger), case)
        walked += 1
        if response.status_code != 404:
            wrong.append((str(case), response.status_code, location(response)))
        setting.restore()
    assert wrong == [] and walked > 20


def test_a_visitor_sees_no_draft(setting: Setting) -> None:
    wrong = []
    for case in cases(setting, setting.hidden):
        if case.declared.level is Level.ANYONE and case.declared.tenancy is Tenancy.VIEWER:
            status = setting.world.app.test_client().get(case.url, buffered=True).status_code
            if status != 404 and case.rule.endpoint not in OPEN_VIEWER:
                wrong.append((str(case), status))
    assert wrong == []


def test_the_right_person_is_let_in(setting: Setting) -> None:
    wrong = []
    with setting.world.database.transaction() as session:
        owner_id = setting.owner.organisation_id
        assert session.get(Organisation, owner_id) is not None
    for case in cases(setting):
        response = call(setting, setting.world.browser(right(setting, case)), case)
        allowed = {200, 303} if case.method == "GET" else {200, 303} | NOT_IN_STATE
        if case.rule.endpoint in RIGHT_REFUSED:
            allowed |= {404, 410, 422}
        if case.rule.endpoint == "boards.ask":
            allowed |= {409}
        if case.rule.endpoint in TWO_SIDED or case.rule.endpoint.startswith("projects."):
            allowed |= {403}  # withdrawing is the other side's
        sent_away = location(response) in ("/sign-in", "/organisations/choose")
        leads_there = case.rule.endpoint in ("accounts.register", "boards.keep")
        if response.status_code not in allowed or (sent_away and not leads_there):
            wrong.append((str(case), response.status_code, location(response)))
        if case.method != "GET":
            setting.restore()
    assert wrong == []


def test_every_form_needs_its_token(setting: Setting) -> None:
    wrong = []
    for case in cases(setting):
        if case.method != "GET":
            response = setting.world.browser(right(setting, case)).post(case.url)
            if response.status_code != 400 or "安全标记" not in response.text:
                wrong.append((str(case), response.status_code))
    assert wrong == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_refused(setting: Setting, method: str) -> None:
    client = setting.world.app.test_client()
    statuses = {client.open(case.url, method=method).status_code for case in cases(setting)}
    assert statuses <= {404, 405}


def test_files_of_a_draft_are_its_owners(setting: Setting) -> None:
    with setting.world.database.reading() as session:
        kept = session.scalars(select(ListingAttachment)).all()
        assert len(kept) == 3 and session.scalars(select(Upload)).first() is not None
    url = f"/listings/{setting.hidden['code']}/attachments/{setting.hidden['attachment_id']}"
    assert setting.world.browser(setting.owner).get(url, buffered=True).data == PDF
    assert setting.world.browser(setting.stranger).get(url).status_code == 404
    crossed = f"/listings/{setting.samples['code']}/attachments/{setting.hidden['attachment_id']}"
    assert setting.world.browser(setting.stranger).get(crossed).status_code == 404


def test_permissions_that_no_route_asks_for_are_known(setting: Setting) -> None:
    asked = {case.declared.permission for case in cases(setting)} - {None}
    used_by_services = {
        Permission.LISTING_WRITE,
        Permission.LISTING_RESPOND,
        Permission.LISTING_ENDORSE,
        Permission.LISTING_DIAGNOSE,
        Permission.REVIEW_SCORE,
        Permission.OBJECTION_RAISE,
        Permission.ORGANISATION_MANAGE,
        Permission.IMPORT_FOR_OTHERS,
        Permission.SYSTEM_VIEW,
        Permission.SYSTEM_RUN,
    }
    assert asked | used_by_services == set(Permission)


def test_every_notice_leads_to_a_page_that_its_reader_may_open(setting: Setting) -> None:
    """What people are told is answered by going there: no dead end, nobody else's page."""
    with setting.world.database.reading() as session:
        rows = session.execute(select(Notice.user_id, Notice.url, Notice.title).distinct()).all()
    assert len(rows) > 10
    wrong = []
    for user_id, url, title in rows:
        response = setting.world.browser(user_id).get(url, buffered=True)
        if response.status_code != 200:
            wrong.append((title, url, response.status_code))
    assert wrong == []

"""Every route × every role, generated from the URL map and from what each view declares.

A route without a declaration, or with an argument that has no sample here, fails the test.
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from jiebang.boards.models import ListingAttachment
from jiebang.boards.services import attachments
from jiebang.core import clock, uploads
from jiebang.core.boards import Board
from jiebang.core.permissions import ROLE_PERMISSIONS, Actor, OrganisationRole, Permission, Role
from jiebang.core.tokens import token_hash
from jiebang.core.uploads import Received, Upload
from jiebang.orgs.models import Claim, Invitation, Organisation, VerificationRequest
from jiebang.web.access import Access, Level, Tenancy, declaration
from tests.conftest import post
from tests.factories import World, world_on

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
TOKEN = "a-token-that-was-mailed-to-the-owner-000000"

FORMS: dict[str, Callable[[Setting], dict[str, Any]]] = {
    "orgs.switch": lambda s: {"organisation_id": str(s.owner.organisation_id)},
    "boards.keep": lambda s: {"board": "need", "text": "焊接变形怎么控制"},
    "boards.receive": lambda s: {"file": (io.BytesIO("标题\n甲乙丙丁\n".encode()), "表.csv")},
}
"""Bodies without which a route would not get as far as its object; others get an empty one."""

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
    "boards.download": 404,  # answered by test_boards; the file of the other listing
}


@dataclass
class Setting:
    """The people and the objects of every sample."""

    world: World
    owner: Actor
    stranger: Actor
    seatless: Actor
    invited: Actor
    staff: dict[Role, Actor]
    file: Path
    samples: dict[str, Any]
    hidden: dict[str, Any]

    def restore(self) -> None:
        """Puts the database back: what one request changed does not touch the next."""
        self.world.database.dispose()
        path = Path(self.world.database.url.database or "")
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(self.file, path)
        self.world.discovery.live.reset()


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    folder = tmp_path_factory.mktemp("routes")
    with world_on("sqlite", folder) as world:
        yield _setting(world, folder)


def _setting(world: World, folder: Path) -> Setting:
    owner, stranger = world.owner(name="样品一号有限公司"), world.owner()
    invited = world.actor(world.user(email="invited@example.com"))
    seatless = world.actor(world.user())
    staff = {role: world.actor(world.user(role)) for role in Role}
    assert owner.organisation_id is not None and owner.user_id is not None
    public = world.published(owner)
    partner = world.published(stranger, Board.OUTCOME)
    draft = world.draft(owner)
    mate = world.member(owner.organisation_id, world.user(), OrganisationRole.AGENT)
    moment = clock.now()
    with world.database.transaction() as session:
        files = [
            attachments.attach(
                session, owner, world._load(session, code), Received(io.BytesIO(PDF), "附件.pdf"),
                folder=world.settings.uploads, limit=10_000, protected=False,
            ).id
            for code in (public, draft)
        ]  # fmt: skip
        paper = uploads.store(
            session, owner, Received(io.BytesIO(PDF), "执照.pdf"), folder=world.settings.uploads,
            limit=10_000, purpose="licence", organisation_id=owner.organisation_id,
        )  # fmt: skip
        session.flush()
        request = VerificationRequest(
            organisation_id=owner.organisation_id, credit_code="91370100MA0000001X",
            licence_id=paper.id, authorisation_id=paper.id, submitted_by=owner.user_id,
            submitted_at=moment,
        )  # fmt: skip
        unclaimed = Organisation(
            name="待认领样品有限公司", category="enterprise", claimed=False, created_at=moment
        )
        session.add_all([request, unclaimed])
        session.flush()
        claim = Claim(
            organisation_id=unclaimed.id, user_id=seatless.user_id, evidence_id=paper.id,
            submitted_at=moment,
        )  # fmt: skip
        invitation = Invitation(
            organisation_id=owner.organisation_id, identifier="invited@example.com",
            token_hash=token_hash(TOKEN), role=OrganisationRole.AGENT, scopes=["technology"],
            invited_by=owner.user_id, created_at=moment, expires_at=moment.replace(year=2099),
        )  # fmt: skip
        session.add_all([claim, invitation])
        session.flush()
        samples = {
            "code": public,
            "other": partner,
            "board_name": "need",
            "step_key": "topic",
            "attachment_id": files[0],
            "organisation_id": stranger.organisation_id,
            "user_id": seatless.user_id,
            "token": TOKEN,
            "filename": "css/base.css",
            "membership_id": mate,
            "invitation_id": invitation.id,
            "request_id": request.id,
            "claim_id": claim.id,
            "upload_id": paper.id,
            ("orgs.claim", "organisation_id"): unclaimed.id,
        }
    hidden = {
        "code": draft,
        "attachment_id": files[1],
        "token": "nobody-was-sent-this-token",
        "upload_id": samples["upload_id"],
    }
    with world.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    world.database.dispose()
    file = folder / "as-it-was.db"
    shutil.copyfile(Path(world.database.url.database or ""), file)
    return Setting(
        world, owner, stranger, seatless, invited, staff, file, samples, hidden
    )  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One rule with one method and one set of arguments."""

    rule: Rule
    method: str
    url: str
    declared: Access

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule} as {self.url} ({self.rule.endpoint})"


def _values(rule: Rule, samples: dict[Any, Any], missing: list[str]) -> list[dict[str, Any]]:
    """Arguments for a rule; an `any(...)` argument gives one set for each of its words."""
    sets: list[dict[str, Any]] = [{}]
    for name in rule.arguments:
        words = re.search(rf"any\(([^)]*)\):{name}", rule.rule)
        if words:
            choices = [word.strip(" '\"") for word in words[1].split(",")]
        elif (rule.endpoint, name) in samples:
            choices = [samples[rule.endpoint, name]]
        elif name in samples:
            choices = [samples[name]]
        else:
            missing.append(f"{rule.rule}: {name}")
            choices = [1]
        sets = [{**each, name: choice} for each in sets for choice in choices]
    return sets


def cases(setting: Setting, changed: dict[str, Any] | None = None) -> list[Case]:
    """Every rule, method and word of the URL map; fails for what has no sample."""
    app = setting.world.app
    samples, missing, found = {**setting.samples, **(changed or {})}, [], []
    for rule in app.url_map.iter_rules():
        declared = declaration(app, rule.endpoint)
        assert declared is not None, f"{rule.rule} declares nothing"
        for values in _values(rule, samples, missing):
            built = rule.build(values, append_unknown=False)
            assert built is not None
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                found.append(Case(rule, method, built[1], declared))
    assert missing == [], "arguments without a sample in this test"
    return found


def call(setting: Setting, client: FlaskClient, case: Case, **data: Any) -> TestResponse:
    if case.method == "GET":
        return client.get(case.url, buffered=True)
    body = FORMS.get(case.rule.endpoint, lambda _s: {})(setting)
    return post(client, case.url, {**body, **data})


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
        if is_(response, 303, "/organisations/choose") is not expected and not (
            case.rule.endpoint in ("accounts.register", "boards.keep")  # they lead there, too
        ):
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


def right(setting: Setting, case: Case) -> Actor:
    """Somebody who may do it."""
    permission = case.declared.permission
    if permission is not None:
        role = next(role for role, held in ROLE_PERMISSIONS.items() if permission in held)
        return setting.staff[role]
    if case.rule.endpoint in ("orgs.invitation", "orgs.accept", "orgs.accept_own"):
        return setting.invited
    return setting.owner


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
        if response.status_code not in allowed or location(response) in (
            "/sign-in", "/organisations/choose",
        ) and case.rule.endpoint not in ("accounts.register", "boards.keep"):  # fmt: skip
            wrong.append((str(case), response.status_code, location(response)))
        if case.method != "GET":
            setting.restore()
    assert wrong == []


GARBAGE_WORDS = ("x", "0", "%00", "%F0%9F%92%A5", "..%2f..%2fetc%2fpasswd", "'%22%3C%3E", "9" * 900)
GARBAGE_NUMBERS = ("0", "4294967296", "9223372036854775808", "9" * 60)


def _garbage(case: Case, number: int) -> str | None:
    """The rule with nonsense in all of its places, except in `any(...)`, which takes only words."""
    if not case.rule.arguments:
        return None

    def put(match: re.Match[str]) -> str:
        kind = match[1] or ""
        if kind.startswith("any("):
            return kind[4:-2].split(",")[0].strip(" '\"")
        words = GARBAGE_NUMBERS if kind == "int:" else GARBAGE_WORDS
        return words[number % len(words)]

    return re.sub(r"<((?:any\([^)]*\)|\w+):)?\w+>", put, case.rule.rule)


@pytest.mark.parametrize("number", range(len(GARBAGE_WORDS)))
def test_nonsense_in_an_address_is_an_error_page_for_everybody(
    setting: Setting, number: int
) -> None:
    wrong, seen = [], set()
    operator, security = setting.staff[Role.OPERATOR], setting.staff[Role.SECURITY_ADMINISTRATOR]
    people = (None, setting.owner, operator, security)
    browsers = [setting.world.browser(who) for who in people]
    for case in cases(setting):
        url = _garbage(case, number)
        if url is None or (case.method, url) in seen:
            continue
        seen.add((case.method, url))
        for browser in browsers:
            response = browser.get(url) if case.method == "GET" else post(browser, url)
            if response.status_code >= 500:
                wrong.append((case.method, url[:120], response.status_code))
    assert wrong == []
    setting.restore()


NONSENSE_FORMS: tuple[dict[str, str], ...] = (
    {"version": "²", "organisation_id": "²", "user_id": "²", "reason": "\x00", "name": "\x00"},
    {"version": "9" * 5000, "organisation_id": "9" * 5000, "user_id": "9" * 30},
    {"add_row": "title", "text": "\x00", "board": "x"},
    {"remove_row": "title-0", "role": "x", "scopes": "x"},
    {"remove_row": "indicators-²", "title": "💥" * 9000, "name": "名" * 9000},
    {"remove_row": "csrf_token-0", "text": "字" * 9000, "board": "need", "reason": "字" * 9000},
    {"add_row": "data", "remove_row": "-", "money": "9" * 400, "deadline": "99999-99-99"},
    {"add_row": "deadline"},
    {"remove_row": "modes-0"},
    {"indicators-9999999-name": "x", "indicators-x-name": "y", "credit_code": "\ud7ff" * 40},
)


@pytest.mark.parametrize("number", range(len(NONSENSE_FORMS)))
def test_nonsense_in_a_form_is_an_error_page(setting: Setting, number: int) -> None:
    wrong = []
    for case in cases(setting, {"step_key": "terms"}):
        if case.method != "POST":
            continue
        who = right(setting, case)
        response = call(setting, setting.world.browser(who), case, **NONSENSE_FORMS[number])
        if response.status_code >= 500:
            wrong.append((str(case), response.status_code))
        if response.status_code < 400:
            setting.restore()
    assert wrong == []
    setting.restore()


NONSENSE_QUERIES = (
    "page=²&state=x&order=x", f"page={'9' * 6000}", "page=-1&q=%00", "q=" + "%E5%AD%97" * 900,
    "q=%3Cscript%3E&money=9e99&until=99999-99-99&trl=²&sort=x&industry=x&mode=x",
    "q=%E7%84%8A&until=0001-01-01", "until=9999-12-31&q=%E7%84%8A",
    "q=%E2%80%A6&region=%25&chain=%00&money=%C2%B2", "since=x&until=9999-12-31&target=a:b:c",
    "since=0001-01-01&until=0001-01-01&target=%00&action=%00&person=%25",
)  # fmt: skip


@pytest.mark.parametrize("query", NONSENSE_QUERIES, ids=lambda text: text[:30])
def test_nonsense_in_a_query_is_no_server_error(setting: Setting, query: str) -> None:
    wrong = []
    people = {who.user_id: setting.world.browser(who) for who in setting.staff.values()}
    people[setting.owner.user_id] = setting.world.browser(setting.owner)
    for case in cases(setting):
        if case.method == "GET" and case.rule.endpoint != "static":
            client = people.get(right(setting, case).user_id)
            if client is not None:
                status = client.get(f"{case.url}?{query}", buffered=True).status_code
                if status >= 500:
                    wrong.append((str(case), status))
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
        assert len(kept) == 2 and session.scalars(select(Upload)).first() is not None
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
        Permission.ORGANISATION_MANAGE,
        Permission.IMPORT_FOR_OTHERS,
        Permission.SYSTEM_VIEW,
        Permission.SYSTEM_RUN,
    }
    assert asked | used_by_services == set(Permission)

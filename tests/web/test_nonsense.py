"""Whatever is typed into an address, a query or a form, no answer is a server error."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jiebang.core.permissions import Role
from tests.conftest import post
from tests.factories import world_on
from tests.web.routes import Case, Setting, call, cases, right

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


@pytest.mark.postgres
def test_characters_that_postgresql_cannot_keep_are_an_error_page(tmp_path: Path) -> None:
    with world_on("postgres", tmp_path) as world:
        owner, operator = world.owner(), world.operator()
        code = world.submitted(owner)
        desk, client = world.browser(operator), world.browser(owner)
        answers = [
            desk.get("/listings/%00"),
            desk.get("/boards/need?region=%00&chain=%00&q=%00"),
            desk.get("/boards/need?region=%00"),
            post(desk, f"/operations/review/{code}/return", {"reason": "不\x00清"}),
            post(client, f"/listings/{code}/invitations", {"name": "\x00"}),
            post(client, "/listings/new/need", {"title": "标\x00题", "need_kind": "\x00"}),
            post(client, "/drafts", {"board": "need", "text": "焊接\x00变形"}),
            post(world.browser(None), "/drafts", {"board": "need", "text": "焊接\x00变形"}),
            post(world.browser(None), "/ask", {"text": "焊接\x00变形"}),
            post(world.browser(None), "/sign-in", {"identifier": "\x00", "password": "\x00"}),
            desk.get("/organisations/2147483648"),
        ]
        assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
        assert desk.get("/operations/review").status_code == 200


@pytest.mark.parametrize("number", ["0", "²", "9" * 30, "-1", "x"])
def test_a_demonstration_account_that_is_none_is_not_found(tmp_path: Path, number: str) -> None:
    with world_on("sqlite", tmp_path, demo=True) as world:
        response = post(world.browser(None), "/sign-in/demo", {"user_id": number})
        assert response.status_code == 404

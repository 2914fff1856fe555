"""Every answer is locked down: policy, nosniff, no caching, no other host, safe cookies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from jiebang.boards import services
from jiebang.core.boards import Board
from jiebang.core.permissions import Actor, Role
from jiebang.web.access import db
from tests.conftest import post
from tests.factories import World, world_on

STATIC = ("css/base.css", "css/tokens.css")


class Markup(HTMLParser):
    """What a page would make a browser run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.nonces: list[str | None] = []
        self.hosts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.inline += [f"<{tag} {name}>" for name in values if name.startswith("on")]
        self.inline += [f"<{tag} style>"] if "style" in values or tag == "style" else []
        if tag == "script":
            self.nonces.append(values.get("nonce"))
        for name in ("src", "href", "action", "srcset", "formaction", "poster", "data"):
            if value := values.get(name):
                parts = urlsplit(value)
                if parts.netloc or parts.scheme not in ("", "data", "mailto", "tel"):
                    self.hosts.append(value)


def check(response: TestResponse, *, page: bool = True) -> None:
    """The headers of any answer, and the markup of a page."""
    headers = response.headers
    policy = {
        words[0]: words[1:]
        for words in (part.split() for part in headers["Content-Security-Policy"].split(";"))
    }
    assert policy["default-src"] == ["'none'"] and policy["frame-ancestors"] == ["'none'"]
    assert policy["base-uri"] == ["'none'"] and policy["form-action"] == ["'self'"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "http" not in headers["Content-Security-Policy"]
    (nonce,) = policy["script-src"]
    assert re.fullmatch(r"'nonce-[\w-]{20,}'", nonce)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    if page:
        assert "no-store" in headers["Cache-Control"]
    if response.mimetype == "text/html" and response.status_code != 303:
        assert 'lang="zh' in response.text and "<title>" in response.text
        found = Markup()
        found.feed(response.text)
        assert found.inline == [] and found.hosts == []
        assert all(given == nonce[7:-1] for given in found.nonces), "a script without its nonce"
    for cookie in headers.getlist("Set-Cookie"):
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on("sqlite", tmp_path_factory.mktemp("headers")) as found:
        yield found


@pytest.fixture(scope="module")
def owner(world: World) -> Actor:
    return world.owner()


@pytest.fixture(scope="module")
def code(world: World, owner: Actor) -> str:
    return world.published(owner)


@pytest.fixture
def browser(world: World, owner: Actor) -> FlaskClient:
    return world.browser(owner)


def test_pages_of_visitors(world: World, code: str) -> None:
    client = world.app.test_client()
    for url in ("/", "/boards/", "/boards/need", "/boards/need?q=焊接", f"/listings/{code}",
                f"/listings/{code}/matches", "/sign-in", "/register", "/privacy", "/terms",
                "/password/forgotten", "/todo"):  # fmt: skip
        check(client.get(url))


def test_pages_of_members_and_staff(world: World, owner: Actor, code: str) -> None:
    pages = {
        owner: ["/todo", "/listings/", "/listings/new", "/listings/new/order", "/account",
                f"/listings/{code}", f"/listings/{code}/edit/terms", f"/listings/{code}/check",
                f"/listings/{code}/versions", f"/listings/{code}/withdraw", "/listings/import",
                "/listings/import/need/template.xlsx", "/organisations/mine",
                "/organisations/mine/profile", "/organisations/mine/verification",
                "/organisations/mine/invite", "/organisations/choose", "/organisations/claim"],
        world.operator(): ["/operations/", "/operations/review", f"/operations/review/{code}",
                           "/organisations/verifications"],
        world.actor(world.user(Role.AUDITOR)): ["/operations/audit", "/operations/audit/verify"],
        world.actor(world.user(Role.SECURITY_ADMINISTRATOR)): ["/account/roles"],
    }  # fmt: skip
    for who, urls in pages.items():
        client = world.browser(who)
        for url in urls:
            response = client.get(url, buffered=True)
            assert response.status_code == 200, url
            check(response)


def test_answers_to_forms(world: World, code: str, browser: FlaskClient) -> None:
    visitor = world.app.test_client()
    check(post(visitor, "/ask", {"text": "铝合金焊接变形怎么控制"}))
    check(post(visitor, "/ask", {"text": ""}))
    check(post(visitor, "/sign-in", {"identifier": "x", "password": "y"}))
    check(post(browser, "/listings/new/need", {"title": ""}))
    check(post(browser, f"/listings/{code}/submit"))


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 422])
def test_error_pages(world: World, code: str, browser: FlaskClient, status: int) -> None:
    big = {
        "data": b"--x\r\n" + b"0" * (3 * 1024 * 1024),
        "content_type": "multipart/form-data; boundary=x",
    }
    response = {
        400: lambda: browser.post("/todo/seen"),
        403: lambda: browser.get("/operations/audit"),
        404: lambda: browser.get("/no/such/page"),
        405: lambda: browser.get("/ask"),
        413: lambda: browser.post(f"/listings/{code}/attachments", **big),
        422: lambda: post(browser, "/drafts", {"board": "x"}),
    }[status]()
    assert response.status_code == status
    check(response)
    assert "回到首页" in response.text and "Traceback" not in response.text
    if status == 413:
        assert "MB" in response.text


def test_an_unexpected_error_is_a_page_with_a_number_for_operators_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> str:
        db().execute(text("SELECT * FROM no_such_table"))
        return ""

    broken = fail
    broken.__dict__.update(world.app.view_functions["operations.desk"].__dict__)
    monkeypatch.setitem(world.app.view_functions, "operations.desk", broken)
    world.app.config["PROPAGATE_EXCEPTIONS"] = False
    response = world.browser(world.operator()).get("/operations/")
    assert response.status_code == 500
    check(response)
    assert "no_such_table" not in response.text and "编号" in response.text


def test_a_stale_form_of_an_operator_is_a_conflict_page(
    world: World, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The menu counts what waits: it must ask a session that the failed flush did not spoil."""
    real = services.advance

    def overtaken(session: Any, *others: Any) -> None:
        session.execute(text("UPDATE listing SET version = version + 1"))
        real(session, *others)

    monkeypatch.setattr(services, "advance", overtaken)
    response = post(
        world.browser(world.operator()), f"/operations/review/{code}/suspend", {"reason": "核实"}
    )
    assert response.status_code == 409 and "没有保存" in response.text
    check(response)


def test_autosave_answers_json_under_the_same_headers(code: str, browser: FlaskClient) -> None:
    quiet = {"X-Requested-With": "autosave"}
    for problem, status in (("希望控制在一毫米以内。", 200), ("长" * 3001, 422)):
        url = f"/listings/{code}/edit/content"
        response = post(browser, url, {"problem": problem}, headers=quiet)
        assert response.status_code == status and response.is_json
        check(response)


def test_static_files(world: World) -> None:
    client = world.app.test_client()
    folder = Path(world.app.static_folder or "")
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    assert set(STATIC) <= set(files)
    for name in files:
        response = client.get(f"/static/{name}", buffered=True)
        assert response.status_code == 200
        check(response, page=False)
    for name in ("../app.py", "..%2fapp.py", "%2e%2e/config.py"):
        assert client.get(f"/static/{name}").status_code == 404


def test_a_nonce_is_used_once(world: World) -> None:
    client = world.app.test_client()
    policies = {client.get("/").headers["Content-Security-Policy"] for _ in range(5)}
    assert len(policies) == 5


def test_cookies_over_tls_are_bound_to_this_host(tmp_path: Path) -> None:
    with world_on("sqlite", tmp_path, tls=True) as world:
        client = world.app.test_client()
        options = {"base_url": "https://example.com"}
        response = client.get("/todo", **options)
        cookies = response.headers.getlist("Set-Cookie")
        assert len(cookies) == 1, "where one wanted to go is remembered"
        assert cookies[0].startswith("__Host-jiebang=")
        assert "Secure" in cookies[0] and "Domain" not in cookies[0]
        assert "max-age=" in response.headers["Strict-Transport-Security"]
        check(response)


def test_no_board_page_holds_another_host_even_if_a_listing_names_one(
    world: World, owner: Actor
) -> None:
    code = world.published(
        owner, Board.DEMAND, title="<script src=//evil.example/x.js></script>采购",
        summary="<img src=http://evil.example/p.png onerror=alert(1)> 公开摘要的内容。",
        outside_notice="javascript:alert(1)",
    )  # fmt: skip
    for url in (f"/listings/{code}", "/boards/demand", "/boards/"):
        response = world.app.test_client().get(url)
        check(response)
        assert "&lt;script" in response.text
        assert 'href="javascript' not in response.text

"""What is hidden leaves nowhere: every page as every role, searches, logs, letters, the index.

Each hidden thing holds a word of its own that occurs nowhere else; wherever such a word turns up
for somebody who may not know it, it leaked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from html import unescape
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from jiebang import wiring
from jiebang.boards import services
from jiebang.boards.fields.steps import steps_of
from jiebang.boards.models import Listing
from jiebang.boards.standing import services as standing
from jiebang.boards.views import browse
from jiebang.commands.match import command as match
from jiebang.core import outbox
from jiebang.core.audit import AuditEntry
from jiebang.core.boards import Board
from jiebang.core.outbox import Job
from jiebang.core.permissions import SYSTEM, Actor
from jiebang.discovery.models import SearchRow, SearchText
from jiebang.orgs.notices.models import Notice
from jiebang.web.access import declaration
from jiebang.worker import Worker
from matching.prepared import Prepared
from tests.boards.planted import (
    ANONYMOUS_NAME,
    ANSWER,
    INVITED,
    MAY_SEE,
    NOBODY,
    OLD_TEXT,
    QUESTION,
    REGISTERED,
    SECRETS,
    UNPUBLISHED,
    Planted,
    planted,
)
from tests.conftest import post
from tests.factories import World

__all__ = ["planted"]


def _starts(planted: Planted) -> list[str]:
    """Every address without an argument, and every page of every listing and organisation."""
    app = planted.world.app
    plain = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if not rule.arguments and "GET" in (rule.methods or ())
    ]
    assert all(declaration(app, rule.endpoint) for rule in app.url_map.iter_rules())
    pages = [f"/boards/{board}" for board in Board]
    for secret, code in planted.code.items():
        board = planted.world.listing(code).board
        pages += [
            f"/listings/{code}{page}"
            for page in ("", "/matches", "/versions", "/check", "/diagnosis")
        ]
        pages += [f"/listings/{code}/edit/{step.key}" for step in steps_of(board)]
        pages += [f"/listings/{code}/withdraw", f"/operations/review/{code}"]
        pages += [f"/listings/{code}/attachments/{number}" for number in (1, 2)]
        pages += [f"/boards/{board}?q={secret}", f"/organisations/claim?q={secret}"]
    pages += [f"/organisations/{number}" for number in range(1, 8)]
    pages += [f"/organisations/papers/{number}" for number in (1, 2)]
    return list(dict.fromkeys(plain + pages))


def _links(page: str) -> Iterator[str]:
    for found in re.findall(r'href="(/[^"#]*)', page):
        link = unescape(found)
        if not link.startswith("/static/") and not urlsplit(link).query:
            yield link


def _leaks(page: str, url: str, allowed: frozenset[str], planted: Planted) -> list[str]:
    asked = urlsplit(url).query.rpartition("=")[2]
    hidden = {secret for secret in SECRETS - allowed if secret in page}
    if ANONYMOUS_NAME in hidden and url == f"/organisations/{planted.nameless_id}":
        # the organisation exists for everybody; what it published anonymously does not lead to it
        hidden.discard(ANONYMOUS_NAME)
        if planted.code[ANONYMOUS_NAME] in page:
            return [f"{url} leads to {planted.code[ANONYMOUS_NAME]}"]
    if asked in hidden:  # what one typed oneself stands in the box again; the listing must not
        hidden.discard(asked)
        if re.search(rf'href="[^"]*{planted.code[asked]}', page):
            return [f"{url} finds {asked}"]
    return [f"{url} says {secret}" for secret in sorted(hidden)]


@pytest.mark.parametrize("who", list(MAY_SEE))
def test_no_page_says_what_its_reader_may_not_know(planted: Planted, who: str) -> None:
    browser, todo, seen = planted.browser(who), _starts(planted), set[str]()
    leaks: list[str] = []
    said: set[str] = set()
    while todo and len(seen) < 500:
        url = todo.pop(0)
        if url in seen:
            continue
        seen.add(url)
        response = browser.get(url, buffered=True)
        page = f"{response.headers}\n{response.get_data().decode('utf-8', 'replace')}"
        said |= {secret for secret in SECRETS if secret in page}
        leaks += _leaks(page, url, MAY_SEE[who], planted)
        if response.mimetype == "text/html":
            todo += [link for link in _links(page) if link not in seen]
    assert leaks == []
    assert len(seen) > 100
    expected = MAY_SEE[who] - {OLD_TEXT} if who == "owner" else MAY_SEE[who]
    assert expected <= said, "the crawl reaches what may be seen, so it would reach the rest"


DEALING = (
    "/listings/{}/looks", "/listings/{}/protected", "/listings/{}/protected/files/1",
    "/listings/{}/protected/files/2", "/listings/{}/team", "/listings/{}/interest",
    "/listings/{}/respond", "/listings/{}/introduction", "/operations/review/{}/protected",
    "/brokering/listings/{}", "/reviews/of/{}/need", "/reviews/of/{}/responses",
)  # fmt: skip
"""Pages of a listing that no link leads to for most people."""


@pytest.mark.parametrize(
    "who", ["visitor", "stranger", "invited", "operator", "specialist", "expert"]
)
def test_no_page_of_a_dealing_says_it_either(planted: Planted, who: str) -> None:
    browser, leaks, opened = planted.browser(who), [], 0
    for code in dict.fromkeys(planted.code.values()):
        for pattern in DEALING:
            url = pattern.format(code)
            response = browser.get(url, buffered=True)
            opened += response.status_code == 200
            page = f"{response.headers}\n{response.get_data().decode('utf-8', 'replace')}"
            leaks += _leaks(page, url, MAY_SEE[who], planted)
    assert leaks == [] and opened >= 3


@pytest.mark.parametrize("who", ["visitor", "stranger", "operator"])
def test_asking_for_a_secret_finds_nothing(planted: Planted, who: str) -> None:
    browser, found = planted.browser(who), []
    for secret in sorted(SECRETS - MAY_SEE[who]):
        board = planted.world.listing(planted.code[secret]).board
        for sentence in (secret, f"请问{secret}怎么解决"):
            page = post(browser, "/ask", {"text": sentence, "board": board.value}).text
            assert secret in page, "what was asked stands in the box"
            if planted.code[secret] in page:
                found.append((secret, sentence))
    assert found == []


@pytest.mark.parametrize("who", ["stranger", "invited"])
def test_advice_on_ones_own_text_quotes_nothing_hidden(planted: Planted, who: str) -> None:
    """Examples and look-alikes for somebody who writes the very words of a hidden text."""
    browser, leaks, quoted = planted.browser(who), [], 0
    for secret in sorted(SECRETS - MAY_SEE[who]):
        listing = planted.world.listing(planted.code[secret])
        for title in (listing.title, f"{secret}铝合金薄壁壳体焊接变形控制"):
            typed = {"title": title, "summary": f"{listing.summary}{secret}"}
            answer = post(browser, f"/listings/new/{listing.board}/advice", typed)
            assert answer.json is not None
            said = answer.get_data(as_text=True)
            quoted += len(answer.json["advice"]["alike"])
            others = {word for word in SECRETS - MAY_SEE[who] if word in json.dumps(
                [answer.json["advice"]["examples"], answer.json["advice"]["alike"]],
                ensure_ascii=False,
            )}  # fmt: skip
            leaks += [(secret, word) for word in others]
            if listing.code in said and secret in UNPUBLISHED | {INVITED, REGISTERED}:
                leaks.append((secret, listing.code))
    assert leaks == [] and quoted > 0


def test_the_command_finds_only_what_everybody_may_see(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, leaks = planted.world, []
    monkeypatch.setenv("JIEBANG_HOME", str(world.settings.home))
    monkeypatch.setenv("JIEBANG_DATABASE_URL", world.settings.database_url)
    for secret, code in planted.code.items():
        board = world.listing(code).board
        said = CliRunner().invoke(
            match, ["--text", f"{secret} 铝合金焊接", "--to", board.value, "--json"]
        )
        assert said.exit_code == 0, said.output
        found = json.loads(said.output)
        assert code not in [each["id"] for each in found] or secret in NOBODY | {ANONYMOUS_NAME}
        leaks += [(secret, word) for word in SECRETS - {secret} if word in said.output]
        other = CliRunner().invoke(match, [code, "--to", board.opposite.value, "--json"])
        assert other.exit_code == 0, other.output
        # its own open words may come back among the reasons, to whoever runs the machine
        own = {word for word in SECRETS if planted.code[word] == code}
        own -= NOBODY | {ANONYMOUS_NAME, QUESTION, ANSWER}
        leaks += [(code, word) for word in SECRETS - own if word in other.output]
    assert leaks == []


def test_the_index_holds_open_text_alone(planted: Planted) -> None:
    world, leaks, rows = planted.world, [], 0
    with world.database.reading() as session:
        for row, text, code in session.execute(
            select(SearchRow, SearchText.prepared, Listing.code)
            .join(Listing, Listing.id == SearchRow.listing_id)
            .outerjoin(SearchText, SearchText.listing_id == SearchRow.listing_id)
        ):
            rows += 1
            blob = (text or b"").decode("latin-1")
            if text:
                prepared = Prepared.from_bytes(text)
                blob += "".join(prepared.title_segments + prepared.body_segments)
            listed = f"{row.industry}{row.chain}{row.region}{row.modes}"
            hidden = SECRETS - {INVITED, REGISTERED}
            leaks += [(code, word) for word in hidden if word in blob.casefold() + listed]
    assert leaks == [] and rows > 8
    world.discovery.live.save_snapshot(force=True)
    files = [path for path in world.settings.snapshots.rglob("*") if path.is_file()]
    assert files
    kept = b"".join(path.read_bytes() for path in files)
    assert INVITED.encode() in kept, "the snapshot can be read by this test"
    assert [word for word in SECRETS - {INVITED, REGISTERED} if word.encode() in kept] == []


def test_audit_jobs_and_letters_are_silent(planted: Planted) -> None:
    world = planted.world
    with world.database.reading() as session:
        trail = session.execute(select(AuditEntry.detail, AuditEntry.actor_label)).all()
        jobs = session.scalars(select(Job.payload)).all()
        windows = session.execute(text("SELECT * FROM rate_window")).all()
    assert len(trail) > 20
    assert [word for word in SECRETS if word in f"{trail}{windows}"] == []
    own = UNPUBLISHED | {INVITED, REGISTERED, OLD_TEXT}  # titles and reasons, to the owner
    assert [word for word in SECRETS - own if word in str(jobs)] == []
    for path in world.settings.mailbox.glob("*.eml"):
        letter = message_from_bytes(path.read_bytes(), policy=policy.default)
        body = f"{letter['Subject']}{letter.get_content()}"
        assert [word for word in SECRETS - own if word in body] == []


def test_decisions_are_told_to_the_owner_alone(planted: Planted) -> None:
    """A letter about a hidden listing goes to its owner's confirmed addresses and nowhere else."""
    world = planted.world
    owner = planted.people["owner"]
    assert owner is not None and owner.organisation_id is not None
    unsure = world.user(confirmed=False, email="strangers-address@example.com")
    world.member(owner.organisation_id, unsure)
    code = world.submitted(owner, title="甲方的秘密题目")
    operator = planted.browser("operator")
    before = _letters(world)
    done = post(operator, f"/operations/review/{code}/return", {"reason": "请补充指标"})
    assert done.status_code == 303
    fresh = [letter for letter in _letters(world) if letter not in before]
    with world.database.reading() as session:
        from jiebang.accounts.models import User

        address = session.get_one(User, owner.user_id).email
    assert [letter["to"] for letter in fresh] == [address]
    assert "请补充指标" in fresh[0]["body"]


def _letters(world: World) -> list[dict[str, str]]:
    with world.database.reading() as session:
        return list(session.scalars(select(Job.payload).where(Job.kind == "mail")))


def test_an_error_in_the_database_is_logged_without_the_text(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(session: object, _who: Actor, _board: Board, values: dict[str, str]) -> None:
        statement = update(Listing).values(title="", summary=values["summary"])
        session.execute(statement)  # type: ignore[attr-defined]

    monkeypatch.setattr(services, "create", fail)
    planted.world.app.config["PROPAGATE_EXCEPTIONS"] = False
    values = {
        "title": "能存下",
        "summary": "zqtypednow",
        "need_kind": "research",
        "track": "market",
    }
    response = post(planted.browser("owner"), "/listings/new/need", values)
    logged = planted.logged.getvalue()
    assert response.status_code == 500
    assert IntegrityError.__name__ in logged
    assert "zqtypednow" not in logged and "zqtypednow" not in response.text
    reference = re.search(r'"reference": "(\w+)"', logged)
    assert reference is not None and reference[1] in response.text


def test_no_log_line_says_a_secret(planted: Planted) -> None:
    """After everything above: what was asked, found, typed and refused."""
    stranger = planted.browser("stranger")
    for secret, code in planted.code.items():
        stranger.get(f"/listings/{code}")
        post(stranger, f"/listings/{code}/withdraw", {"reason": secret})
        post(stranger, "/drafts", {"board": "x", "text": secret})
    logged = planted.logged.getvalue()
    assert [word for word in SECRETS if word in logged] == []


def test_a_standing_query_for_a_secret_is_told_nothing(planted: Planted) -> None:
    """Saved, and asked again by the worker: neither a notice nor a letter names what is hidden."""
    world, stranger = planted.world, planted.people["stranger"]
    assert stranger is not None
    before = set()
    with world.database.transaction() as session:
        before |= set(session.scalars(select(Notice.id)))
        for secret in sorted(SECRETS - MAY_SEE["stranger"])[:8]:
            board = world.listing(planted.code[secret]).board
            where, typed, name = browse.asked(board, {"q": secret})
            saved = standing.save(session, stranger, world.discovery, where, typed, name)
            session.flush()
            outbox.enqueue(session, standing.SEARCH, {"search_id": saved.id})
    Worker(world.database, wiring.jobs(world.settings, world.database, world.discovery)).drain()
    with world.database.reading() as session:
        fresh = [
            each
            for each in session.scalars(select(Notice).where(Notice.user_id == stranger.user_id))
            if each.id not in before
        ]
        titles = {code: world.listing(code).title for code in planted.code.values()}
    told = "".join(f"{each.title}{each.text}{each.url}" for each in fresh)
    for secret in SECRETS - MAY_SEE["stranger"]:
        code = planted.code[secret]
        assert code not in told
        if secret in UNPUBLISHED | {INVITED}:
            assert titles[code] not in told


def test_a_suggestion_is_shown_only_while_its_reader_may_see_it(planted: Planted) -> None:
    """The worker pairs everything; 我的待办 filters again, by the level of this moment."""
    world = planted.world
    owner, reader = world.owner(), world.owner()
    world.published(reader, Board.OUTCOME, title="镁合金压铸件热裂纹抑制")
    code = world.published(owner, title="镁合金压铸件热裂纹怎么抑制", disclosure="registered")
    Worker(world.database, wiring.jobs(world.settings, world.database, world.discovery)).drain()
    browser = world.browser(reader)
    assert code in browser.get("/todo").text
    world.change(code, owner, {"disclosure": "invited"})
    assert code not in browser.get("/todo").text
    world.change(code, owner, {"disclosure": "public"})
    assert code in browser.get("/todo").text
    world.advance(code, "withdraw", SYSTEM, "不做了")
    assert code not in browser.get("/todo").text

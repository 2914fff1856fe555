"""What two sides say to each other reaches nobody else: planted words, every role, every page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes, policy
from html import unescape

import pytest
import structlog
from sqlalchemy import select, update

from jiebang import wiring
from jiebang.boards.responses import queries as response_queries
from jiebang.boards.responses import services as responses
from jiebang.boards.responses.services.filing import Reply
from jiebang.boards.threads import queries, services
from jiebang.boards.threads.models import FileLevel, ThreadMeeting
from jiebang.core import clock
from jiebang.core.audit import AuditEntry
from jiebang.core.outbox import Job
from jiebang.core.permissions import Actor, Role
from jiebang.core.uploads import Received
from jiebang.models import metadata
from jiebang.orgs.models import Organisation
from jiebang.orgs.relations import services as relations
from jiebang.worker import Worker
from tests.boards.responses_scene import TEXTS, answers_in
from tests.conftest import post
from tests.factories import World, world_on

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"

INTEREST, LINE, MINUTES, CONTACT = "zqinterest", "zqline", "zqminutes", "zqcontact"
SEALED_FILE, OPEN_FILE, HALF, FILED = "zqsealedfile", "zqopenfile", "zqhalf", "zqfiled"
HOW, REFUSED, TIE, NAMELESS = "zqhow", "zqrefused", "zqtie", "zqnameless"
BOTH = frozenset({INTEREST, LINE, MINUTES, OPEN_FILE, FILED, HOW, REFUSED})
SECRETS = BOTH | {CONTACT, SEALED_FILE, HALF, TIE, NAMELESS}
MAY_SEE = {
    "issuer": BOTH | {CONTACT, SEALED_FILE, NAMELESS, TIE},
    "responder": BOTH | {HALF, TIE},
    **dict.fromkeys(["visitor", "without organisation", "stranger"], frozenset[str]()),
    **{role.value: frozenset[str]() for role in Role},
}
MAY_SEE["operator"] = frozenset({NAMELESS})
"""The operator oversees listings and knows their owners; what the two sides say is theirs."""


@dataclass
class Planted:
    world: World
    people: dict[str, Actor | None]
    code: str
    logged: io.StringIO


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    with world_on("sqlite", tmp_path_factory.mktemp("dealing")) as world:
        logged = io.StringIO()
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(logged))
        yield _plant(world, logged)


def _plant(world: World, logged: io.StringIO) -> Planted:
    answers = answers_in(world, disclosure="anonymous")
    scene, issuer, responder = answers.scene, answers.scene.issuer, answers.scene.responder
    thread_id = scene.open(f"我们做过类似的{INTEREST}工艺。")
    scene.say(thread_id, issuer, f"说说{LINE}。", asks=True)
    with world.database.transaction() as session:
        thread = queries.thread(session, thread_id, issuer, lock=True)
        for level, name in ((FileLevel.AGREEMENT, SEALED_FILE), (FileLevel.BOTH, OPEN_FILE)):
            services.say(
                session, issuer, thread, "", received=Received(io.BytesIO(PDF), f"{name}.pdf"),
                level=level, folder=world.settings.uploads, limit=10_000,
            )  # fmt: skip
        services.give_contact(session, issuer, thread, "陈工", CONTACT)
        meeting = services.propose_meeting(
            session, issuer, thread, clock.now() + timedelta(days=1), "线上"
        ).id
    with world.database.transaction() as session:
        thread = queries.thread(session, thread_id, responder, lock=True)
        services.answer_meeting(session, responder, thread, meeting, "confirm")
        session.execute(update(ThreadMeeting).values(starts_at=clock.now() - timedelta(hours=1)))
    with world.database.transaction() as session:
        thread = queries.thread(session, thread_id, responder, lock=True)
        services.write_minutes(session, responder, thread, meeting, f"约定{MINUTES}。")
        relations.declare(session, issuer, "up", f"{TIE}控股", "control", "")
        relations.declare(session, responder, "up", f"{TIE}控股", "control", "")
        owner = session.get_one(Organisation, issuer.organisation_id)
        owner.name = f"{NAMELESS}重工有限公司"
    first = answers.draft(responder, approach=f"用{FILED}的办法。")
    with world.database.transaction() as session:
        found = response_queries.response(session, first, responder, lock=True)
        texts = {**TEXTS, "approach": f"用{FILED}的办法。"}
        responses.save(session, responder, found, texts, 1, [Reply("partly", f"差在{HOW}")])
    answers.file(first, responder)
    answers.decide(first, "decline", f"因为{REFUSED}", "other")
    answers.draft(responder, approach=f"改了一半{HALF}", leader="周工")
    people: dict[str, Actor | None] = {
        "visitor": None,
        "without organisation": world.actor(world.user()),
        "stranger": scene.stranger,
        "issuer": issuer,
        "responder": responder,
        **{role.value: world.actor(world.user(role)) for role in Role},
    }
    Worker(world.database, wiring.jobs(world.settings, world.database, world.discovery)).drain()
    return Planted(world, people, scene.code, logged)


@pytest.mark.parametrize("who", list(MAY_SEE))
def test_no_page_tells_others(planted: Planted, who: str) -> None:
    app, browser = planted.world.app, planted.world.browser(planted.people[who])
    todo = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if not rule.arguments and "GET" in (rule.methods or ())
    ]
    todo += [
        f"/listings/{planted.code}{page}" for page in ("", "/interest", "/respond", "/matches")
    ]
    for number in range(1, 5):
        todo += [f"/threads/{number}{page}" for page in ("", "/confidentiality", "/end")]
        todo += [f"/responses/{number}{page}" for page in ("", "/edit", "/withdraw", "/decline")]
        todo += [f"/threads/1/files/{number}", f"/organisations/{number}"]
    seen, said, leaks = set[str](), set[str](), []
    while todo and len(seen) < 300:
        url = todo.pop(0)
        if url in seen:
            continue
        seen.add(url)
        response = browser.get(url, buffered=True)
        page = f"{response.headers}\n{response.get_data().decode('utf-8', 'replace')}"
        found = {secret for secret in SECRETS if secret in page}
        said |= found
        if re.fullmatch(r"/organisations/\d+", url) and planted.code not in page:
            found.discard(NAMELESS)  # it exists for everybody; nothing there leads to its listing
        leaks += [(url, secret) for secret in found - MAY_SEE[who]]
        if response.mimetype == "text/html":
            todo += [unescape(each) for each in re.findall(r'href="(/(?!static)[^"#?]*)', page)]
    assert leaks == []
    if who in ("issuer", "responder"):
        assert MAY_SEE[who] - {NAMELESS, CONTACT} <= said, "the crawl would reach the rest, too"


def test_asking_finds_nothing(planted: Planted) -> None:
    browser = planted.world.browser(planted.people["stranger"])
    for secret in sorted(SECRETS):
        page = post(browser, "/ask", {"text": f"请问{secret}", "board": "need"}).text
        others = SECRETS - {secret}
        assert not [word for word in others if word in page]
    with planted.world.database.reading() as session:
        kept = "".join(
            str(tuple(row))
            for name, table in metadata().tables.items()
            if name.startswith("search")
            for row in session.execute(select(table))
        )
    assert "新能源汽车" in kept, "the index can be read by this test"
    assert not [word for word in SECRETS if word in kept]


def test_audit_and_log_are_silent_and_letters_go_to_the_other_side(planted: Planted) -> None:
    world = planted.world
    with world.database.reading() as session:
        trail = str(session.execute(select(AuditEntry.detail, AuditEntry.actor_label)).all())
        jobs = [job.payload for job in session.scalars(select(Job).where(Job.kind == "mail"))]
    logged = planted.logged.getvalue()
    assert [word for word in SECRETS if word in trail + logged] == []
    letters = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in world.settings.mailbox.glob("*.eml")
    ]
    assert letters and jobs
    # the sentence of interest and the reason of a refusal are what a letter is for
    for letter in letters:
        body = f"{letter['Subject']}{letter.get_content()}"
        assert {word for word in SECRETS if word in body} <= {INTEREST, REFUSED}

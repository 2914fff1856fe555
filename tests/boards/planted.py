"""A world in which something is hidden behind every rule there is: each secret is one word."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
import structlog
from flask.testing import FlaskClient
from sqlalchemy import update

from jiebang import wiring
from jiebang.boards import consultations, services
from jiebang.boards.models import Listing
from jiebang.boards.services import attachments
from jiebang.boards.services import diagnosis as diagnosing
from jiebang.core import logs
from jiebang.core.boards import Board
from jiebang.core.permissions import SYSTEM, Actor, Role
from jiebang.core.uploads import Received
from jiebang.orgs.models import Organisation
from jiebang.worker import Worker
from tests.factories import World, world_on

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"

PRINCIPLE, CEILING, AGREED, AGREED_ROW = "zqprinciple", "3217.6543", "zqagreed", "zqrowagreed"
ANONYMOUS_NAME, PROTECTED_FILE, AGREED_FILE = "zqnameless", "zqsealedfile", "zqfileafterwards"
ORIGIN, OLD_TEXT, DRAFT, RETURNED = "zqorigin", "zqoldtext", "zqdraft", "zqreturned"
WITHDRAWN, SUSPENDED, SUBMITTED = "zqwithdrawn", "zqsuspended", "zqsubmitted"
INVITED, REGISTERED = "zqinvited", "zqregistered"
DIAGNOSED, QUESTION, ANSWER = "zqdiagnosed", "zqquestion", "zqanswer"
DIAGNOSED_TRIED, ENDORSING = "zqdiagnosistried", "zqendorsing"
CONSULTED = frozenset({DIAGNOSED, QUESTION, ANSWER})
"""What an advisor reads of a listing that was sent to them, and nobody else's advisor does."""

NOBODY = frozenset(
    {
        PRINCIPLE,
        CEILING,
        AGREED,
        AGREED_ROW,
        PROTECTED_FILE,
        AGREED_FILE,
        ORIGIN,
        OLD_TEXT,
        DIAGNOSED_TRIED,
    }
)
"""Kept by the owner, whatever else of the listing is public."""
UNPUBLISHED = frozenset({DRAFT, RETURNED, WITHDRAWN, SUSPENDED, SUBMITTED, ENDORSING}) | CONSULTED
SECRETS = NOBODY | UNPUBLISHED | {ANONYMOUS_NAME, INVITED, REGISTERED}

SIGNED_IN = frozenset({REGISTERED})
MAY_SEE = {
    "visitor": frozenset[str](),
    "without organisation": SIGNED_IN,
    "stranger": SIGNED_IN,
    "invited": SIGNED_IN | {INVITED},
    # reviews what is handed in and oversees what is published; the owner's name is part of that
    "operator": SIGNED_IN | {INVITED, SUBMITTED, SUSPENDED, ANONYMOUS_NAME} | CONSULTED,
    "advisor": SIGNED_IN | CONSULTED,
    "specialist": SIGNED_IN,
    "expert": SIGNED_IN,
    "system_administrator": SIGNED_IN,
    "security_administrator": SIGNED_IN,
    "auditor": SIGNED_IN,
    "owner": SECRETS,
}


@dataclass
class Planted:
    """A world in which something is hidden behind every rule there is."""

    world: World
    people: dict[str, Actor | None]
    code: dict[str, str]
    """The listing that holds each secret."""
    nameless_id: int
    logged: io.StringIO

    def browser(self, who: str) -> FlaskClient:
        return self.world.browser(self.people[who])


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    with world_on("sqlite", tmp_path_factory.mktemp("disclosure")) as world:
        logged = io.StringIO()
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(logged))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(logs, "configure", lambda: None)  # a command run here logs here, too
            yield plant(world, logged)


def plant(world: World, logged: io.StringIO) -> Planted:
    owner, stranger, invited = world.owner(name="甲方重工有限公司"), world.owner(), world.owner()
    operator = world.operator()
    assert owner.organisation_id is not None
    nameless_id = world.organisation(name=f"{ANONYMOUS_NAME}实业有限公司")
    assert owner.user_id is not None
    world.member(nameless_id, owner.user_id)
    nameless = world.actor(owner.user_id)
    nameless = replace(nameless, seat=nameless.seats[1])

    code = {
        PRINCIPLE: world.published(owner, Board.OUTCOME, principle=f"诀窍是{PRINCIPLE}"),
        CEILING: world.published(owner, Board.DEMAND, ceiling=3_217_654_300),
        AGREED: world.published(
            owner, disclosure="agreement", present_state=f"现状{AGREED}", problem=AGREED,
            tried=AGREED, solver_requirements=AGREED,
            indicators=[{"name": AGREED_ROW, "comparator": "≥", "value": AGREED, "unit": "mm"}],
        ),
        ANONYMOUS_NAME: world.published(nameless, disclosure="anonymous"),
        INVITED: world.published(owner, title=f"仅受邀{INVITED}", disclosure="invited"),
        REGISTERED: world.published(owner, title=f"登录可见{REGISTERED}", disclosure="registered"),
        OLD_TEXT: world.published(owner, title=f"旧的{OLD_TEXT}", summary=f"旧的{OLD_TEXT}摘要。"),
        DRAFT: world.draft(owner, title=f"草稿{DRAFT}"),
        SUBMITTED: world.submitted(owner, title=f"待审{SUBMITTED}"),
        RETURNED: world.submitted(owner, title=f"退回{RETURNED}"),
        SUSPENDED: world.published(owner, title=f"暂停{SUSPENDED}"),
        WITHDRAWN: world.published(owner, title=f"撤下{WITHDRAWN}"),
        DIAGNOSED: world.submitted(owner, title=f"诊断{DIAGNOSED}", tried=DIAGNOSED_TRIED),
        ENDORSING: world.draft(owner, title=f"待批{ENDORSING}"),
    }  # fmt: skip
    advisor = world.actor(world.user(Role.EXPERT))
    with world.database.transaction() as session:
        listing = world._load(session, code[DIAGNOSED])
        diagnosing.send(
            session, operator, world.discovery, listing, advisor.user_id, f"问{QUESTION}"
        )
    for who, act, said in (
        (advisor, diagnosing.ask, f"再问{QUESTION}"),
        (owner, diagnosing.answer, f"答{ANSWER}"),
    ):
        with world.database.transaction() as session:
            found = consultations.consultation(session, code[DIAGNOSED], who)
            act(session, who, world.discovery, found, said)
    world.advance(code[ENDORSING], "propose", SYSTEM)
    code[QUESTION] = code[ANSWER] = code[DIAGNOSED_TRIED] = code[DIAGNOSED]
    code[AGREED_ROW] = code[AGREED_FILE] = code[AGREED]
    code[PROTECTED_FILE] = code[ORIGIN] = code[PRINCIPLE]
    renewed = {"title": "新的标题够长", "summary": "新的公开摘要已经足够长了。"}
    world.change(code[OLD_TEXT], owner, renewed)
    world.advance(code[RETURNED], "return", operator, f"原因{RETURNED}")
    world.advance(code[SUSPENDED], "suspend", operator, f"原因{SUSPENDED}")
    world.advance(code[WITHDRAWN], "withdraw", owner, f"原因{WITHDRAWN}")
    # listings of others, so that there are pairs to show and to write about
    world.published(stranger, Board.OUTCOME)
    world.published(stranger, Board.NEED)
    world.published(stranger, Board.PRODUCT)
    with world.database.transaction() as session:
        for name, secret, protected in (
            (f"{PROTECTED_FILE}.pdf", PRINCIPLE, True),
            (f"{AGREED_FILE}.pdf", AGREED, False),
        ):
            attachments.attach(
                session, owner, world._load(session, code[secret]), Received(io.BytesIO(PDF), name),
                folder=world.settings.uploads, limit=10_000, protected=protected,
            )  # fmt: skip
        session.execute(
            update(Listing).where(Listing.code == code[PRINCIPLE]).values(origin={"备注": ORIGIN})
        )
        guest = session.get_one(Organisation, invited.organisation_id)
        services.invite(session, owner, world._load(session, code[INVITED]), guest.name)
    people: dict[str, Actor | None] = {
        "visitor": None,
        "without organisation": world.actor(world.user()),
        "stranger": stranger,
        "invited": invited,
        "operator": operator,
        "advisor": advisor,
        "owner": owner,
    }
    for role in Role:
        people.setdefault(role.value, world.actor(world.user(role)))
    Worker(world.database, wiring.jobs(world.settings, world.database, world.discovery)).drain()
    return Planted(world, people, code, nameless_id, logged)

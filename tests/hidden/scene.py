"""Two dealings from the first sentence to the project, with one word of its own in everything
that anybody wrote for somebody: who may know a word stands beside it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import select, update

from jiebang import wiring
from jiebang.boards.agreements import queries as agreements
from jiebang.boards.agreements import services as signing
from jiebang.boards.batches import services as batches
from jiebang.boards.models import Listing
from jiebang.boards.responses import queries as response_queries
from jiebang.boards.responses import services as responses
from jiebang.boards.responses.services.filing import Reply
from jiebang.boards.responses.services.joint import Part, digest
from jiebang.boards.reviews.models import Stage
from jiebang.boards.reviews.services import Entry
from jiebang.boards.services import attachments
from jiebang.boards.threads import confidentiality
from jiebang.boards.threads import queries as threads
from jiebang.boards.threads import services as talk
from jiebang.boards.threads.models import FileLevel, ThreadMeeting
from jiebang.brokering import queries as introductions
from jiebang.brokering import services as brokering
from jiebang.brokering.filling import services as filling
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.permissions import SYSTEM, Actor, Role
from jiebang.core.uploads import Received
from jiebang.orgs.models import Category, Organisation
from jiebang.orgs.relations import services as relations
from jiebang.technology.projects import queries as projects
from jiebang.technology.projects import services as running
from jiebang.technology.projects.models import RequestKind
from jiebang.technology.publicity import queries as public
from jiebang.technology.publicity import services as publicity
from jiebang.technology.publicity.models import Publicity
from jiebang.worker import Worker
from tests.boards.responses_scene import Answers, Scene
from tests.boards.reviews_scene import Reviewed
from tests.factories import World, complete
from tests.hidden.reading import sheet_with
from tests.technology.agreements_scene import complete as written

STAFF = tuple(role.value for role in Role if role not in (Role.EXPERT, Role.SPECIALIST))
EVERYBODY_ELSE = ("visitor", "without organisation", "stranger", *STAFF, "another specialist",
                  "another expert")  # fmt: skip


@dataclass
class Told:
    """The world, who is who, and each planted word with those who may know it."""

    world: World
    logged: io.StringIO
    people: dict[str, Actor | None] = field(default_factory=dict)
    knows: dict[str, frozenset[str]] = field(default_factory=dict)
    """Word -> names of people."""
    holds: dict[str, str] = field(default_factory=dict)
    """Word -> the number of the listing in whose hidden part it stands."""
    codes: dict[str, str] = field(default_factory=dict)
    walked: set[str] = field(default_factory=set)
    """Routes that somebody could open."""

    def word(self, name: str, *who: str, code: str = "") -> str:
        """A new word, and who may know it."""
        found = f"zq{name}qz"
        self.knows[found] = frozenset(who)
        if code:
            self.holds[found] = code
        return found

    def may(self, who: str) -> set[str]:
        return {word for word, names in self.knows.items() if who in names}

    def actor(self, who: str) -> Actor:
        found = self.people[who]
        assert found is not None
        return found

    def browser(self, who: str) -> Any:
        return self.world.browser(self.people[who])

    def do(self, act: Callable[[Any], Any]) -> Any:
        with self.world.database.transaction() as session:
            return act(session)


def planted_in(world: World) -> Told:
    """Plants everything; nothing in it waits for the worker any more."""
    told = Told(world, io.StringIO())
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(told.logged))
    _people(told)
    _need(told)
    _outcome(told)
    _reviewing(told)
    _unfinished(told)
    _others(told)
    for _ in range(2):
        jobs = wiring.jobs(world.settings, world.database, world.discovery)
        Worker(world.database, jobs).drain()
    return told


def _people(told: Told) -> None:
    world = told.world
    names = {
        "issuer": "甲方重工有限公司", "leader": "乙方大学", "member": "丙方检测有限公司",
        "loser": "丁方研究院有限公司", "stranger": "旁观者有限公司", "buyer": "己方机电有限公司",
    }  # fmt: skip
    told.people = {"visitor": None, "without organisation": world.actor(world.user())}
    for who, name in names.items():
        category = Category.UNIVERSITY if who == "leader" else Category.ENTERPRISE
        told.people[who] = world.owner(name=name, category=category)
    nameless = told.word("nameless", "seller", "buyer", "operator")
    told.people["seller"] = world.owner(name=f"{nameless}大学", category=Category.UNIVERSITY)
    for role in Role:
        told.people[role.value] = world.actor(world.user(role))
    told.people["another specialist"] = world.actor(world.user(Role.SPECIALIST))
    told.people["another expert"] = world.actor(world.user(Role.EXPERT))
    told.people["third expert"] = world.actor(world.user(Role.EXPERT))


def _file(name: str, inside: str) -> Received:
    return Received(io.BytesIO(sheet_with(inside)), f"{name}.xlsx")


def _attach(told: Told, code: str, who: str, name: str, inside: str, *, protected: bool) -> int:
    world = told.world
    return int(
        told.do(
            lambda session: attachments.attach(
                session, told.actor(who), world._load(session, code), _file(name, inside),
                folder=world.settings.uploads, limit=100_000, protected=protected,
            ).id
        )
    )  # fmt: skip


def _thread(told: Told, code: str, issuer: str, other: str, prefix: str) -> int:
    """A talk in which everything is handed over that can be."""
    world, both = told.world, (issuer, other)
    one, two = told.actor(issuer), told.actor(other)

    def word(name: str, *who: str) -> str:
        return told.word(prefix + name, *(who or both))

    with world.database.transaction() as session:
        thread = talk.express_interest(
            session, two, world._load(session, code), f"我们做过{word('interest')}这一类工艺。"
        )
        session.flush()
        number = thread.id
        talk.say(session, one, thread, f"先说说{word('line')}。", asks=True)
        for level, name in ((FileLevel.BOTH, "openfile"), (FileLevel.AGREEMENT, "sealedfile")):
            talk.say(
                session, two, thread, "", received=_file(word(name), word(f"{name}inside")),
                level=level, folder=world.settings.uploads, limit=100_000,
            )  # fmt: skip
        talk.agree(session, two, thread, confidentiality.VERSION)
        talk.agree(session, one, thread, confidentiality.VERSION)
        talk.give_contact(session, one, thread, word("person"), word("reach"))
        talk.give_contact(session, two, thread, word("personback"), word("reachback"))
        meeting = talk.propose_meeting(
            session, one, thread, clock.now() + timedelta(days=1), word("place")
        )
        session.flush()
        talk.answer_meeting(session, two, thread, meeting.id, "confirm")
        session.execute(update(ThreadMeeting).values(starts_at=clock.now() - timedelta(hours=1)))
        session.expire_all()
        thread = threads.thread(session, number, two, lock=True)
        talk.write_minutes(session, two, thread, meeting.id, f"约定{word('minutes')}。")
    return number


def _response(
    told: Told, code: str, who: str, prefix: str, *readers: str, joint: bool = False
) -> int:
    world, actor = told.world, told.actor(who)

    def word(name: str) -> str:
        return told.word(prefix + name, who, *readers)

    with world.database.transaction() as session:
        found = responses.begin(session, actor, world._load(session, code))
        texts = {
            "leader": told.word(f"{prefix}leader", who, *(r for r in readers if r != "member")),
            "approach": f"用{word('approach')}的办法。",
            "plan": f"三个月{word('plan')}。", "basis": word("basis"), "team": word("team"),
        }  # fmt: skip
        replies = [Reply("partly", f"差在{word('how')}") for _ in found.answers]
        responses.save(session, actor, found, texts, 80_000_000, replies)
        session.flush()
        number = found.id
        if joint:
            other = session.get_one(Organisation, told.actor("member").organisation_id).name
            split = [
                Part("", word("work"), 50_000_000, 60, word("rights")),
                Part(other, word("workback"), 30_000_000, 40, word("rightsback")),
            ]
            responses.propose_split(session, actor, found, split)
    if joint:
        with world.database.transaction() as session:
            member = told.actor("member")
            found = response_queries.partnered(session, number, member, lock=True)
            responses.answer_split(session, member, found, digest(found))
    with world.database.transaction() as session:
        found = response_queries.response(session, number, actor, lock=True)
        responses.file(session, actor, found)
    return number


def _need(told: Told) -> None:
    """A need with everything the competition has, behind a confidentiality agreement."""
    world, issuer = told.world, told.actor("issuer")
    own = ("issuer",)
    # the agreement opens it to the other sides; a specialist reads what their organisation hides
    let_in = ("issuer", "leader", "member", "loser", "specialist")
    code = world.draft(
        issuer, track="competition", disclosure="agreement", title="焊接变形控制攻关",
        present_state=f"现状{told.word('state', *let_in)}", problem=told.word("problem", *let_in),
        solver_requirements=told.word("wants", *let_in),
        tried=f"试过{told.word('tried', 'issuer', 'specialist')}",
        indicators=[{"name": told.word("indicator", *let_in), "comparator": "≤",
                     "value": told.word("value", *let_in), "unit": "mm"}],
    )  # fmt: skip
    told.codes["need"] = code
    readers = tuple(who for who in let_in if who != "specialist")
    for name, protected, who in (("filebehind", False, readers), ("filekept", True, own)):
        _attach(told, code, "issuer", told.word(name, *own, *who),
                told.word(f"{name}inside", *own, *who), protected=protected)  # fmt: skip
    world.advance(code, "submit", issuer)
    world.advance(code, "approve", SYSTEM)
    scene = Scene(world, issuer, told.actor("leader"), told.actor("stranger"), code, code)
    answers = Answers(scene)
    operator = told.actor("operator")
    told.do(lambda s: brokering.assign(
        s, operator, issuer.organisation_id, told.actor("specialist").user_id))  # fmt: skip
    _thread(told, code, "issuer", "leader", "need")
    for who in ("loser", "member"):
        with world.database.transaction() as session:
            thread = talk.express_interest(
                session, told.actor(who), world._load(session, code),
                f"我们也想{told.word(f'{who}interest', 'issuer', who)}了解。",
            )  # fmt: skip
            talk.agree(session, told.actor(who), thread, confidentiality.VERSION)
    first = _response(told, code, "leader", "first", "member", "issuer", joint=True)
    second = _response(told, code, "loser", "second", "issuer")
    with world.database.transaction() as session:
        relations.declare(session, issuer, "up", told.word("tie", "issuer"), "control", "")
    for number in (first, second):
        answers.check(number, operator, "qualify")
    answers.deadline(clock.today() - timedelta(days=1))
    review = Reviewed(world, operator, [told.actor("expert"), told.actor("third expert"),
                                        world.actor(world.user(Role.EXPERT))])  # fmt: skip
    panel = review.open(code, Stage.RESPONSES)
    for place in range(3):
        # once it is decided, the sums and the words are the issuer's alone
        _scored(told, review, panel, place, (first, second), ("issuer",), ())
    review.conclude(panel)
    answers.decide(first, "shortlist")
    refusal = told.word("refusal", "issuer", "loser")
    with world.database.transaction() as session:
        found = response_queries.response(session, first, issuer, lock=True)
        responses.select(session, issuer, found, f"因为{refusal}。")
        session.execute(update(Publicity).values(ends=clock.today() + timedelta(days=1)))
    with world.database.transaction() as session:
        shown_now = public.publicity(
            session, session.scalars(select(Publicity)).one().id, lock=True
        )
        objector = told.actor("stranger")
        objection = publicity.raise_objection(
            session, objector, shown_now,
            f"业绩与事实不符，见{told.word('objection', 'stranger', 'operator')}。",
            received=_file(told.word("proof", "stranger", "operator"),
                           told.word("proofinside", "stranger", "operator")),
            folder=world.settings.uploads, limit=100_000,
        )  # fmt: skip
        session.flush()
        decided = told.word("decided", "stranger", "operator", "issuer", "leader", "member")
        publicity.decide(session, operator, objection, "reject", f"经核实{decided}。")
        session.execute(update(Publicity).values(ends=clock.today() - timedelta(days=1)))
    told.do(publicity.run_clock)
    _agree(told, first, "issuer", "leader", "need", "member")


def _scored(told: Told, review: Reviewed, panel: int, place: int, subjects: tuple[int, ...],
            words_for: tuple[str, ...], comments_for: tuple[str, ...]) -> None:  # fmt: skip
    """One expert's part from the declaration to the submission, each criterion with its word."""
    prefix = f"panel{panel}score{place}"
    words = {
        key: told.word(f"{prefix}{key}", *words_for)
        for key in ("indicators", "approach", "basis", "plan")
    }
    comment = told.word(f"{prefix}comment", *comments_for)
    review.do(panel, place, "accept")
    typed = {
        each: Entry("support", comment, dict.fromkeys(words, str(81 + place)), words)
        for each in subjects
    }
    review.do(panel, place, "save", typed)
    review.do(panel, place, "submit")


def _reviewing(told: Told) -> None:
    """Another need whose experts are still at work: one has scored, one has only declared."""
    world, stranger, operator = told.world, told.actor("stranger"), told.actor("operator")
    code = world.published(stranger, track="competition", title="壳体疲劳寿命评价")
    told.codes["reviewing"] = code
    judges = ("expert", "third expert")
    number = _response(told, code, "loser", "third", *judges)
    answers = Answers(Scene(world, stranger, told.actor("loser"), stranger, code, code))
    answers.check(number, operator, "qualify")
    review = Reviewed(world, operator, [told.actor("expert"), told.actor("third expert")])
    with world.database.transaction() as session:
        session.execute(
            update(Listing).where(Listing.code == code).values(
                deadline=clock.today() - timedelta(days=1)
            )
        )  # fmt: skip
    panel = review.open(code, Stage.RESPONSES)
    own = ("expert", "operator")
    _scored(told, review, panel, 0, (number,), own, ("operator",))
    review.do(panel, 1, "accept")


def _unfinished(told: Told) -> None:
    """A draft that was not filed, an agreement that is still being written, an open batch."""
    world, stranger, buyer = told.world, told.actor("stranger"), told.actor("buyer")
    both = ("stranger", "buyer")
    for place, title in enumerate(("薄板拼焊夹具", "焊缝跟踪传感器")):
        code = world.published(stranger, Board.OUTCOME, title=title)
        if place == 0:
            with world.database.transaction() as session:
                draft = responses.begin(session, buyer, world._load(session, code))
                texts = {"approach": told.word("unfiled", "buyer")}
                responses.save(
                    session, buyer, draft, texts, 0, [Reply("", "")] * len(draft.answers)
                )
            continue
        number = _response(told, code, "buyer", "fourth", "stranger")
        Answers(Scene(world, stranger, buyer, stranger, code, code)).select(number)
        with world.database.transaction() as session:
            found = agreements.live_of(session, number)
            assert found is not None
            content = written({**found.newest.content})
            content["subject"] = f"合作内容{told.word('unsigned', *both)}"
            signing.save(session, stranger, found, found.number, content)
            signing.propose(session, stranger, found)
    with world.database.transaction() as session:
        soon = clock.to_beijing(clock.now())
        batches.open_batch(session, told.actor("operator"), {
            "name": "样品批次", "list_type": "enterprise",
            "opens_at": (soon - timedelta(hours=1)).isoformat(),
            "closes_at": (soon + timedelta(days=30)).isoformat(),
        })  # fmt: skip


def _agree(told: Told, response_id: int, issuer: str, responder: str, prefix: str,
           *others: str) -> None:  # fmt: skip
    """An agreement with its words, confirmed, and a project with evidence and money."""
    world = told.world
    one, two = told.actor(issuer), told.actor(responder)
    need = prefix == "need"
    client, solver = (one, two) if need else (two, one)

    def word(name: str) -> str:
        return told.word(prefix + name, issuer, responder, *others)

    def parties(session: Any) -> Any:
        found = agreements.live_of(session, response_id)
        assert found is not None
        return found

    with world.database.transaction() as session:
        found = parties(session)
        content = written({**found.newest.content})
        content["subject"] = f"合作内容{word('subject')}"
        content["criteria"] = [{"name": word("measure"), "target": "1", "method": word("method")}]
        for number, row in enumerate(content["instalments"]):
            row["condition"] = word(f"condition{number}")
            row["label"] = word(f"label{number}")
        rest = len(content["parties"]) - 1
        if rest > 1:  # one alone has no split to read
            content["split"] = [
                {**row, "amount": 80_000_000 // rest, "work": word(f"splitwork{number}")}
                for number, row in enumerate(content["split"])
            ]
        content["ip"] = [
            {
                **row,
                "use": word("use"),
                "shares": {"1": 40, **{str(n + 2): 60 // rest for n in range(rest)}},
            }
            for row in content["ip"]
        ]
        content["clauses"] = [
            *content["clauses"],
            {"heading": word("heading"), "text": word("clause"), "key": "", "basis": ""},
        ]
        signing.save(session, one, found, found.number, content)
        signing.propose(session, one, found)
    for who in (issuer, responder, *others):
        with world.database.transaction() as session:
            found = parties(session)
            if told.actor(who).organisation_id in found.party_ids:
                signing.confirm(session, told.actor(who), found, found.newest.hash)
    with world.database.transaction() as session:
        found = projects.of_agreement(session, parties(session).id)
        assert found is not None
        project_id = found.id
        milestone = projects.milestones(session, project_id)[0]
        running.milestones.file(
            session, solver, milestone, f"样件{word('evidence')}。",
            [_file(word("evidencefile"), word("evidenceinside"))],
            world.settings.uploads, 100_000,
        )  # fmt: skip
        running.requests.ask(
            session, solver, found, RequestKind.EXTENSION, f"推迟{word('extension')}。", months=2
        )
    with world.database.transaction() as session:
        milestone = projects.milestones(session, project_id)[0]
        running.milestones.judge(session, client, milestone, "rectify", f"请补{word('judged')}。")
    told.codes[f"{prefix}project"] = str(project_id)


def _outcome(told: Told) -> None:
    """An anonymous outcome on the light track: the principle and a file are its owner's."""
    world, seller = told.world, told.actor("seller")
    own = ("seller",)
    code = world.draft(
        seller, Board.OUTCOME, disclosure="anonymous", title="复合焊接工艺包",
        principle=f"诀窍是{told.word('principle', *own)}",
    )  # fmt: skip
    told.codes["outcome"] = code
    _attach(told, code, "seller", told.word("drawing", *own), told.word("drawinginside", *own),
            protected=True)  # fmt: skip
    world.advance(code, "submit", seller)
    world.advance(code, "approve", SYSTEM)
    opened = told.word("openedfile", "seller", "buyer"), told.word("openedin", "seller", "buyer")
    kept = _attach(told, code, "seller", *opened, protected=True)
    thread_id = _thread(told, code, "seller", "buyer", "outcome")
    with world.database.transaction() as session:
        thread = threads.thread(session, thread_id, seller, lock=True)
        talk.let_see(session, seller, thread, set(), {kept}, may={"principle": "技术原理"},
                     kept=[kept])  # fmt: skip
    scene = Scene(world, seller, told.actor("buyer"), told.actor("stranger"), code, code)
    number = _response(told, code, "buyer", "bought", "seller")
    Answers(scene).select(number)
    _agree(told, number, "seller", "buyer", "outcome")


def _others(told: Told) -> None:
    """Listings that nobody deals about, an introduction, and what a specialist filled in."""
    world = told.world
    for board, name in ((Board.NEED, "needs"), (Board.OUTCOME, "outcomes")):
        hidden = told.word(f"{name}behind", "stranger")
        changed: dict[str, Any] = {"details" if board is Board.OUTCOME else "problem": hidden}
        told.codes[f"{name}behind"] = told.holds[hidden] = world.published(
            told.actor("stranger"), board, disclosure="agreement",
            title=f"协议后可见的{board.label}", **changed,
        )  # fmt: skip
        owner = told.word(f"{name}owner", f"{name} owner", "operator")
        told.people[f"{name} owner"] = who = world.owner(name=f"{owner}有限公司")
        told.codes[f"{name}anonymous"] = told.holds[owner] = world.published(
            who, board, disclosure="anonymous", title=f"匿名发布的{board.label}"
        )
        invited = told.word(f"{name}invited", "issuer", "specialist", "operator")
        told.codes[f"{name}invited"] = told.holds[invited] = world.published(
            told.actor("issuer"), board, disclosure="invited", title=f"仅受邀{invited}"
        )
    specialist, issuer = told.actor("specialist"), told.actor("issuer")
    with world.database.transaction() as session:
        listing = world._load(session, told.codes["outcomesanonymous"])
        wish = told.word("wish", "issuer", "specialist", "operator")
        found = brokering.request(session, issuer, listing, f"先问{wish}。")
        session.flush()
        number = found.id
    with world.database.transaction() as session:
        found = introductions.introduction(session, number, specialist, lock=True)
        words = told.word("introduced", "issuer", "specialist", "outcomes owner", "operator")
        brokering.accept(session, specialist, found, f"双方工艺相近，建议先谈{words}。")
    with world.database.transaction() as session:
        assert issuer.organisation_id is not None
        title = told.word("filled", "issuer", "specialist")
        hidden = told.word("filledprinciple", "issuer", "specialist")
        filled = filling.begin_listing(
            session, specialist, issuer.organisation_id, Board.OUTCOME,
            complete(Board.OUTCOME, title=f"代填{title}", principle=hidden),
        )  # fmt: skip
        filling.propose(session, specialist, filled)

"""A need with all that the competition asks for, and an outcome on the light track."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from jiebang.boards.agreements import queries as agreements
from jiebang.boards.agreements import services as signing
from jiebang.boards.responses import queries as response_queries
from jiebang.boards.responses import services as responses
from jiebang.boards.reviews.models import Stage
from jiebang.boards.reviews.services import Entry
from jiebang.boards.threads import confidentiality
from jiebang.boards.threads import queries as threads
from jiebang.boards.threads import services as talk
from jiebang.brokering import services as brokering
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.permissions import SYSTEM, Role
from jiebang.orgs.relations import services as relations
from jiebang.technology.projects import queries as projects
from jiebang.technology.projects import services as running
from jiebang.technology.projects.models import RequestKind
from jiebang.technology.publicity import queries as public
from jiebang.technology.publicity import services as publicity
from jiebang.technology.publicity.models import Publicity
from tests.boards.responses_scene import Answers, Scene
from tests.boards.reviews_scene import Reviewed
from tests.hidden.told import Told, attach, file, response, thread_between
from tests.technology.agreements_scene import complete as written


def need_dealing(told: Told) -> None:
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
        attach(told, code, "issuer", told.word(name, *own, *who),
                told.word(f"{name}inside", *own, *who), protected=protected)  # fmt: skip
    world.advance(code, "submit", issuer)
    world.advance(code, "approve", SYSTEM)
    scene = Scene(world, issuer, told.actor("leader"), told.actor("stranger"), code, code)
    answers = Answers(scene)
    operator = told.actor("operator")
    told.do(lambda s: brokering.assign(
        s, operator, issuer.organisation_id, told.actor("specialist").user_id))  # fmt: skip
    thread_between(told, code, "issuer", "leader", "need")
    for who in ("loser", "member"):
        with world.database.transaction() as session:
            thread = talk.express_interest(
                session, told.actor(who), world._load(session, code),
                f"我们也想{told.word(f'{who}interest', 'issuer', who)}了解。",
            )  # fmt: skip
            talk.agree(session, told.actor(who), thread, confidentiality.VERSION)
    first = response(told, code, "leader", "first", "member", "issuer", joint=True)
    second = response(told, code, "loser", "second", "issuer")
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
        scored(told, review, panel, place, (first, second), ("issuer",), ())
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
            received=file(told.word("proof", "stranger", "operator"),
                           told.word("proofinside", "stranger", "operator")),
            folder=world.settings.uploads, limit=100_000,
        )  # fmt: skip
        session.flush()
        decided = told.word("decided", "stranger", "operator", "issuer", "leader", "member")
        publicity.decide(session, operator, objection, "reject", f"经核实{decided}。")
        session.execute(update(Publicity).values(ends=clock.today() - timedelta(days=1)))
    told.do(publicity.run_clock)
    agree(told, first, "issuer", "leader", "need", "member")


def scored(told: Told, review: Reviewed, panel: int, place: int, subjects: tuple[int, ...],
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


def agree(told: Told, response_id: int, issuer: str, responder: str, prefix: str,
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
            [file(word("evidencefile"), word("evidenceinside"))],
            world.settings.uploads, 100_000,
        )  # fmt: skip
        running.requests.ask(
            session, solver, found, RequestKind.EXTENSION, f"推迟{word('extension')}。", months=2
        )
    with world.database.transaction() as session:
        milestone = projects.milestones(session, project_id)[0]
        running.milestones.judge(session, client, milestone, "rectify", f"请补{word('judged')}。")
    told.codes[f"{prefix}project"] = str(project_id)


def outcome_dealing(told: Told) -> None:
    """An anonymous outcome on the light track: the principle and a file are its owner's."""
    world, seller = told.world, told.actor("seller")
    own = ("seller",)
    code = world.draft(
        seller, Board.OUTCOME, disclosure="anonymous", title="复合焊接工艺包",
        principle=f"诀窍是{told.word('principle', *own)}",
    )  # fmt: skip
    told.codes["outcome"] = code
    attach(told, code, "seller", told.word("drawing", *own), told.word("drawinginside", *own),
            protected=True)  # fmt: skip
    world.advance(code, "submit", seller)
    world.advance(code, "approve", SYSTEM)
    opened = told.word("openedfile", "seller", "buyer"), told.word("openedin", "seller", "buyer")
    kept = attach(told, code, "seller", *opened, protected=True)
    thread_id = thread_between(told, code, "seller", "buyer", "outcome")
    with world.database.transaction() as session:
        thread = threads.thread(session, thread_id, seller, lock=True)
        talk.let_see(session, seller, thread, set(), {kept}, may={"principle": "技术原理"},
                     kept=[kept])  # fmt: skip
    scene = Scene(world, seller, told.actor("buyer"), told.actor("stranger"), code, code)
    number = response(told, code, "buyer", "bought", "seller")
    Answers(scene).select(number)
    agree(told, number, "seller", "buyer", "outcome")

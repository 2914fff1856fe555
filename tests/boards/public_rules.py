"""Rules of the machine for what follows a selection: publicity, objections, the agreement."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from sqlalchemy import select, update

from jiebang.boards.agreements import queries as agreements
from jiebang.boards.agreements.models import Agreement
from jiebang.boards.agreements.workflow import AgreementState
from jiebang.boards.responses.models import Response
from jiebang.boards.responses.workflow import ResponseState
from jiebang.core import clock
from jiebang.technology.publicity import queries, services
from jiebang.technology.publicity.models import Objection, Publicity
from jiebang.technology.publicity.workflow import ObjectionState, PublicityState
from tests.boards.machine_scene import CODES, NUMBER, WORDS, Started
from tests.technology.agreements_scene import TEXT, Signing

P, O = PublicityState, ObjectionState  # noqa: E741
ANYBODY = st.integers(0, 5)
"""Four organisations, the issuer, an operator."""


class PublicRules(Started):
    """Who objects, who decides, who signs."""

    def anybody(self, who: int) -> object:
        return [*self.people, self.issuer, self.operator][who]

    @rule(who=ANYBODY, number=NUMBER, text=st.sampled_from([TEXT, TEXT, "不服"]))
    def object(self, who: int, number: int, text: str) -> None:
        actor = self.anybody(who)

        def act() -> None:
            with self.world.database.transaction() as session:
                ids = session.scalars(select(Publicity.id).order_by(Publicity.id)).all()
                chosen = ids[number % len(ids)] if ids else 0
                found = queries.publicity(session, chosen, lock=True)
                services.raise_objection(session, actor, found, text)  # type: ignore[arg-type]

        self.attempt(act)

    @rule(who=ANYBODY, number=NUMBER, words=WORDS, code=CODES,
          name=st.sampled_from(["uphold", "reject", "reject", "withdraw"]))  # fmt: skip
    def judge(self, who: int, number: int, words: str, code: str, name: str) -> None:
        actor = self.operator if number % 2 else self.anybody(who)

        def act() -> None:
            with self.world.database.transaction() as session:
                ids = session.scalars(select(Objection.id).order_by(Objection.id)).all()
                chosen = ids[number % len(ids)] if ids else 0
                found = queries.objection(session, chosen, actor, lock=True)  # type: ignore[arg-type]
                if name == "withdraw":
                    services.withdraw(session, actor, found)  # type: ignore[arg-type]
                else:
                    services.decide(session, actor, found, name, words, code)  # type: ignore[arg-type]

        self.attempt(act)

    @rule(over=st.booleans())
    def publicity_days(self, over: bool) -> None:
        """The days pass, the worker's clock runs."""
        with self.world.database.transaction() as session:
            if over:
                yesterday = clock.today() - timedelta(days=1)
                session.execute(update(Publicity).values(ends=yesterday))
            services.run_clock(session)

    @rule(number=NUMBER, issuer=st.booleans(), words=WORDS, code=CODES,
          name=st.sampled_from(["fill", "propose", "confirm", "confirm", "end"]))  # fmt: skip
    def sign(self, number: int, issuer: bool, words: str, code: str, name: str) -> None:
        with self.world.database.reading() as session:
            found = session.scalars(select(Agreement).order_by(Agreement.id)).all()
            if not found:
                return
            chosen = found[number % len(found)]
            response = session.get_one(Response, chosen.response_id)
        party = next(
            (e for e in self.people if e.organisation_id == response.organisation_id), None
        )
        assert party is not None
        who = self.issuer if issuer else party
        paper = Signing(self.answers, response.id, chosen.id)
        acts = {
            "fill": (paper.fill, who),
            "propose": (paper.propose, who),
            "confirm": (paper.confirm, who),
            "end": (paper.end, who, words, code),
        }
        self.attempt(*acts[name])

    @invariant()
    def nothing_is_agreed_before_its_publicity_is_over(self) -> None:
        with self.world.database.reading() as session:
            responses = session.scalars(select(Response)).all()
            public = session.scalars(select(Publicity)).all()
            objections = session.scalars(select(Objection)).all()
            papers = {
                row.id: agreements.live_of(session, row.id)
                for row in responses
                if row.state is ResponseState.SELECTED
            }
            live = session.scalars(
                select(Agreement.response_id).where(Agreement.state != AgreementState.ENDED)
            ).all()
        assert sorted(live) == sorted(papers), "an agreement for each selection, and for no other"
        standing = {each.response_id: each for each in public if each.state in queries.KEPT}
        for response_id, paper in papers.items():
            assert paper is not None
            own = standing.pop(response_id, None)
            assert own is not None or not self.public, "what the track makes public is public"
            if own is not None and own.state is not P.ENDED:
                assert paper.state is not AgreementState.AGREED, "nothing is agreed before its end"
        assert standing == {}, "nothing is public that is not selected"
        for each in objections:
            assert (each.state is O.OPEN) == (each.decided_at is None)
            if each.state is O.OPEN:
                assert each.publicity.state is P.RUNNING and each.due is not None
            if each.state in (O.UPHELD, O.REJECTED):
                assert each.reason and each.decided_by is not None
        upheld = {each.publicity_id for each in objections if each.state is O.UPHELD}
        overturned = {each.id for each in public if each.state is P.OVERTURNED}
        assert upheld == overturned, "an upheld objection undoes the selection, nothing else does"

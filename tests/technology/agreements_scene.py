"""A selected response and what follows it, by the services that people use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from jiebang.boards.agreements import queries, services
from jiebang.boards.agreements.content import Content
from jiebang.boards.agreements.models import Agreement, AgreementVersion
from jiebang.core import clock
from jiebang.core.permissions import Actor
from jiebang.technology.publicity import queries as public
from jiebang.technology.publicity import services as publicity
from jiebang.technology.publicity.models import Objection, Publicity
from tests.boards.responses_scene import Answers, answers_in
from tests.factories import World

TEXT = "拟合作方与发榜方有未披露的持股关系，见附件。"


def complete(content: Content) -> Content:
    """A version that lacks nothing, made of the draft."""
    day = clock.today() + timedelta(days=200)
    made: Content = {**content, "ends": day.isoformat(), "total": 80_000_000}
    made["criteria"] = [{**row, "method": "双方现场检测"} for row in content["criteria"]]
    made["instalments"] = [
        {"label": "首付", "condition": "协议成立", "amount": 30_000_000, "due": day.isoformat()},
        {"label": "验收", "condition": "验收通过", "amount": 50_000_000, "due": day.isoformat()},
    ]
    if len(content["split"]) == 1:
        made["ip"] = [{**row, "shares": {"1": 40, "2": 60}} for row in content["ip"]]
        made["split"] = [{**row, "amount": 80_000_000} for row in content["split"]]
    else:  # a joint draft brings its split; the shares are by what the members signed
        shares = {str(each["position"]): 0 for each in content["parties"]}
        made["ip"] = [{**row, "shares": {**shares, "1": 100}} for row in content["ip"]]
    return made


@dataclass
class Signing:
    """A selection with its agreement."""

    answers: Answers
    response_id: int
    agreement_id: int

    @property
    def world(self) -> World:
        return self.answers.world

    @property
    def issuer(self) -> Actor:
        return self.answers.scene.issuer

    @property
    def responder(self) -> Actor:
        return self.answers.scene.responder

    def act(self, who: Actor, do: Callable[[Session, Agreement], Any]) -> Any:
        with self.world.database.transaction() as session:
            return do(session, queries.agreement(session, self.agreement_id, who, lock=True))

    def get(self) -> Agreement:
        with self.world.database.reading() as session:
            found = session.get_one(Agreement, self.agreement_id)
            _ = [each.confirmations for each in found.versions]
            return found

    def newest(self) -> AgreementVersion:
        return self.get().newest

    def save(self, who: Actor, change: Callable[[Content], Content], base: int = 0) -> bool:
        def do(session: Session, found: Agreement) -> bool:
            content = change({**found.newest.content})
            return services.save(session, who, found, base or found.number, content)

        return bool(self.act(who, do))

    def fill(self, who: Actor | None = None) -> None:
        self.save(who or self.issuer, complete)

    def propose(self, who: Actor | None = None) -> None:
        actor = who or self.issuer
        self.act(actor, lambda session, found: services.propose(session, actor, found))

    def confirm(self, who: Actor, read: str = "") -> None:
        self.act(
            who,
            lambda session, found: services.confirm(session, who, found, read or found.newest.hash),
        )

    def end(self, who: Actor, reason: str = "价格谈不拢。", code: str = "too_expensive") -> None:
        self.act(who, lambda session, found: services.end(session, who, found, reason, code))

    def agreed(self) -> Agreement:
        self.fill()
        self.propose()
        self.confirm(self.issuer)
        self.confirm(self.responder)
        return self.get()

    def publicity(self) -> Publicity:
        with self.world.database.reading() as session:
            return session.scalars(
                select(Publicity).where(Publicity.response_id == self.response_id)
            ).one()

    def object(self, who: Actor, text: str = TEXT, **more: Any) -> int:
        with self.world.database.transaction() as session:
            found = public.publicity(session, self.publicity().id, lock=True)
            return publicity.raise_objection(session, who, found, text, **more).id

    def decide(
        self, objection_id: int, who: Actor, name: str, reason: str = "经核实。", code: str = ""
    ) -> None:
        with self.world.database.transaction() as session:
            found = public.objection(session, objection_id, who, lock=True)
            publicity.decide(session, who, found, name, reason, code)

    def objection(self, objection_id: int) -> Objection:
        with self.world.database.reading() as session:
            return session.get_one(Objection, objection_id)

    def days_over(self) -> None:
        """The publicity's days lie in the past."""
        with self.world.database.transaction() as session:
            session.execute(update(Publicity).values(ends=clock.today() - timedelta(days=1)))

    def tick(self) -> None:
        with self.world.database.transaction() as session:
            publicity.run_clock(session)
            services.run_clock(session)

    def due(self, day: date) -> None:
        with self.world.database.transaction() as session:
            session.execute(update(Agreement).values(due=day))


def signing_in(world: World, more: int = 0, **rules: Any) -> Signing:
    """A response that was selected on the light track, with these values of the track."""
    answers = answers_in(world, more)
    answers.rules(**{"formality": False, **rules})
    found = answers.filed(answers.scene.responder)
    others = [answers.filed(each) for each in answers.more]
    answers.select(found, "已选定其他方，感谢参与。" if others else "")
    with world.database.reading() as session:
        agreement = queries.live_of(session, found)
        assert agreement is not None
        return Signing(answers, found, agreement.id)

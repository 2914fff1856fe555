"""Rules of the machine for joint bids: what everybody signed is what is filed, or nothing is.

The machine keeps its own book of who signed which words, so that the product's hash is not
asked whether the product's hash is right.
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from jiebang.boards.responses import queries, services
from jiebang.boards.responses.models import MemberState, Response
from jiebang.boards.responses.services.filing import Reply
from jiebang.boards.responses.services.joint import EDITABLE, Part, digest
from jiebang.boards.responses.workflow import ResponseState
from tests.boards.machine_scene import NUMBER, WHO, WORDS, Started
from tests.boards.responses_scene import TEXTS
from tests.boards.test_joint import name, sign

S = ResponseState
BEFORE_THE_ISSUER = (S.FILED, S.QUALIFIED, S.SHORTLISTED, S.SELECTED)
EACH = 20_000_000
BUDGETS = st.sampled_from([80_000_000, 80_000_000, 70_000_000, None])
Words = tuple[object, ...]


def words(found: Response) -> Words:
    """What a signature stands under."""
    return (
        found.budget,
        *((e.organisation_id, e.work, e.money, e.gain, e.rights) for e in found.members),
    )


class JointRules(Started):
    """Who writes a split, who signs it, and what changes meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.signed: dict[tuple[int, int], Words] = {}
        self.hashes: dict[int, str] = {}

    @rule(who=WHO, number=NUMBER, others=st.lists(WHO, unique=True, max_size=3),
          gain=st.sampled_from([60, 60, 70, 101]), total=BUDGETS)  # fmt: skip
    def split(self, who: int, number: int, others: list[int], gain: int, total: int | None) -> None:
        found = self.pick(number)
        if found is None:
            return
        leader, before = self.people[who], self.get(found)
        rest = [
            Part(name(self.answers, self.people[each]), "做检测。", EACH, 0, "各自归各自。")
            for each in others
        ]
        mine = Part("", "出方案。", (total or 0) - EACH * len(rest), gain, "归牵头单位。")
        if rest:
            rest[0] = Part(rest[0].name, rest[0].work, EACH, 100 - gain, rest[0].rights)
        rows = [mine, *rest] if rest else []
        self.hashes[found] = digest(before)

        def act() -> None:
            with self.world.database.transaction() as session:
                row = queries.partnered(session, found, leader, lock=True)
                services.propose_split(session, leader, row, rows)

        if self.attempt(act):
            after = self.get(found)
            if words(after) != words(before):
                self.signed = {key: said for key, said in self.signed.items() if key[0] != found}
            if after.members:
                self.signed[found, after.organisation_id] = words(after)

    @rule(who=WHO, number=NUMBER, stale=st.sampled_from([False, False, False, True]),
          reason=st.sampled_from([None, None, None, "", "排不开。"]))  # fmt: skip
    def answer(self, who: int, number: int, stale: bool, reason: str | None) -> None:
        found = self.pick(number)
        if found is None:
            return
        member, before = self.people[who], self.get(found)
        seen = self.hashes.get(found, "0" * 64) if stale else digest(before)
        if self.attempt(sign, self.answers, found, member, reason, seen):
            assert seen == digest(before), "nobody signs what they did not see"
            key = (found, member.organisation_id or 0)
            if reason is None:
                self.signed[key] = words(before)
            else:
                self.signed.pop(key, None)

    @rule(who=WHO, number=NUMBER, budget=BUDGETS, text=WORDS)
    def rewrite(self, who: int, number: int, budget: int | None, text: str) -> None:
        """The leading organisation changes its letter, the amount with it."""
        found = self.pick(number)
        if found is None:
            return
        leader = self.people[who]

        def act() -> None:
            with self.world.database.transaction() as session:
                row = queries.response(session, found, leader, lock=True)
                replies = [Reply("met", "已测。") for _ in row.answers]
                typed = {**TEXTS, "leader": row.leader, "team": text}
                services.save(session, leader, row, typed, budget, replies)

        self.attempt(act)

    @invariant()
    def what_is_filed_was_signed_by_all(self) -> None:
        taken: dict[int, int] = {}
        rules = None
        for row in self.rows():
            for each in row.members:
                if row.state in EDITABLE:
                    waits = each.state is MemberState.ASKED
                    assert waits == (each.due is not None), "nobody is asked without a date"
                assert each.state is not MemberState.REFUSED or each.reason
            if row.state not in BEFORE_THE_ISSUER:
                continue
            if rules is None:
                with self.world.database.reading() as session:
                    rules = queries.rules_of(session, row)
            if row.members:
                assert sum(each.money for each in row.members) == row.budget
                assert sum(each.gain for each in row.members) == 100
                assert row.members[0].organisation_id == row.organisation_id
            for each in row.members:
                assert each.state is MemberState.CONFIRMED
                said = self.signed.get((row.id, each.organisation_id))
                assert said == words(row), "a signature counts for what was signed"
            for party in row.party_ids:
                assert party != row.issuer_id
                assert not rules.one_each or party not in taken, (
                    f"{party} takes part in {taken.get(party)} and {row.id}"
                )
                taken[party] = row.id

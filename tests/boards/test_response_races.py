"""Many at once: one place has one winner, and the closing second lets nobody through late."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from jiebang.boards.responses import queries, services
from jiebang.boards.responses.workflow import ResponseState
from jiebang.core import clock
from jiebang.core.errors import Conflict
from tests.boards.responses_scene import Answers, answers_in
from tests.factories import World

MANY = 50
ROUNDS = int(os.environ.get("JIEBANG_ROUNDS", "2"))


def at_once(works: list[Callable[[], None]]) -> tuple[list[str], list[BaseException]]:
    """Runs all of them at the same moment; returns the refusals and everything unexpected."""
    refused: list[str] = []
    unexpected: list[BaseException] = []
    start = threading.Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        start.wait()
        try:
            work()
        except Conflict as error:
            refused.append(error.message)
        except BaseException as error:
            unexpected.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return refused, unexpected


def test_fifty_selections_of_one_place_have_one_winner(any_world: World) -> None:
    """Round after round on listings of their own; JIEBANG_ROUNDS=100 for the long run."""
    answers = answers_in(any_world, 8)
    for number in range(ROUNDS):
        if number:
            code = any_world.published(answers.scene.issuer, title=f"第 {number} 轮的需求")
            answers = replace(answers, scene=replace(answers.scene, code=code))
        _one_winner(answers)


def _one_winner(answers: Answers) -> None:
    found = [answers.filed(who) for who in [answers.scene.responder, *answers.more]]

    def work(response_id: int) -> Callable[[], None]:
        return lambda: answers.select(response_id, "已选定其他方，感谢参与。")

    works = [work(each) for each in itertools.islice(itertools.cycle(found), MANY)]
    refused, unexpected = at_once(works)
    assert unexpected == [] and len(refused) == MANY - 1
    rows = [answers.get(each) for each in found]
    chosen = [row for row in rows if row.state is ResponseState.SELECTED]
    assert [row.slot for row in chosen] == [1]
    assert {row.state for row in rows if row.slot is None} == {ResponseState.DECLINED}
    assert all(row.reason and row.reason_code for row in rows if row.slot is None)


def test_fifty_filings_at_the_closing_second(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's clock passes the closing moment while fifty file: what is in time is in, what
    is late is refused with the time, and no reply is lost."""
    answers = answers_in(any_world, MANY)
    drafts = {who: answers.draft(who) for who in answers.more}
    answers.deadline(clock.today())
    closing = clock.end_of_day(clock.today())
    asked = itertools.count()
    lock = threading.Lock()
    checked: dict[int, datetime] = {}

    def now() -> datetime:
        """A second before closing for the first ones who ask, the closing moment from then on."""
        with lock:
            number = next(asked)
        moment = closing - timedelta(seconds=1) if number < 250 else closing
        checked[threading.get_ident()] = moment
        return moment

    def work(who: object, response_id: int) -> Callable[[], None]:
        def run() -> None:
            with any_world.database.transaction() as session:
                found = queries.response(session, response_id, who, lock=True)  # type: ignore[arg-type]
                services.file(session, who, found)  # type: ignore[arg-type]

        return run

    monkeypatch.setattr(clock, "now", now)
    refused, unexpected = at_once([work(who, found) for who, found in drafts.items()])
    monkeypatch.undo()
    assert unexpected == []
    assert all("24:00 截止" in message and "以服务器为准" in message for message in refused)
    rows = {row.id: row for row in answers.all()}
    filed = [row for row in rows.values() if row.state is ResponseState.QUALIFIED]
    kept = [row for row in rows.values() if row.state is ResponseState.DRAFT]
    assert len(filed) + len(kept) == MANY and len(kept) == len(refused)
    assert filed and kept, "the moment fell between them"
    assert all(row.filed_at is not None and row.filed_at <= closing for row in filed)
    assert all(row.approach and row.leader for row in rows.values()), "no reply is lost"

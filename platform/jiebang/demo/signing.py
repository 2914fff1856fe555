"""The demonstration's agreement in work: an enterprise answered an outcome and was selected."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from jiebang.boards.agreements import queries as agreement_queries
from jiebang.boards.agreements import services as agreements
from jiebang.boards.agreements.content import Content
from jiebang.boards.models import Listing
from jiebang.boards.responses import queries as response_queries
from jiebang.boards.responses import services as responses
from jiebang.boards.responses.services.filing import Reply
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.permissions import Actor
from jiebang.technology.publicity import services as publicity

from .dealings import actor, listing

TEXTS = {
    "leader": "陈工",
    "approach": "先在一条焊接工位上试用三个月，达到指标后推广到同类工位。",
    "basis": "现有机器人工位六个，可提供试用场地和工件。",
    "plan": "第一个月安装调试，第二、三个月试用，第四个月验收。",
    "team": "工艺 2 人，设备 2 人。",
}


def load(session: Session) -> None:
    """The professor selected the manager's plan, filled in the draft and handed it over; the
    university's own rule makes the selection public."""
    manager, professor = actor(session, "rd"), actor(session, "professor")
    outcome = listing(session, professor, Board.OUTCOME, "焊缝")
    _select(session, manager, professor, outcome)
    found = agreement_queries.live_of(
        session, response_queries.selected_on(session, outcome.id)[0].id
    )
    assert found is not None
    agreements.save(session, professor, found, found.number, _filled(found.newest.content))
    publicity.request(session, professor, found, "本校科技成果协议定价公示")
    agreements.hand_over(session, professor, found)


def _select(session: Session, manager: Actor, professor: Actor, outcome: Listing) -> None:
    draft = responses.begin(session, manager, outcome)
    replies = [Reply("met", "满足本单位试用要求。") for _ in draft.answers]
    responses.save(session, manager, draft, TEXTS, 60_000_000, replies)
    session.flush()
    found = response_queries.response(session, draft.id, manager, lock=True)
    responses.file(session, manager, found)
    responses.select(session, professor, found)
    session.flush()


def _filled(draft: Content) -> Content:
    """The draft with the days and conditions that only people know; one is left to the manager."""
    today = clock.today()
    conditions = ("协议成立后 10 个工作日内", "试用满两个月，运行记录双方签认", "")
    rows = [
        {**row, "condition": condition, "due": (today + timedelta(days=days)).isoformat()}
        for row, condition, days in zip(
            draft["instalments"], conditions, (20, 90, 150), strict=True
        )
    ]
    return {
        **draft,
        "ends": (today + timedelta(days=150)).isoformat(),
        "criteria": [
            {**row, "method": "试用工位连续 5 个班次的记录，双方签认"} for row in draft["criteria"]
        ],
        "instalments": rows,
        "ip": [{**row, "shares": {"1": 100, "2": 0}} for row in draft["ip"]],
    }

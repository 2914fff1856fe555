"""What the demonstration's people have begun with each other, by the services that they use."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.accounts.models import User
from jiebang.boards.models import Listing
from jiebang.boards.responses import queries as response_queries
from jiebang.boards.responses import services as responses
from jiebang.boards.responses.services.filing import Reply
from jiebang.boards.threads import services as threads
from jiebang.boards.workflow import ListingState
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.permissions import Actor
from jiebang.core.working_days import add_working_days
from jiebang.orgs import queries as orgs


def load(session: Session) -> None:
    """Between the manager and the professor: a talk with a response, and an unanswered interest."""
    manager, professor = actor(session, "rd"), actor(session, "professor")
    need = listing(session, manager, Board.NEED, "联合统计与建模")
    outcome = listing(session, professor, Board.OUTCOME, "隐私求交")
    first = "我们的隐私求交协议单机跑过亿级集合，想了解贵单位的数据规模和部署环境。"
    found = threads.express_interest(session, professor, need, first, outcome)
    for who, text in (
        (manager, "欢迎。目前三个部门，每家约两千万条，要求数据不出机房。支持国产处理器吗？"),
        (professor, "支持，已在两种国产处理器上测过。想到现场看一次环境，可以吗？"),
    ):
        threads.say(session, who, found, text, asks=True)
    session.flush()
    day = add_working_days(clock.today(), 3)
    threads.propose_meeting(
        session, professor, found, datetime.combine(day, time(14, 30), clock.BEIJING), "贵单位机房"
    )
    _respond(session, professor, need)
    other = listing(session, professor, Board.OUTCOME, "焊缝")
    threads.express_interest(session, manager, other, "想了解试用条件和许可费的计算办法。")


def _respond(session: Session, professor: Actor, need: Listing) -> None:
    """The professor's reply: every indicator met but the last, which is met in part."""
    draft = responses.begin(session, professor, need)
    last = len(draft.answers) - 1
    replies = [
        Reply("partly", "现有测试到这一量级的八成，扩容后可达到。")
        if position == last
        else Reply("met", "已在同类项目中测过。")
        for position in range(len(draft.answers))
    ]
    texts = {
        "leader": "刘老师",
        "approach": "在贵单位机房部署隐私求交与联合统计节点，原始数据不出域，只交换密文中间结果。",
        "basis": "同类平台已在两家单位试运行一年。",
        "plan": "第一个月部署联调，第二、三个月试运行，第四个月验收。",
        "team": "教师 2 人，博士生 3 人。",
    }
    responses.save(session, professor, draft, texts, 96_000_000, replies)
    session.flush()
    found = response_queries.response(session, draft.id, professor, lock=True)
    responses.file(session, professor, found)


def actor(session: Session, name: str) -> Actor:
    """One of the demonstration's people, acting for their organisation."""
    user = session.scalars(select(User).where(User.email == f"{name}@demo.jiebang")).one()
    seats = orgs.seats_of(session, user.id)
    return Actor(user.id, user.display_name, frozenset(), seats, seats[0] if seats else None)


def listing(session: Session, owner: Actor, board: Board, part: str) -> Listing:
    """One of an organisation's published listings, by a part of its title."""
    return session.scalars(
        select(Listing)
        .where(
            Listing.organisation_id == owner.organisation_id,
            Listing.board == board,
            Listing.state == ListingState.PUBLISHED,
            Listing.title.contains(part),
        )
        .order_by(Listing.id)
        .limit(1)
    ).one()

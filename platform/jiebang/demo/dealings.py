"""What the demonstration's people have begun with each other, by the services that they use."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.accounts.models import User
from jiebang.boards.models import Listing
from jiebang.boards.threads import services as threads
from jiebang.boards.workflow import ListingState
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.permissions import Actor
from jiebang.core.working_days import add_working_days
from jiebang.orgs import queries as orgs


def load(session: Session) -> None:
    """Two threads between the manager and the professor: one talks, one waits for its answer."""
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
    other = listing(session, professor, Board.OUTCOME, "焊缝")
    threads.express_interest(session, manager, other, "想了解试用条件和许可费的计算办法。")


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

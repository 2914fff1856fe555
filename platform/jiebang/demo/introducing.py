"""The demonstration's specialist: whom they serve, and what waits for them."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.boards.models import Listing
from jiebang.boards.workflow import ListingState
from jiebang.brokering import services
from jiebang.core.boards import Board
from jiebang.core.permissions import Role

from .dealings import actor, listing


def load(session: Session) -> None:
    """Three firms with a specialist, a request that waits for them, an introduction that waits
    for a side, and a request that nobody has yet."""
    operator = replace(actor(session, "operator"), roles=frozenset({Role.OPERATOR}))
    specialist = replace(actor(session, "specialist"), roles=frozenset({Role.SPECIALIST}))
    buyer, supplier = actor(session, "buyer"), actor(session, "supplier")
    for who in (actor(session, "rd"), buyer, supplier):
        assert who.organisation_id is not None
        services.assign(session, operator, who.organisation_id, specialist.user_id)
    services.request(
        session, buyer, _named(session, Board.OUTCOME, "断刀崩刃监控"),
        "先问能不能在我们的五轴机床上试一个月，要不要改电柜。",
        listing(session, buyer, Board.NEED, "刀具破损"),
    )  # fmt: skip
    found = services.request(
        session, supplier, _named(session, Board.OUTCOME, "滚动轴承微弱损伤"), "",
        listing(session, supplier, Board.NEED, "状态监测"),
    )  # fmt: skip
    services.accept(
        session, specialist, found,
        "企业想给机床主轴轴承配上状态监测，课题组的方法正好针对微弱损伤。"
        "建议先谈传感器装在哪里、要多少历史数据。",
    )  # fmt: skip
    services.request(
        session, actor(session, "hr"), _named(session, Board.PROGRAMME, "新能源汽车"), "",
    )  # fmt: skip


def _named(session: Session, board: Board, part: str) -> Listing:
    """A published listing by a part of its title, whoever owns it."""
    return session.scalars(
        select(Listing)
        .where(
            Listing.board == board,
            Listing.state == ListingState.PUBLISHED,
            Listing.title.contains(part),
        )
        .order_by(Listing.id)
        .limit(1)
    ).one()

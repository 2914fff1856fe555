"""Where an agreement stands, who has the ball, until when, and what happens next."""

from __future__ import annotations

from datetime import datetime

from jiebang.core import clock
from jiebang.core.permissions import Actor

from ..threads.stages import Waiting
from .content import pending
from .models import Agreement
from .workflow import AgreementState

S = AgreementState
POSITIONS = "甲乙丙丁戊己庚辛壬癸"


def role(position: int) -> str:
    """甲方, 乙方, 丙方."""
    return f"{POSITIONS[position - 1]}方" if position <= len(POSITIONS) else f"第{position}方"


def is_mine(found: Agreement, actor: Actor) -> bool:
    """Whether it is the actor's organisation that has to act."""
    party = found.party_of(actor)
    if party is None or found.holder is None:
        return False
    if found.state is S.CONFIRMING:
        return party in pending(found.parties, found.newest.confirmations)
    return party.side.value == found.holder.value


def waiting(found: Agreement, actor: Actor, barrier: str = "") -> Waiting | None:
    """Who acts next; None when it is agreed or has ended. `barrier`: what a confirmation waits
    for, in words."""
    if found.holder is None or found.due is None:
        return None
    mine, overdue = is_mine(found, actor), found.due < clock.today()
    until = clock.day_text(found.due) + ("（逾期未办）" if overdue else "")
    if found.state is S.CONFIRMING:
        left = pending(found.parties, found.newest.confirmations)
        who = "本单位" if mine else "、".join(role(each.position) for each in left)
        others = "对方" if len(found.parties) == 2 else "其余各方"
        then = barrier or (
            "阅读这一版并确认，或修改后重新提请" if mine else f"{others}确认后协议成立"
        )
        return Waiting(who, mine, until, then, overdue)
    names = [role(each.position) for each in found.parties if each.side.value == found.holder.value]
    then = "核对初稿、修改，交对方或提请各方确认" if mine else "对方修改后交还，或提请各方确认"
    return Waiting("本单位" if mine else "、".join(names), mine, until, then, overdue)


def stages(found: Agreement, publicity: dict[str, str] | None = None) -> list[dict[str, str]]:
    """Selected, public where it is, written, confirmed, agreed: with known dates."""

    def day(moment: datetime | None) -> str:
        return clock.day_text(clock.to_beijing(moment).date()) if moment else ""

    state = found.state

    def mark(done: bool, current: bool) -> str:
        if done:
            return "done"
        if state is S.ENDED:
            return "stopped"
        return "current" if current else "todo"

    given = sum(each.voided_at is None for each in found.newest.confirmations)
    return [
        {"label": "选定", "state": "done", "date_text": day(found.created_at)},
        *([publicity] if publicity else []),
        {
            "label": "商定",
            "state": mark(state in (S.CONFIRMING, S.AGREED), state is S.DRAFT),
            "note": f"第 {found.number} 版",
        },
        {
            "label": "各方确认",
            "state": mark(state is S.AGREED, state is S.CONFIRMING),
            "note": f"{given}/{len(found.parties)} 方" if state is S.CONFIRMING else "",
        },
        {
            "label": "未达成" if state is S.ENDED else "协议成立",
            "state": mark(state is S.AGREED, False),
            "date_text": day(found.agreed_at or found.ended_at),
        },
    ]

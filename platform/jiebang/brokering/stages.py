"""Where an introduction stands, who has the ball, until when, and what happens next."""

from __future__ import annotations

from datetime import datetime

from jiebang.boards.threads.stages import Waiting
from jiebang.core import clock
from jiebang.core.permissions import Actor
from jiebang.core.sides import HOLDER_LABELS, SIDE_LABELS, Holder, Side

from .models import Introduction
from .workflow import RESULT_LABELS, IntroductionState

S = IntroductionState


def waiting(found: Introduction, who: Actor) -> Waiting | None:
    """Who acts next as the reader knows them; None when it has ended."""
    if found.holder is None or found.due is None:
        return None
    side = found.side_of(who)
    overdue = found.due < clock.today()
    until = clock.day_text(found.due) + ("（逾期未办）" if overdue else "")
    open_sides = [each for each in Side if found.agreed_at(each) is None]
    if found.state is S.ACCEPTED:
        mine = side in open_sides
        names = ["本单位" if each is side else SIDE_LABELS[each] for each in open_sides]
        return Waiting("、".join(names), mine, until, _next(found, mine), overdue)
    mine = found.introduces(who)
    label = "您" if mine else HOLDER_LABELS[found.holder]
    return Waiting(label, mine, until, _next(found, mine), overdue)


def _next(found: Introduction, mine: bool) -> str:
    if found.state is S.REQUESTED:
        if found.holder is Holder.OPERATOR:
            return "指派服务专员" if mine else "运营指派专员后，由专员引荐双方"
        return "引荐双方，或说明为什么不引荐" if mine else "专员了解后向双方引荐；不引荐会说明原因"
    if found.state is S.ACCEPTED:
        return (
            "同意对接，或说明为什么不对接" if mine else "双方都同意后开始对接；到期未答复由专员催办"
        )
    if found.state is S.BOTH_AGREED:
        return "约双方会面并记下情况" if mine else "双方在对接里继续，专员跟进会面"
    return "跟进到有结果后办结" if mine else "专员跟进到有结果"


def stages(found: Introduction) -> list[dict[str, str]]:
    """Asked, introduced, agreed, met, closed: with the dates that are known."""
    ended = found.state in (S.DECLINED, S.CLOSED)
    agreed = None
    if found.issuer_agreed_at is not None and found.responder_agreed_at is not None:
        agreed = max(found.issuer_agreed_at, found.responder_agreed_at)
    rows: list[tuple[str, datetime | None, S]] = [
        ("请求" if found.requested_by else "专员提出", found.opened_at, S.REQUESTED),
        ("引荐双方", found.accepted_at, S.REQUESTED),
        ("双方同意", agreed, S.ACCEPTED),
        ("会面", found.met_at, S.BOTH_AGREED),
    ]
    marks = [
        {
            "label": label,
            "state": "done"
            if at
            else "stopped"
            if ended
            else "current"
            if found.state is state
            else "todo",
            "date_text": _day(at),
        }
        for label, at, state in rows
    ]
    closed = found.state is S.CLOSED
    last = "current" if found.state is S.MET else "todo"
    marks.append(
        {
            "label": "未能引荐" if found.state is S.DECLINED else "办结",
            "state": "done" if closed else "stopped" if ended else last,
            "date_text": _day(found.ended_at),
            "note": RESULT_LABELS[found.result] if found.result else "",
        }
    )
    return marks


def _day(moment: datetime | None) -> str:
    return clock.day_text(clock.to_beijing(moment).date()) if moment else ""

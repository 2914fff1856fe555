"""Where a thread stands, who has the ball, until when, and what happens next."""

from __future__ import annotations

from dataclasses import dataclass

from jiebang.core import clock
from jiebang.core.sides import HOLDER_LABELS, Holder, Side

from .models import Thread
from .workflow import ThreadState


@dataclass(frozen=True, slots=True)
class Waiting:
    """当前办理人 as one side reads it."""

    who: str
    mine: bool
    until: str
    next: str
    overdue: bool


def waiting(thread: Thread, side: Side | None, *, meeting: bool = False) -> Waiting | None:
    """Who acts next; None when the thread has ended. `side` is the reader's;
    `meeting`: one waits for the reader's word."""
    if thread.holder is None or thread.due is None:
        return None
    mine = side is not None and thread.holder.value == side.value
    overdue = thread.due < clock.today()
    until = clock.day_text(thread.due) + ("（逾期未答复）" if overdue else "")
    who = "本单位" if mine else HOLDER_LABELS[thread.holder]
    return Waiting(who, mine, until, _next(thread, mine, meeting), overdue)


def _next(thread: Thread, mine: bool, meeting: bool) -> str:
    if thread.state is ThreadState.INTERESTED:
        if thread.holder is Holder.ISSUER and mine:
            return "写一句答复即同意对接；不合适请婉拒并说明原因"
        return "对方答复后即可问答、交换文件、约会面；到期未答复会提醒并转服务专员"
    if meeting:
        return "确认对方提议的会面，或取消后另约"
    if mine:
        return "答复对方，或约会面、交换联系方式"
    return "对方答复后继续；到期未答复会提醒并转服务专员"


def stages(thread: Thread, *, met: bool, exchanged: bool) -> list[dict[str, str]]:
    """Interest, talk, meeting, contacts: what is done and what comes next."""
    ended = thread.state not in (ThreadState.INTERESTED, ThreadState.TALKING)
    started = clock.day_text(clock.to_beijing(thread.opened_at).date())
    talking = thread.state is ThreadState.TALKING or met or exchanged

    def mark(done: bool, current: bool) -> str:
        if done:
            return "done"
        if ended:
            return "stopped"
        return "current" if current else "todo"

    return [
        {"label": "发出意向", "state": "done", "date_text": started},
        {"label": "答复与问答", "state": mark(met or exchanged, True)},
        {"label": "会面", "state": mark(met, talking and not met and exchanged)},
        {"label": "交换联系方式", "state": mark(exchanged, talking and met)},
    ]

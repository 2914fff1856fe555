"""Where a response stands, who has the ball, until when, and what happens next."""

from __future__ import annotations

from datetime import datetime

from jiebang.core import clock
from jiebang.core.sides import HOLDER_LABELS, Holder, Side

from ..threads.stages import Waiting
from .models import Response
from .workflow import ResponseState

S = ResponseState


def waiting(found: Response, side: Side | None) -> Waiting | None:
    """Who acts next; None for a draft and when it has ended. `side` is the reader's."""
    if found.holder is None or found.due is None:
        return None
    mine = side is not None and found.holder.value == side.value
    overdue = found.due < clock.today()
    until = clock.day_text(found.due) + ("（逾期未答复）" if overdue else "")
    who = "本单位" if mine else HOLDER_LABELS[found.holder]
    return Waiting(who, mine, until, _next(found, mine), overdue)


def _next(found: Response, mine: bool) -> str:
    if found.state is S.FILED:
        return "审查内容是否完整、双方有无关联关系；通过后交发榜方，退回会说明原因"
    if found.holder is Holder.OPERATOR:
        return "专家按标准打分并写明理由；评审结束后由发榜方列入候选或说明原因"
    if found.state is S.RETURNED:
        return "按意见补充后再次提交" if mine else "对方补充后再次提交"
    if mine:
        return "选定、请对方补充，或不选并说明原因"
    return "发榜方选定或说明原因；到期未答复会提醒并转服务专员"


def stages(found: Response, *, formality: bool, review: bool = False) -> list[dict[str, str]]:
    """Written, filed, checked and reviewed where the track does so, decided: with known dates."""

    def day(moment: datetime | None) -> str:
        return clock.day_text(clock.to_beijing(moment).date()) if moment else ""

    state = found.state
    ended = state in (S.DECLINED, S.WITHDRAWN, S.DISQUALIFIED)
    filed = found.filed_at is not None and state not in (S.DRAFT, S.RETURNED)
    passed = found.qualified_at is not None and state not in (S.FILED, S.RETURNED)

    def mark(done: bool, current: bool) -> str:
        if done:
            return "done"
        if ended:
            return "stopped"
        return "current" if current else "todo"

    found_stages = [
        {
            "label": "填写",
            "state": mark(filed, not filed),
            "date_text": day(found.created_at),
            "note": "退回补充" if state is S.RETURNED else "",
        },
        {"label": "提交", "state": mark(filed, False), "date_text": day(found.filed_at)},
    ]
    if formality:
        found_stages.append(
            {
                "label": "形式审查",
                "state": mark(passed, state is S.FILED),
                "date_text": day(found.qualified_at),
            }
        )
    if review:
        found_stages.append(
            {
                "label": "专家评审",
                "state": mark(found.reviewed_at is not None, passed),
                "date_text": day(found.reviewed_at),
            }
        )
        passed = passed and found.reviewed_at is not None
    found_stages.append(
        {
            "label": {
                S.SELECTED: "已选定",
                S.DECLINED: "未选定",
                S.WITHDRAWN: "已撤回",
                S.DISQUALIFIED: "审查未通过",
            }.get(state, "发榜方选定"),
            "state": mark(state is S.SELECTED, passed),
            "date_text": day(found.decided_at),
            "note": "已列入候选" if state is S.SHORTLISTED else "",
        }
    )
    return found_stages

"""Where a listing stands, who has the ball, until when, and what happens next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from jiebang.core import clock
from jiebang.core.working_days import add_working_days

from .diagnosis import Diagnosis, Turn
from .models import Listing
from .workflow import ListingState

REVIEW_DAYS = 2
"""Working days for a review (DOMAIN.md, default clocks)."""
DIAGNOSIS_DAYS = 5
"""Working days for each answer of a diagnosis, counted anew when the turn changes (ibid.)."""
ENDORSE_DAYS = 3
"""Working days in which the own organisation should decide; a reminder, nothing lapses."""
CONFIRM_DAYS = 90


@dataclass(frozen=True, slots=True)
class Stage:
    """One station of the stage bar."""

    label: str
    state: str
    date_text: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Holder:
    """当前办理人: who acts next, until when, and what then."""

    who: str
    until: str
    next: str
    overdue: bool = False


def _day(moment: datetime | None) -> str:
    return clock.day_text(clock.to_beijing(moment).date()) if moment else ""


def review_due(listing: Listing) -> date:
    """The day by which a submitted listing is to be reviewed; later while experts are asked."""
    assert listing.submitted_at is not None
    if listing.review_by is not None:
        return listing.review_by
    return add_working_days(clock.to_beijing(listing.submitted_at).date(), REVIEW_DAYS)


def diagnosis_due(start: date) -> date:
    """The day by which whose turn it is in a diagnosis has to answer."""
    return add_working_days(start, DIAGNOSIS_DAYS)


def endorse_due(proposed_at: datetime) -> date:
    """The day by which an organisation should decide on its agent's draft."""
    return add_working_days(clock.to_beijing(proposed_at).date(), ENDORSE_DAYS)


def stages(listing: Listing) -> list[Stage]:
    """Draft, review, publication, end: with the dates that are known."""
    state = listing.state
    order = {
        ListingState.DRAFT: 0,
        ListingState.RETURNED: 0,
        ListingState.ENDORSING: 0,
        ListingState.DIAGNOSIS: 1,
        ListingState.SUBMITTED: 1,
        ListingState.PUBLISHED: 2,
        ListingState.SUSPENDED: 2,
    }.get(state, 3)
    ended = {
        ListingState.WITHDRAWN: "已撤榜",
        ListingState.CLOSED: "已截止",
        ListingState.EXPIRED: "已过期",
    }.get(state, "截止")

    def mark(position: int) -> str:
        if position < order:
            return "done"
        if position > order:
            return "todo"
        stopped = state in (ListingState.SUSPENDED, ListingState.WITHDRAWN, ListingState.EXPIRED)
        return "stopped" if stopped else "current"

    return [
        Stage(
            "起草",
            mark(0),
            _day(listing.created_at),
            {
                ListingState.RETURNED: "退回修改",
                ListingState.ENDORSING: "单位审批",
            }.get(state, ""),
        ),
        Stage(
            "审核",
            mark(1),
            _day(listing.submitted_at),
            "需求诊断" if state is ListingState.DIAGNOSIS else "",
        ),
        Stage(
            "发布",
            mark(2),
            _day(listing.published_at),
            "已暂停展示" if state is ListingState.SUSPENDED else "",
        ),
        Stage(
            ended,
            mark(3),
            _day(listing.ended_at)
            or (clock.day_text(listing.deadline) if listing.deadline else ""),
        ),
    ]


def holder(listing: Listing, diagnosis: Diagnosis | None = None) -> Holder | None:
    """Who has the ball; None when nobody has to do anything any more. `diagnosis` is the open
    one, of which the day depends."""
    state = listing.state
    if state is ListingState.ENDORSING and listing.proposed_at:
        due = endorse_due(listing.proposed_at)
        return Holder(
            "本单位管理员",
            clock.day_text(due),
            "同意后提交平台审核；需要修改的退回起草人并说明原因",
            overdue=due < clock.today(),
        )
    if state is ListingState.DIAGNOSIS and diagnosis is not None:
        mine = diagnosis.turn is Turn.OWNER
        return Holder(
            "发布方" if mine else "诊断人",
            clock.day_text(diagnosis.due),
            "回答问题、补充内容后再次提交" if mine else "看过内容后提出问题，或告知可以提交",
            overdue=diagnosis.due < clock.today(),
        )
    if state is ListingState.DRAFT:
        return Holder("发布方", "不限", "补齐后提交审核；平台 2 个工作日内答复")
    if state is ListingState.RETURNED:
        return Holder("发布方", "不限", "按退回意见修改后再次提交")
    if state is ListingState.SUBMITTED and listing.submitted_at:
        due = review_due(listing)
        return Holder(
            "平台运营",
            clock.day_text(due),
            ("专家评审后决定是否发布" if listing.review_by else "通过后发布上榜，双方开始匹配")
            + "；需要补充的会退回并说明原因",
            overdue=due < clock.today(),
        )
    if state is ListingState.PUBLISHED and listing.confirmed_at:
        ask = clock.to_beijing(listing.confirmed_at).date() + timedelta(days=CONFIRM_DAYS)
        until = min(ask, listing.deadline) if listing.deadline else ask
        return Holder(
            "在榜，等待对接",
            clock.day_text(until),
            (
                "有强相关的新内容上榜会提醒双方；到期请发布方确认是否仍有效"
                if until == ask
                else "有强相关的新内容上榜会提醒双方；到期自动截止"
            ),
        )
    if state is ListingState.SUSPENDED:
        return Holder("平台运营", "处理中", "核实后恢复展示，或由发布方撤榜")
    if state is ListingState.EXPIRED:
        return Holder("发布方", "不限", "确认仍有效即可重新上榜")
    return None

"""A meeting: proposed, agreed to, and written down."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import Actor
from jiebang.core.sides import Holder, Side
from jiebang.core.working_days import add_working_days

from .. import queries
from ..models import MeetingState, MessageKind, Thread, ThreadMeeting
from ..workflow import THREAD
from .talk import add_line, pass_ball
from .telling import tell

PLACE_LIMIT = 200
MINUTES_LIMIT = 4000
OPEN_LIMIT = 3
"""Meetings that may wait or be agreed at the same time."""
FURTHEST = timedelta(days=366)


def propose_meeting(
    session: Session, actor: Actor, thread: Thread, starts_at: datetime | None, place: str
) -> ThreadMeeting:
    """Proposes a time and a place (an address, or how to meet online); the other side answers."""
    side = _acting(thread, actor)
    place = place.strip()
    errors = {}
    if starts_at is None:
        errors["starts_at"] = "请选择会面的日期和时间。"
    elif starts_at <= clock.now():
        errors["starts_at"] = f"{clock.moment_text(starts_at)} 已经过去，请选择以后的时间。"
    elif starts_at > clock.now() + FURTHEST:
        errors["starts_at"] = "会面时间请选在一年之内。"
    if not place:
        errors["place"] = "请写明地点，或线上会议的方式。"
    elif len(place) > PLACE_LIMIT:
        errors["place"] = f"最多 {PLACE_LIMIT} 字，现在 {len(place)} 字。"
    if errors:
        raise Invalid(errors)
    running = [
        each
        for each in queries.meetings(session, thread.id)
        if each.state in (MeetingState.PROPOSED, MeetingState.AGREED)
    ]
    if len(running) >= OPEN_LIMIT:
        raise Conflict(f"已有 {OPEN_LIMIT} 次会面在约，请先确认、取消或补写纪要。")
    assert starts_at is not None
    meeting = ThreadMeeting(
        thread_id=thread.id,
        starts_at=starts_at,
        place=place,
        proposed_by=side,
        state=MeetingState.PROPOSED,
        created_at=clock.now(),
    )
    session.add(meeting)
    session.flush()
    when = clock.moment_text(starts_at)
    add_line(session, actor, thread, f"提议会面：{when}，{place}", MessageKind.STEP)
    pass_ball(session, thread, side, asks=True)
    _record(session, actor, thread, "thread.meeting_proposed", meeting)
    tell(session, thread, side.other, "对方提议会面", actor, text=f"{when}，{place}")
    return meeting


def answer_meeting(
    session: Session, actor: Actor, thread: Thread, meeting_id: int, name: str
) -> None:
    """Agrees to the other side's proposal, or cancels a meeting."""
    side = _acting(thread, actor)
    meeting = queries.meeting(session, thread, meeting_id)
    when = clock.moment_text(meeting.starts_at)
    if name == "confirm":
        if meeting.state is not MeetingState.PROPOSED or meeting.proposed_by is side:
            raise Conflict("这次会面不在等您确认，请刷新页面查看。")
        if meeting.starts_at <= clock.now():
            raise Conflict(f"提议的时间 {when} 已经过去，请另提一个时间。")
        meeting.state, words = MeetingState.AGREED, "同意会面"
    else:
        if meeting.state not in (MeetingState.PROPOSED, MeetingState.AGREED):
            raise Conflict("这次会面已经结束或取消。")
        meeting.state, words = MeetingState.CANCELLED, "取消会面"
    add_line(session, actor, thread, f"{words}：{when}，{meeting.place}", MessageKind.STEP)
    pass_ball(session, thread, side, asks=False)
    if name == "confirm":
        # until the minutes are there, the meeting is what both wait for
        day = clock.to_beijing(meeting.starts_at).date()
        thread.holder = Holder(meeting.proposed_by.value)
        thread.due = add_working_days(day, 2)
    _record(session, actor, thread, f"thread.meeting_{name}", meeting)
    tell(session, thread, side.other, f"对方{words}", actor, text=f"{when}，{meeting.place}")


def write_minutes(
    session: Session, actor: Actor, thread: Thread, meeting_id: int, minutes: str
) -> None:
    """Writes down what was said and agreed; both sides read it."""
    side = _acting(thread, actor)
    meeting = queries.meeting(session, thread, meeting_id)
    if meeting.state is not MeetingState.AGREED:
        raise Conflict("只有双方约定的会面可以写纪要；已有纪要的不能覆盖，请用回复补充。")
    if meeting.starts_at > clock.now():
        when = clock.moment_text(meeting.starts_at)
        raise Invalid({"minutes": f"会面定在 {when}，之后再写纪要；改期请先取消再约。"})
    minutes = minutes.replace("\r\n", "\n").strip()
    if not minutes:
        raise Invalid({"minutes": "请写下谈了什么、定了什么、谁在什么时候前做什么。"})
    if len(minutes) > MINUTES_LIMIT:
        raise Invalid({"minutes": f"最多 {MINUTES_LIMIT} 字，现在 {len(minutes)} 字。"})
    meeting.state = MeetingState.HELD
    meeting.minutes, meeting.minutes_by, meeting.minutes_at = minutes, side, clock.now()
    when = clock.moment_text(meeting.starts_at)
    add_line(session, actor, thread, f"写了会面纪要：{when}", MessageKind.STEP)
    pass_ball(session, thread, side, asks=False)
    _record(session, actor, thread, "thread.minutes", meeting)
    tell(session, thread, side.other, "会面纪要已写好", actor)


def _acting(thread: Thread, actor: Actor) -> Side:
    """The side of somebody who may write in the thread now."""
    side = thread.side_of(actor)
    if side is None:
        raise NotFound
    if refusal := THREAD.refusal("say", thread, actor):
        raise refusal
    return side


def _record(
    session: Session, actor: Actor, thread: Thread, action: str, meeting: ThreadMeeting
) -> None:
    audit.record(
        session, actor, action, "thread", thread.id,
        organisation_id=actor.organisation_id, meeting=meeting.id,
    )  # fmt: skip

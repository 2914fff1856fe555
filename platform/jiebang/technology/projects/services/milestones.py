"""Milestones: handed in, judged, rectified once, confirmed by the platform where the track asks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.errors import Conflict, NotFound
from jiebang.core.permissions import Actor
from jiebang.core.uploads import Received

from ..models import Milestone
from ..workflow import MILESTONE, MilestoneState, Party, ProjectState, Turn
from .steps import attach, days, hand, note, refresh, release, sentence, tell, tell_platform, void

JUDGE = ("pass", "recommend", "waive", "waive_check", "rectify", "fail", "confirm", "send_back")
WITH_REASON = frozenset({"waive", "waive_check", "rectify", "fail", "send_back"})
WORDS = {
    "pass": "里程碑已通过",
    "recommend": "里程碑已提交平台确认",
    "waive": "里程碑已通过",
    "waive_check": "里程碑已提交平台确认",
    "rectify": "里程碑需要整改",
    "fail": "里程碑未通过",
    "confirm": "平台确认里程碑通过",
    "send_back": "里程碑退回委托方重新评定",
    "endorse": "专家确认里程碑通过",
    "reject": "专家退回里程碑，由委托方重新评定",
}


def file(
    session: Session,
    actor: Actor,
    found: Milestone,
    text: str,
    received: Sequence[Received],
    folder: Path,
    limit: int,
) -> None:
    """Hands in words and files; the client has the track's days to judge. The caller holds the
    project's lock, as for all that follows."""
    _running(found)
    if refusal := MILESTONE.refusal("file", found, actor):
        raise refusal
    attach(session, actor, found.project, text, received, folder, limit, milestone=found.id)
    again = found.state is MilestoneState.RECTIFY
    MILESTONE.apply("file", found, actor)
    found.filed_at = clock.now()
    hand(found, Turn.CLIENT, days(found.project.rules.judge_days))
    label = f"{'整改后再次提交' if again else '提交成果证据'}：{found.label}"
    note(session, actor, found.project, "file", label, target=("milestone", found.id),
         files=len(received))  # fmt: skip
    tell(session, found.project, Party.CLIENT, f"请评定里程碑“{found.label}”", actor)
    refresh(session, found.project)


def judge(session: Session, actor: Actor, found: Milestone, name: str, reason: str = "") -> None:
    """One of JUDGE; what refuses or sends back needs a sentence."""
    if name not in JUDGE:
        raise NotFound
    _running(found)
    if refusal := MILESTONE.refusal(name, found, actor):
        raise refusal
    reason = sentence(reason) if name in WITH_REASON else ""
    label = MILESTONE.apply(name, found, actor).label
    follow(session, actor, found, name, label, reason)


def follow(
    session: Session,
    actor: Actor,
    found: Milestone,
    name: str,
    label: str,
    reason: str,
    who: str = "",
) -> None:
    """What comes after a step that was taken: the payment, the next holder, record and notices."""
    found.reason = reason
    rules = found.project.rules
    if found.state is MilestoneState.PASSED:
        found.decided_at = clock.now()
        hand(found, None)
        release(session, found)
    elif found.state is MilestoneState.FAILED:
        found.decided_at = clock.now()
        hand(found, None)
        void(session, found, "里程碑未通过")
    elif found.state is MilestoneState.RECTIFY:
        found.rectified = True
        hand(found, Turn.SOLVER, days(rules.rectify_days))
    elif found.state is MilestoneState.CHECKING:
        hand(found, Turn.OPERATOR, days(rules.judge_days))
        ask = "请分派专家确认里程碑" if found.by_expert else "请确认里程碑"
        tell_platform(session, found.project, f"{ask}“{found.label}”")
    else:
        hand(found, Turn.CLIENT, days(rules.judge_days))
    note(session, actor, found.project, name, f"{label}：{found.label}", reason, who=who,
         target=("milestone", found.id), after=found.state.value)  # fmt: skip
    text = f"{found.label}{'：' + reason if reason else ''}"
    for party in Party:
        if found.project.side_of(actor) is not party:
            tell(session, found.project, party, WORDS[name], actor, text)
    refresh(session, found.project)


def _running(found: Milestone) -> None:
    if found.project.state is not ProjectState.RUNNING:
        raise Conflict("项目不在实施中，不能再办理里程碑。")

"""What reviews add to 我的待办: the expert's own, and for operators what is to be organised."""

from __future__ import annotations

from flask import url_for
from sqlalchemy.orm import Session

from jiebang.boards.views.todo import Task
from jiebang.core.permissions import Actor, Permission

from .. import queries
from ..models import Stage
from ..workflow import UNDER_WAY, AssignmentState


def tasks(session: Session, who: Actor) -> tuple[list[Task], list[Task]]:
    """Reviews to declare on or to write; panels to open or to conclude, and those at work."""
    mine: list[Task] = []
    theirs: list[Task] = []
    for part in queries.desk(session, who):
        if part.state not in UNDER_WAY:
            continue
        first = part.state is AssignmentState.ASSIGNED
        what = "需求评审" if part.panel.stage is Stage.NEED else "揭榜评审"
        mine.append(
            Task(
                url_for("reviews.part", assignment_id=part.id),
                f"{what} {part.panel.listing.code}",
                "先声明是否需要回避，再看材料" if first else "逐项打分，每项写一句话",
                part.due,
                "去声明" if first else "去评审",
            )
        )
    if not who.can(Permission.LISTING_REVIEW):
        return mine, theirs
    for listing, number, due in queries.waiting_rounds(session):
        url = url_for("reviews.of", code=listing.code, stage=Stage.RESPONSES.value)
        mine.append(Task(url, listing.title, f"{number} 份揭榜待组织专家评审", due, "去分派"))
    for panel in queries.at_work(session):
        url = url_for("reviews.of", code=panel.listing.code, stage=panel.stage.value)
        left = [each for each in panel.assignments if each.state in UNDER_WAY]
        done = len(queries.submitted(panel))
        if left:
            meta = f"专家评审 · 已交 {done} 份，等 {len(left)} 位专家"
            theirs.append(Task(url, panel.listing.title, meta, panel.due, "查看"))
        else:
            meta = f"专家评审 · 已交 {done} 份，请结束评审或增加专家"
            mine.append(Task(url, panel.listing.title, meta, panel.due, "去处理"))
    return mine, theirs

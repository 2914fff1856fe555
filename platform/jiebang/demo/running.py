"""The demonstration's running project: agreed by both, its first milestone passed and paid."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from jiebang.boards.agreements import queries as agreement_queries
from jiebang.boards.agreements import services as agreements
from jiebang.boards.responses import queries as response_queries
from jiebang.boards.responses import services as responses
from jiebang.boards.responses.services.filing import Reply
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.technology.projects import queries
from jiebang.technology.projects import services as projects

from .dealings import actor, listing

TEXTS = {
    "leader": "陈工",
    "approach": "先在本单位的合同审核流程里试用，核对结果达到指标后推广到下属公司。",
    "basis": "现有历史合同两万份，可脱敏后用于测试。",
    "plan": "第一个月接入，第二、三个月试用，第四个月验收。",
    "team": "研发 2 人，法务 2 人。",
}
ROWS = (
    ("接入方案", "接入方案经双方确认", 10_000_000),
    ("系统接入", "接入合同审核流程，二百份样本跑通", 14_000_000),
    ("试运行", "连续试用三十天，核对记录双方签认", 14_000_000),
    ("项目验收", "约定的指标全部实测达到", 10_000_000),
)
"""Label, condition, fen; 480,000 yuan together."""


def load(session: Session) -> None:
    """The manager's firm takes an outcome of the professor's university into use."""
    manager, professor = actor(session, "rd"), actor(session, "professor")
    outcome = listing(session, professor, Board.OUTCOME, "法律文本")
    total = sum(amount for _, _, amount in ROWS)
    draft = responses.begin(session, manager, outcome)
    replies = [Reply("met", "满足本单位试用要求。") for _ in draft.answers]
    responses.save(session, manager, draft, TEXTS, total, replies)
    session.flush()
    filed = response_queries.response(session, draft.id, manager, lock=True)
    responses.file(session, manager, filed)
    responses.select(session, professor, filed)
    session.flush()
    agreement = agreement_queries.live_of(session, filed.id)
    assert agreement is not None
    written = _written({**agreement.newest.content}, total)
    agreements.save(session, professor, agreement, agreement.number, written)
    agreements.propose(session, professor, agreement)
    for who in (professor, manager):
        agreements.confirm(session, who, agreement, agreement.newest.hash)
    session.flush()
    project = queries.of_agreement(session, agreement.id)
    assert project is not None
    [first, *_] = queries.milestones(session, project.id)
    report = "接入方案已由双方项目组讨论三次并定稿。"
    projects.milestones.file(session, professor, first, report, [], Path(), 0)
    projects.milestones.judge(session, manager, first, "pass", "方案可行，按此实施。")
    [paid, *_] = queries.instalments(session, project.id)
    projects.paying.report(session, manager, paid, paid.left, clock.today(), "演示凭证 0001")
    projects.paying.answer(session, professor, paid, "confirm")


def _written(content: dict[str, Any], total: int) -> dict[str, Any]:
    """The draft with everything that both sides settled."""
    days = [clock.today() + timedelta(days=15 + 45 * n) for n in range(len(ROWS))]
    return {
        **content,
        "total": total,
        "ends": days[-1].isoformat(),
        "criteria": [{**row, "method": "双方现场检测"} for row in content["criteria"]],
        "instalments": [
            {"label": label, "condition": condition, "amount": amount, "due": day.isoformat()}
            for (label, condition, amount), day in zip(ROWS, days, strict=True)
        ],
        "ip": [{**row, "shares": {"1": 100, "2": 0}} for row in content["ip"]],
        "split": [{**row, "amount": total} for row in content["split"]],
    }

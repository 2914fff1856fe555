"""Objections: raised with evidence, decided with a reason, each within its clock."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from jiebang.boards.responses import services as responses
from jiebang.core import audit, clock, uploads
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import Actor, Line, Permission, Role
from jiebang.core.reasons import ReasonCode, chosen
from jiebang.core.uploads import Received
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices import queries as people
from jiebang.orgs.notices import services as notices

from .. import queries
from ..models import Objection, Publicity
from ..workflow import OBJECTION, PUBLICITY, ObjectionState
from .running import close_objections, tell_parties

TEXT_LIMIT, REASON_LIMIT = 2000, 500
PURPOSE = "objection"
OPEN_EACH = 3
"""So many undecided objections a person may have to one selection."""


def raise_objection(
    session: Session,
    actor: Actor,
    found: Publicity,
    text: str,
    *,
    for_organisation: bool = False,
    received: Received | None = None,
    folder: Path | None = None,
    limit: int = 0,
) -> Objection:
    """Takes an objection; Invalid for what is wrong with it, Conflict when the days are over.

    The caller holds the publicity's lock.
    """
    if not actor.can(Permission.OBJECTION_RAISE) or actor.user_id is None:
        raise Forbidden("请先登录再提出异议。")
    if not queries.takes_objections(found):
        raise Conflict(
            f"公示已于 {clock.day_text(found.ends)} 24:00 结束，现在是"
            f" {clock.moment_text(clock.now())}（北京时间，以服务器为准），不再接受异议。"
        )
    text = text.replace("\r\n", "\n").strip()
    errors = {}
    if len(text) < 10:
        errors["text"] = "请写清楚对什么有异议、依据是什么，至少 10 个字。"
    elif len(text) > TEXT_LIMIT:
        errors["text"] = f"最多 {TEXT_LIMIT} 字，现在 {len(text)} 字。"
    if errors:
        raise Invalid(errors)
    mine = [
        each for each in queries.own(session, found, actor) if each.state is ObjectionState.OPEN
    ]
    if len(mine) >= OPEN_EACH:
        raise Conflict(f"您已有 {OPEN_EACH} 件异议在处理，请等待答复。")
    upload = None
    if received is not None and folder is not None:
        upload = uploads.store(
            session, actor, received, folder=folder, limit=limit, purpose=PURPOSE,
            organisation_id=None, kinds=uploads.DOCUMENTS,
        )  # fmt: skip
    made = Objection(
        publicity_id=found.id,
        state=ObjectionState.OPEN,
        user_id=actor.user_id,
        organisation_id=actor.organisation_id if for_organisation else None,
        text=text,
        upload_id=upload.id if upload else None,
        raised_at=clock.now(),
        due=add_working_days(clock.today(), found.objection_days),
    )
    made.publicity = found
    session.add(made)
    session.flush()
    _record(session, actor, made, "raised")
    notices.tell(
        session, people.with_role(session, Role.OPERATOR), f"收到公示异议：{found.listing.code}",
        f"/objections/{made.id}", f"应在 {clock.day_text(made.due)} 前作出决定并说明理由。",
    )  # fmt: skip
    tell_parties(session, found, "公示收到异议", "平台正在核实，有结果会通知您。")
    return made


def withdraw(session: Session, actor: Actor, found: Objection) -> None:
    """The objector takes it back."""
    if refusal := OBJECTION.refusal("withdraw", found, actor):
        raise refusal
    OBJECTION.apply("withdraw", found, actor)
    found.decided_at = clock.now()
    _record(session, actor, found, "withdraw")
    tell_parties(session, found.publicity, "一件公示异议已撤回")


def decide(
    session: Session, actor: Actor, found: Objection, name: str, reason: str, code: str = ""
) -> None:
    """The platform's decision, with a sentence that the objector and both sides read. Upheld, the
    selection is undone with the chosen code. The caller holds the lock (`queries.objection`)."""
    if name not in ("uphold", "reject"):
        raise NotFound
    if refusal := OBJECTION.refusal(name, found, actor):
        raise refusal
    reason = reason.replace("\r\n", "\n").strip()
    picked = chosen(Line.TECHNOLOGY, code) if name == "uphold" else None
    errors = {}
    if name == "uphold" and picked is None:
        errors["code"] = "异议成立会撤销选定，请选择原因。"
    if not reason:
        errors["reason"] = "请写明理由，提出人和双方都会看到。"
    elif len(reason) > REASON_LIMIT:
        errors["reason"] = f"最多 {REASON_LIMIT} 字，现在 {len(reason)} 字。"
    if errors:
        raise Invalid(errors)
    label = OBJECTION.apply(name, found, actor).label
    found.reason, found.decided_at, found.decided_by = reason, clock.now(), actor.user_id
    session.flush()
    _record(session, actor, found, name)
    notices.tell(
        session, [found.user_id], f"您的异议已答复（{label}）：{found.publicity.listing.code}",
        f"/objections/{found.id}", reason,
    )  # fmt: skip
    if picked is None:
        tell_parties(session, found.publicity, "一件公示异议不成立", reason)
    else:
        _overturn(session, actor, found, reason, picked)


def _overturn(
    session: Session, actor: Actor, found: Objection, reason: str, code: ReasonCode
) -> None:
    publicity = found.publicity
    PUBLICITY.apply("overturn", publicity, actor)
    publicity.closed_at = clock.now()
    close_objections(session, publicity)
    session.flush()
    audit.record(
        session, actor, "publicity.overturn", "publicity", publicity.id,
        organisation_id=publicity.response.issuer_id, after=publicity.state.value,
        reason=code.value,
    )  # fmt: skip
    words = f"公示期间的异议成立：{reason}"[:REASON_LIMIT]
    responses.overturn(session, actor, publicity.response, words, code)


def _record(session: Session, actor: Actor, found: Objection, name: str) -> None:
    audit.record(
        session, actor, f"objection.{name}", "objection", found.id,
        organisation_id=found.organisation_id, after=found.state.value,
        publicity=found.publicity_id,
    )  # fmt: skip

"""确认里程碑: the operator asks an expert; the expert declares, reads, confirms or sends back."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from jiebang.boards.reviews import queries as reviews
from jiebang.boards.reviews.models import DECLARATION
from jiebang.boards.reviews.workflow import UNDER_WAY, AssignmentState
from jiebang.core import audit, clock
from jiebang.core.errors import Invalid, NotFound
from jiebang.core.permissions import Actor, Permission
from jiebang.web import files
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform

from .. import queries, services
from ..models import Milestone, MilestoneCheck
from ..workflow import CONFIRMATION, Party, badge
from . import typed
from .acts import done
from .blueprint import blueprint
from .read import EXPERTS, names

S = AssignmentState


@blueprint.post("/projects/milestones/<int:milestone_id>/expert")
@access(Level.PERMISSION, Permission.LISTING_REVIEW)
def ask_expert(milestone_id: int) -> str | tuple[str, int] | Answer:
    """Asks an expert, or another one in place of the one asked before."""
    session, who = db(), actor()
    found = queries.part(session, Milestone, milestone_id, who)
    chosen = typed.number("expert")
    return done(
        found.project,
        f"milestone-{found.id}-expert",
        lambda: services.checking.ask(session, who, found, chosen, request.form.get("reason", "")),
        "已请专家确认，对方会收到通知。" if chosen else "已撤换，请另行分派。",
    )


def people(session: Session, found: Milestone, who: Actor) -> dict[str, Any] | None:
    """For the operator: whom to ask for a milestone and who was asked; None for everybody else."""
    if not who.can(Permission.LISTING_REVIEW) or found.belongs_to(who) or not found.by_expert:
        return None
    if found.state.value != "checking" and not found.checks:
        return None
    known = reviews.people(session, {each.expert_id for each in found.checks})
    gone = {each.expert_id for each in found.checks if each.state is S.RECUSED}
    busy = {found.asked.expert_id} if found.asked else set()
    return {
        "open": found.state.value == "checking",
        "asked": found.asked,
        "rows": [(known[each.expert_id], each, badge(each.state)) for each in found.checks],
        "experts": reviews.experts(session, found.project.party_ids, gone | busy),
    }


EXPERTS.append(people)


@blueprint.get("/projects/checks/<int:check_id>")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER, writes=True)
def check(check_id: int) -> str:
    """The expert's page: the declaration, then what was delivered. Each look is written down."""
    session, who = db(), actor()
    found = queries.check(session, check_id, who)
    if _shown(found):
        audit.record(
            session, who, "protected.read", "project", found.milestone.project_id, looker="expert",
        )  # fmt: skip
    return _page(found, {}, "")


@blueprint.post("/projects/checks/<int:check_id>/<any(accept,recuse,confirm,send_back):name>")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def answer_check(check_id: int, name: str) -> tuple[str, int] | Answer:
    """The expert's declaration, or decision."""
    session, who, reason = db(), actor(), request.form.get("reason", "")
    found = queries.check(session, check_id, who, lock=True)
    try:
        if name == "accept":
            services.checking.accept(session, who, found)
            flash("声明已记录，材料在下面。", "success")
            return redirect(url_for("projects.check", check_id=check_id), 303)
        if name == "recuse":
            services.checking.recuse(session, who, found, reason)
            flash("回避声明已记录，平台会另请他人。谢谢。", "success")
        else:
            services.checking.decide(session, who, found, name, reason)
            flash("结论已送达双方，谢谢。", "success")
    except Invalid as error:
        session.rollback()
        again = queries.check(session, check_id, who)
        return _page(again, {f"{name}-reason": each for each in error.errors.values()}, reason), 422
    return redirect(url_for("reviews.index"), 303)


@blueprint.get("/projects/checks/<int:check_id>/files/<int:evidence_id>")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def check_file(check_id: int, evidence_id: int) -> Answer:
    """A file of the milestone that the expert confirms; the look is written down."""
    session, who = db(), actor()
    found = queries.check(session, check_id, who)
    if not _shown(found) or evidence_id not in {each.id for each in found.milestone.evidence}:
        raise NotFound
    project = found.milestone.project
    upload = queries.file(session, project, evidence_id)
    audit.record(session, who, "protected.read", "project", project.id, looker="expert", file=True)
    session.commit()
    return files.serve(upload, platform().settings.uploads)


def _shown(found: MilestoneCheck) -> bool:
    """Before the declaration, after a recusal and once it is decided nothing is shown."""
    return found.state is S.REVIEWING and found.milestone.state.value == "checking"


def _page(found: MilestoneCheck, errors: dict[str, str], reason: str) -> str:
    session, who, milestone = db(), actor(), found.milestone
    project = milestone.project
    shown, waits = _shown(found), found.state in UNDER_WAY
    held = {evidence.id: upload for evidence, upload in queries.files(session, project.id)}
    return render_template(
        "projects/check.html",
        check=found,
        milestone=milestone,
        project=project,
        state=badge(found.state),
        waits=waits,
        overdue=waits and milestone.until is not None and milestone.until < clock.today(),
        parties=[names(session, project, party) for party in Party],
        may={each.name for each in CONFIRMATION.open_to(found, who)},
        shown=shown,
        evidence=milestone.evidence if shown else [],
        uploads=held if shown else {},
        indicators=services.accepting.indicators(session, project) if shown else [],
        declaration=DECLARATION,
        errors=errors,
        reason=reason,
    )


def on_desk(session: Session, who: Actor) -> list[dict[str, Any]]:
    """The expert's milestones, as the desk of reviews lists them."""
    rows = []
    for each in queries.checks_of(session, who):
        due, waits = each.milestone.until, each.state in UNDER_WAY
        rows.append(
            {
                "url": url_for("projects.check", check_id=each.id),
                "code": each.milestone.project.listing.code,
                "what": "确认里程碑",
                "state": badge(each.state),
                "assigned_at": each.assigned_at,
                "due": due if waits else None,
                "waits": waits,
                "overdue": waits and due is not None and due < clock.today(),
            }
        )
    return rows

"""项目: all projects of the organisation, and one of them as its reader may see it."""

from __future__ import annotations

from typing import Any

from flask import render_template
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from jiebang.boards.models import Listing
from jiebang.core import audit, clock, uploads
from jiebang.core.permissions import Actor
from jiebang.core.workflow import Stateful, Workflow
from jiebang.orgs.models import Organisation
from jiebang.web import files
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform

from ...grants.rules import INPUT_LABELS
from .. import queries
from ..models import TERMINATION_LABELS, Project, RequestKind
from ..services import accepting, granting, recovering
from ..services.requests import KIND_LABELS
from ..stages import stages
from ..words import standing, turn
from ..workflow import (
    ACCEPTANCE,
    GRANT_PAYMENT,
    INSTALMENT,
    MILESTONE,
    PARTY_LABELS,
    RECOVERY,
    REQUEST,
    TURN_LABELS,
    UNSETTLED,
    Party,
    ProjectState,
    badge,
)
from .blueprint import blueprint

EXPERTS: list[Any] = []
"""(session, milestone, actor) -> who may be asked to confirm it, for operators; filled by
`checks`, which needs this page's names."""
TABLES: dict[str, Workflow] = {
    "milestone": MILESTONE,
    "instalment": INSTALMENT,
    "acceptance": ACCEPTANCE,
    "request": REQUEST,
    "recovery": RECOVERY,
    "grant": GRANT_PAYMENT,
}


@blueprint.get("/projects/")
@access(Level.MEMBER)
def index() -> str:
    """The organisation's projects, those that wait for it first."""
    session, who = db(), actor()
    assert who.organisation_id is not None
    own = queries.of_organisation(session, who.organisation_id)
    parts = queries.waiting(session, [each.id for each in own])
    paid = queries.paid(session, [each.id for each in own])
    rows: list[dict[str, Any]] = [
        {"project": each, "state": badge(each.state), "side": PARTY_LABELS[side],
         "paid": paid.get(each.id, 0),
         "waiting": turn(each, side, [part for part in parts if part.project_id == each.id])}
        for each in own
        if (side := each.side_of(who)) is not None
    ]  # fmt: skip
    rows.sort(key=lambda row: not (row["waiting"] and row["waiting"].mine))
    return render_template("projects/index.html", rows=rows)


@blueprint.get("/projects/<int:project_id>")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def project(project_id: int) -> str:
    """One project, to its parties, and to the platform while something waits for it."""
    return page(queries.project(db(), project_id, actor()))


def page(
    found: Project,
    failed: str = "",
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> str:
    """The page. `failed` is the key of the form that was refused: it stands open, with what was
    typed and what is wrong with it."""
    session, who = db(), actor()
    side = found.side_of(who)
    milestones = list(queries.milestones(session, found.id))
    instalments = list(queries.instalments(session, found.id))
    held = dict(queries.files(session, found.id))
    uploads_of = {evidence.id: upload for evidence, upload in held.items()}
    requests = queries.requests(session, found.id)
    asked = {each.kind for each in requests if each.state in UNSETTLED}
    may_ask = side is not None and who.acts_in(found.line)
    running = found.state is ProjectState.RUNNING
    refused = accepting.ready(session, found)
    experts = {each.id: made for each in milestones for ask in EXPERTS
               if (made := ask(session, each, who)) is not None}  # fmt: skip
    extension = may_ask and running and not found.extended_months
    return render_template(
        "projects/project.html",
        project=found,
        side=side,
        side_label=PARTY_LABELS[side] if side else "",
        client=names(session, found, Party.CLIENT),
        solver=names(session, found, Party.SOLVER),
        state=badge(found.state),
        stages=stages(found, milestones, sum(each.paid for each in instalments)),
        waiting=turn(found, side, queries.waiting(session, [found.id])),
        badge=badge,
        turns=TURN_LABELS,
        today=clock.today(),
        may={
            f"{kind}-{row.id}": _may(table, row, who)
            for kind, table, rows in (
                ("milestone", MILESTONE, milestones),
                ("instalment", INSTALMENT, instalments),
                ("acceptance", ACCEPTANCE, queries.acceptances(session, found.id)),
                ("request", REQUEST, requests),
                ("recovery", RECOVERY, queries.recoveries(session, found.id)),
                ("grant", GRANT_PAYMENT, queries.grants(session, found.id)),
            )
            for row in rows
        },
        milestones=milestones,
        standing=standing,
        experts=experts,
        instalments=instalments,
        paid=sum(each.paid for each in instalments),
        payable=sum(each.amount - each.paid for each in instalments
                    if each.state.value in ("payable", "reported")),
        acceptances=queries.acceptances(session, found.id),
        uploads=uploads_of,
        requests=[each for each in requests if each.state in UNSETTLED],
        kinds=KIND_LABELS,
        parties=PARTY_LABELS,
        may_extend=extension and RequestKind.EXTENSION not in asked,
        may_terminate=may_ask
        and found.state in (ProjectState.RUNNING, ProjectState.ACCEPTING)
        and RequestKind.TERMINATION not in asked,
        may_accept=side is Party.SOLVER and may_ask and not refused,
        accept_refused=refused if side is Party.SOLVER and running else "",
        may_claim=side is Party.CLIENT
        and may_ask
        and found.state is ProjectState.TERMINATED
        and recovering.returnable(session, found) > 0,
        returnable=recovering.returnable(session, found),
        recoveries=queries.recoveries(session, found.id),
        grants=queries.grants(session, found.id),
        offers=[
            {"table": table, "name": name,
             "inputs": granting.asked_inputs(version.parsed())}
            for table, version, name in (granting.offers(session, found) if may_ask else [])
        ],
        input_labels=INPUT_LABELS,
        codes=list(TERMINATION_LABELS.items()),
        termination=TERMINATION_LABELS[found.reason_code] if found.reason_code else "",
        accept=uploads.accept_of(uploads.DOCUMENTS),
        file_kinds=uploads.names_of(uploads.DOCUMENTS),
        upload_limit=platform().settings.upload_limit // (1024 * 1024),
        events=[
            {"time_text": clock.moment_text(each.at), "title": each.label, "text": each.reason,
             "actor": each.who}
            for each in reversed(queries.events(session, found.id))
        ],
        failed=failed,
        errors=errors or {},
        typed=typed or {},
    )  # fmt: skip


def _may(table: Workflow, row: Stateful, who: Actor) -> list[dict[str, Any]]:
    """The acts that are open to the reader, as the page's forms draw them."""
    return [
        {"name": each.name, "label": each.label, "tone": each.tone, "reason": each.needs_reason}
        for each in table.open_to(row, who)
    ]


def names(session: Session, found: Project, party: Party) -> str:
    """A side's organisations by name: both sides have signed with each other."""
    return "、".join(session.get_one(Organisation, each).name for each in found.ids_of(party))


@blueprint.get("/projects/<int:project_id>/files/<int:evidence_id>")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def file(project_id: int, evidence_id: int) -> Answer:
    """A file that was handed in; the platform's look at one is written down."""
    session, who = db(), actor()
    found = queries.project(session, project_id, who)
    upload = queries.file(session, found, evidence_id)
    if found.side_of(who) is None:
        audit.record(session, who, "protected.read", "project", found.id, file=True)
        session.commit()
    return files.serve(upload, platform().settings.uploads)


def on_listing(session: Session, listing: Listing, who: Actor) -> Markup | str:
    """On a listing's page: one's own projects on it."""
    if who.organisation_id is None:
        return ""
    rows = [(each, badge(each.state)) for each in queries.on_listing(session, listing.id, who)]
    if not rows:
        return ""
    return Markup(render_template("projects/_on_listing.html", rows=rows))  # noqa: S704

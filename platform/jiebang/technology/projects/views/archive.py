"""下载项目档案: for the parties at once, for an operator with a reason that is written down."""

from __future__ import annotations

from urllib.parse import quote

from flask import render_template, request, send_file
from sqlalchemy import select
from werkzeug.wrappers import Response as Answer

from jiebang.boards.agreements.models import Agreement
from jiebang.core import audit
from jiebang.core.errors import NotFound
from jiebang.core.permissions import Permission
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform
from jiebang.web.pagination import Page, page_number

from ...contracts.pdf import render
from ...contracts.views.paper import printed
from .. import queries
from ..models import Project
from ..services import archive as archives
from ..services.steps import note, sentence, tell_both
from ..words import turn
from ..workflow import badge
from .blueprint import blueprint

SHOWN = 50


@blueprint.get("/projects/<int:project_id>/archive")
@access(Level.MEMBER, tenancy=Tenancy.OWNER, writes=True)
def archive(project_id: int) -> Answer:
    """The ZIP for a party; that somebody took it is written down."""
    session, who = db(), actor()
    found = queries.project(session, project_id, who)
    if found.side_of(who) is None:
        raise NotFound
    audit.record(session, who, "project.archive_read", "project", found.id,
                 organisation_id=who.organisation_id)  # fmt: skip
    return _sent(found)


@blueprint.get("/operations/projects")
@access(Level.PERMISSION, Permission.LISTING_REVIEW)
def overview() -> str:
    """Every project by what waits, for the operator: titles and dates, no contents."""
    found = queries.everything(db(), page_number() - 1, SHOWN)
    parts = queries.waiting(db(), [each.id for each in found])
    return render_template(
        "projects/overview.html",
        rows=[
            (each, badge(each.state),
             turn(each, None, [part for part in parts if part.project_id == each.id]))
            for each in found
        ],
        page=Page(page_number(), queries.count(db()), SHOWN),
    )  # fmt: skip


@blueprint.post("/operations/projects/<int:project_id>/archive")
@access(Level.PERMISSION, Permission.LISTING_REVIEW)
def archive_for_operator(project_id: int) -> Answer:
    """The same for an operator: both parties read who looked and why."""
    session, who = db(), actor()
    found = session.scalars(select(Project).where(Project.id == project_id)).unique().first()
    if found is None:
        raise NotFound
    reason = sentence(request.form.get("reason", ""))
    note(session, who, found, "archive_read", "平台运营查看项目档案", reason)
    tell_both(session, found, "平台运营查看了项目档案", who, reason)
    session.flush()
    return _sent(found)


def _sent(found: Project) -> Answer:
    session, settings = db(), platform().settings
    file = archives.build(session, actor(), found, settings.uploads, _paper(found))
    name = f"项目档案-{found.listing.code}.zip"
    response = send_file(file, mimetype="application/zip", etag=False, conditional=False)
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"project-{found.id}.zip\"; filename*=UTF-8''{quote(name)}"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _paper(found: Project) -> bytes:
    agreement = db().get_one(Agreement, found.agreement_id)
    return render(printed(agreement, agreement.newest))

"""Acts on milestones, on the acceptance, and what one party asks of the other."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from jiebang.core import uploads
from jiebang.core.errors import Forbidden, Invalid
from jiebang.core.permissions import Permission
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform

from .. import queries, services
from ..models import Acceptance, Measured, Milestone, Project, Request, RequestKind
from ..services.accepting import HOW_LIMIT, MEASURED_LIMIT, SUMMARY_LIMIT
from ..services.accepting import Answer as Measurement
from ..workflow import Party
from . import typed
from .blueprint import blueprint
from .read import page

MEASURED_LABELS = {Measured.MET: "达到", Measured.PARTLY: "部分达到", Measured.UNMET: "未达到"}


def done(
    found: Project, key: str, act: Callable[[], object], words: str
) -> str | tuple[str, int] | Answer:
    """Does it and goes back to the page; what is refused stands there with what was typed."""
    project_id = found.id
    try:
        act()
    except Invalid as error:
        db().rollback()
        again = queries.project(db(), project_id, actor())
        return page(again, key, error.errors, dict(request.form)), 422
    flash(words, "success")
    # whoever acted for the platform may not read it any more
    who = actor()
    if found.side_of(who) is None:
        return redirect(url_for("boards.todo"), 303)
    return redirect(url_for("projects.project", project_id=project_id), 303)


@blueprint.post("/projects/milestones/<int:milestone_id>/file")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def file_milestone(milestone_id: int) -> str | tuple[str, int] | Answer:
    """Hands in what was delivered."""
    session, who, settings = db(), actor(), platform().settings
    found = queries.part(session, Milestone, milestone_id, who)
    return done(
        found.project,
        f"milestone-{found.id}-file",
        lambda: services.milestones.file(
            session, who, found, request.form.get("text", ""), typed.received(),
            settings.uploads, settings.upload_limit,
        ),
        "已提交，请等委托方评定。",
    )  # fmt: skip


@blueprint.post(
    "/projects/milestones/<int:milestone_id>/"
    "<any('pass',recommend,waive,waive_check,rectify,fail,confirm,send_back):name>"
)
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def judge(milestone_id: int, name: str) -> str | tuple[str, int] | Answer:
    """The client's judgement, or the platform's."""
    session, who = db(), actor()
    found = queries.part(session, Milestone, milestone_id, who)
    return done(
        found.project,
        f"milestone-{found.id}-{name}",
        lambda: services.milestones.judge(
            session, who, found, name, request.form.get("reason", "")
        ),
        "已办理，已通知对方。",
    )


@blueprint.get("/projects/<int:project_id>/acceptance")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def acceptance(project_id: int) -> str:
    """The form: each indicator of the need with its measured value."""
    found = queries.project(db(), project_id, actor())
    return _acceptance(found, {}, {})


def _acceptance(found: Project, values: dict[str, str], errors: dict[str, str]) -> str:
    session = db()
    refused = services.accepting.ready(session, found)
    if found.side_of(actor()) is not Party.SOLVER:
        refused = "提交验收由实施方办理。"
    return render_template(
        "projects/acceptance.html",
        project=found,
        indicators=services.accepting.indicators(session, found),
        verdicts=MEASURED_LABELS,
        refused=refused,
        typed=values,
        errors=errors,
        limits={"summary": SUMMARY_LIMIT, "measured": MEASURED_LIMIT, "how": HOW_LIMIT},
        accept=uploads.accept_of(uploads.DOCUMENTS),
        file_kinds=uploads.names_of(uploads.DOCUMENTS),
        upload_limit=platform().settings.upload_limit // (1024 * 1024),
    )


@blueprint.post("/projects/<int:project_id>/acceptance")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def file_acceptance(project_id: int) -> str | tuple[str, int] | Answer:
    """Hands in the acceptance; what was typed stays when something is missing."""
    session, who, settings, form = db(), actor(), platform().settings, request.form
    found = queries.project(session, project_id, who, lock=True)
    if found.side_of(who) is not Party.SOLVER:
        raise Forbidden("“提交验收”由实施方办理。")
    answers = [
        Measurement(
            form.get(f"measured-{n}", ""), form.get(f"verdict-{n}", ""), form.get(f"how-{n}", "")
        )
        for n in range(len(services.accepting.indicators(session, found)))
    ]
    try:
        services.accepting.file(
            session, who, found, form.get("summary", ""), answers, typed.received(),
            settings.uploads, settings.upload_limit,
        )  # fmt: skip
    except Invalid as error:
        session.rollback()
        again = queries.project(session, project_id, who)
        return _acceptance(again, dict(form), error.errors), 422
    flash("验收已提交，请等委托方给出结论。", "success")
    return redirect(url_for("projects.project", project_id=project_id), 303)


@blueprint.post(
    "/projects/acceptances/<int:acceptance_id>/"
    "<any('pass',recommend,condition,fail,confirm,send_back):name>"
)
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def decide(acceptance_id: int, name: str) -> str | tuple[str, int] | Answer:
    """The client's decision, or the platform's."""
    session, who = db(), actor()
    found = queries.part(session, Acceptance, acceptance_id, who)
    return done(
        found.project,
        f"acceptance-{found.id}-{name}",
        lambda: services.accepting.decide(
            session, who, found, name, request.form.get("reason", ""), typed.day("by")
        ),
        "已办理，已通知对方。",
    )


@blueprint.post("/projects/acceptances/<int:acceptance_id>/supplement")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def supplement(acceptance_id: int) -> str | tuple[str, int] | Answer:
    """What was done about the conditions."""
    session, who = db(), actor()
    found = queries.part(session, Acceptance, acceptance_id, who)
    return done(
        found.project,
        f"acceptance-{found.id}-supplement",
        lambda: services.accepting.supplement(session, who, found, request.form.get("reason", "")),
        "补充已提交，请等委托方复核。",
    )


@blueprint.post("/projects/<int:project_id>/ask/<any(extension,termination):kind>")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def ask(project_id: int, kind: str) -> str | tuple[str, int] | Answer:
    """Asks the other side for an extension, or to end the project."""
    session, who, form = db(), actor(), request.form
    found = queries.project(session, project_id, who, lock=True)
    return done(
        found,
        f"project-{kind}",
        lambda: services.requests.ask(
            session, who, found, RequestKind(kind), form.get("reason", ""),
            months=typed.number("months"), code=form.get("code", ""),
        ),
        "已提出，请等对方答复。",
    )  # fmt: skip


@blueprint.post("/projects/requests/<int:request_id>/<any(end,go_on):name>")
@access(Level.PERMISSION, Permission.LISTING_REVIEW)
def mediate(request_id: int, name: str) -> str | tuple[str, int] | Answer:
    """An operator's decision on a termination that the other side refused."""
    session, who = db(), actor()
    found = queries.part(session, Request, request_id, who)
    return done(
        found.project,
        f"request-{found.id}-{name}",
        lambda: services.requests.mediate(
            session, who, found, name, request.form.get("reason", "")
        ),
        "结论已送达双方。",
    )


@blueprint.post("/projects/requests/<int:request_id>/<any(agree,refuse,object,withdraw):name>")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def reply(request_id: int, name: str) -> str | tuple[str, int] | Answer:
    """Answers what the other side asked, or takes one's own back."""
    session, who = db(), actor()
    found = queries.part(session, Request, request_id, who)
    return done(
        found.project,
        f"request-{found.id}-{name}",
        lambda: services.requests.answer(session, who, found, name, request.form.get("reason", "")),
        "已办理，已通知对方。",
    )

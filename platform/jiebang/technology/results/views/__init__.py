"""成果公示: what came of it, for everybody; and the parties' words on their own case."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from jiebang.boards.documents import INDUSTRY_LABELS as LABELS
from jiebang.core.errors import Invalid, NotFound
from jiebang.discovery import views as discovery
from jiebang.web import navigation
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.navigation import Entry

from ...projects.models import Project
from ...projects.workflow import Party
from .. import queries, services
from ..models import TEXT_LIMIT, TITLE_LIMIT, Case

blueprint = Blueprint("results", __name__, template_folder="../templates")
SHOWN = 60


def register(app: Flask) -> None:
    """Adds the routes, the menu entry, and the counters of the start page."""
    app.register_blueprint(blueprint)
    if on_start not in discovery.ON_START:
        discovery.ON_START.append(on_start)
    navigation.add(app, Entry(25, "成果公示", "results.index", lambda who: who.user_id is None))


@blueprint.get("/results/")
@access(Level.ANYONE)
def index() -> str:
    """Counters of true outcomes, by industry, and the cases that both parties show."""
    session = db()
    counts = queries.by_industry(session)
    return render_template(
        "results/index.html",
        total=queries.total(counts),
        granted=queries.granted(session),
        rows=sorted(
            ((LABELS.get(industry, "未分行业"), each) for industry, each in counts.items()),
            key=lambda row: (-row[1].signed, row[0]),
        ),
        cases=[_drawn(each) for each in queries.cases(session, SHOWN)],
    )


@blueprint.get("/results/<int:case_id>")
@access(Level.ANYONE, tenancy=Tenancy.VIEWER)
def case(case_id: int) -> str:
    """One case."""
    return render_template("results/case.html", case=_drawn(queries.public(db(), case_id)))


def on_start(session: Session) -> Markup | str:
    """Counters of true outcomes for the start page; nothing before the first agreement."""
    total = queries.total(queries.by_industry(session))
    if not total.signed:
        return ""
    return Markup(render_template("results/on_start.html", total=total))  # noqa: S704


def _drawn(found: Case) -> dict[str, object]:
    session = db()
    return {
        "id": found.id,
        "title": found.title,
        "text": found.text,
        "client": queries.shown_name(session, found, Party.CLIENT),
        "solver": queries.shown_name(session, found, Party.SOLVER),
        "industry": LABELS.get(found.project.listing.industry, ""),
        "accepted_at": found.project.accepted_at,
        "published_at": found.published_at,
    }


@blueprint.get("/projects/<int:project_id>/result")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def edit(project_id: int) -> str:
    """The words, and who agreed to them."""
    project, found = queries.for_party(db(), project_id, actor())
    return _page(project, found, {}, {})


def _page(
    project: Project, found: Case | None, typed: dict[str, str], errors: dict[str, str]
) -> str:
    side = project.side_of(actor())
    assert side is not None
    agreed = None
    if found is not None:
        agreed = found.client_agreed_at if side is Party.CLIENT else found.solver_agreed_at
    return render_template(
        "results/edit.html",
        project=project,
        case=found,
        shown=_drawn(found) if found is not None else None,
        agreed=agreed,
        may_be_named=not services.anonymous(project, side),
        typed=typed,
        errors=errors,
        limits={"title": TITLE_LIMIT, "text": TEXT_LIMIT},
    )


@blueprint.post("/projects/<int:project_id>/result")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def save(project_id: int) -> str | tuple[str, int] | Answer:
    """Writes the words; what is refused stays typed."""
    session, who, form = db(), actor(), request.form
    project, found = queries.for_party(session, project_id, who, lock=True)
    try:
        services.write(session, who, project, found, form.get("title", ""), form.get("text", ""))
    except Invalid as error:
        return _page(project, found, dict(form), error.errors), 422
    flash("已保存，双方都同意后公示。", "success")
    return redirect(url_for("results.edit", project_id=project_id), 303)


@blueprint.post("/projects/<int:project_id>/result/<any(agree,withdraw):name>")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def answer(project_id: int, name: str) -> str | tuple[str, int] | Answer:
    """Agrees, or takes it down."""
    session, who, form = db(), actor(), request.form
    project, found = queries.for_party(session, project_id, who, lock=True)
    if found is None:
        raise NotFound
    if name == "withdraw":
        services.withdraw(session, who, project, found)
        flash("已撤回，公众看不到了。", "success")
    else:
        text = form.get("version", "")
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
        try:
            services.agree(session, who, project, found, number, named=form.get("named") == "1")
        except Invalid as error:
            return _page(project, found, {}, error.errors), 422
        flash("已同意。" + ("双方都同意，已公示。" if found.published_at else "等对方同意。"),
              "success")  # fmt: skip
    return redirect(url_for("results.edit", project_id=project_id), 303)

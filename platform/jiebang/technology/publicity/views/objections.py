"""Objections: the form, the objector's page, the platform's decision."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from jiebang.accounts.models import User
from jiebang.core import uploads
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import Line, Permission
from jiebang.core.reasons import choices
from jiebang.core.uploads import DOCUMENTS, Received, Upload, UploadRefused, accept_of
from jiebang.orgs.models import Organisation
from jiebang.web import files
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform

from .. import queries, services
from ..models import Objection
from ..services.deciding import TEXT_LIMIT
from ..workflow import OBJECTION, OBJECTION_LABELS, OBJECTION_TONES, ObjectionState
from .blueprint import blueprint
from .shown import shown


@blueprint.get("/publicity/<int:publicity_id>/objection")
@access(Level.SIGNED_IN)
def write(publicity_id: int) -> str:
    """The form; visitors come here after signing in."""
    return _form(publicity_id, {}, {})


@blueprint.post("/publicity/<int:publicity_id>/objection")
@access(Level.SIGNED_IN)
def send(publicity_id: int) -> str | tuple[str, int] | Answer:
    """Hands it in."""
    session, who, form = db(), actor(), request.form
    found = queries.publicity(session, publicity_id, lock=True)
    settings, file = platform().settings, request.files.get("file")
    received = Received(file.stream, file.filename) if file and file.filename else None  # type: ignore[arg-type]
    try:
        made = services.raise_objection(
            session, who, found, form.get("text", ""),
            for_organisation=form.get("for_organisation") == "1" and who.seat is not None,
            received=received, folder=settings.uploads, limit=settings.upload_limit,
        )  # fmt: skip
    except Invalid as error:
        return _form(publicity_id, error.errors, dict(form)), 422
    except UploadRefused as error:
        return _form(publicity_id, {"file": error.message}, dict(form)), 422
    except Conflict as error:
        return _form(publicity_id, {"": error.message}, dict(form)), error.status
    flash("异议已提交，平台会在期限内答复您。", "success")
    return redirect(url_for("publicity.objection", objection_id=made.id), 303)


def _form(publicity_id: int, errors: dict[str, str], typed: dict[str, str]) -> str:
    session, who = db(), actor()
    found = queries.publicity(session, publicity_id)
    return render_template(
        "publicity/write.html",
        it=shown(session, found, who),
        days=found.objection_days,
        seat=who.seat,
        accept=accept_of(DOCUMENTS),
        kinds=uploads.names_of(DOCUMENTS),
        limit=TEXT_LIMIT,
        megabytes=platform().settings.upload_limit // (1024 * 1024),
        errors=errors,
        typed=typed,
    )


@blueprint.get("/objections/<int:objection_id>")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def objection(objection_id: int) -> str:
    """One objection, to who raised it and to who decides."""
    return _page(queries.objection(db(), objection_id, actor()), {}, {})


def _page(found: Objection, errors: dict[str, str], typed: dict[str, str]) -> str:
    session, who = db(), actor()
    organisation = (
        session.get(Organisation, found.organisation_id) if found.organisation_id else None
    )
    may = {t.name for t in OBJECTION.open_to(found, who)}
    return render_template(
        "publicity/objection.html",
        objection=found,
        it=shown(session, found.publicity, who),
        who=session.get_one(User, found.user_id).display_name,
        organisation=organisation.name if organisation else "",
        file=session.get(Upload, found.upload_id) if found.upload_id else None,
        state=(OBJECTION_LABELS[found.state], OBJECTION_TONES[found.state]),
        open=found.state is ObjectionState.OPEN,
        may=may,
        barred=found.state is ObjectionState.OPEN
        and who.can(Permission.LISTING_REVIEW)
        and "reject" not in may,
        codes=choices(Line.TECHNOLOGY),
        errors=errors,
        typed=typed,
    )


@blueprint.get("/objections/<int:objection_id>/file")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def evidence(objection_id: int) -> Answer:
    """The evidence that was handed in."""
    session = db()
    found = queries.objection(session, objection_id, actor())
    upload = session.get(Upload, found.upload_id) if found.upload_id else None
    if upload is None:
        raise NotFound
    return files.serve(upload, platform().settings.uploads)


@blueprint.post("/objections/<int:objection_id>/withdraw")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def withdraw(objection_id: int) -> Answer:
    """Takes it back."""
    session, who = db(), actor()
    services.withdraw(session, who, queries.objection(session, objection_id, who, lock=True))
    flash("异议已撤回。", "success")
    return redirect(url_for("publicity.objection", objection_id=objection_id), 303)


@blueprint.post("/objections/<int:objection_id>/<any(uphold,reject):name>")
@access(Level.PERMISSION, Permission.LISTING_REVIEW)
def decide(objection_id: int, name: str) -> tuple[str, int] | Answer:
    """The platform's decision."""
    session, who, form = db(), actor(), request.form
    found = queries.objection(session, objection_id, who, lock=True)
    try:
        services.decide(session, who, found, name, form.get("reason", ""), form.get("code", ""))
    except Invalid as error:
        return _page(found, error.errors, dict(form)), 422
    flash("决定已送达提出人和双方。", "success")
    return redirect(url_for("publicity.objection", objection_id=objection_id), 303)

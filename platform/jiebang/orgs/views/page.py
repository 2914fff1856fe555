"""An organisation's public page; operators suspend and resume from here."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from jiebang.core import terms
from jiebang.core.errors import Invalid
from jiebang.core.permissions import Permission
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform

from .. import queries, services
from ..forms import SuspendForm
from ..models import Organisation, OrganisationState
from ..sections import PAGE_SECTIONS
from ..terms import CATEGORY_LABELS, CULTIVATION_LABELS, SIZE_LABELS
from ..workflow import VERIFICATION
from .blueprint import blueprint

DONE = {
    "vouch": "已标记为核验通过。",
    "suspend": "已暂停资格，该单位管理员会收到通知。",
    "resume": "已恢复资格，该单位管理员会收到通知。",
}


@blueprint.get("/organisations/<int:organisation_id>")
@access(Level.ANYONE, tenancy=Tenancy.VIEWER)
def page(organisation_id: int) -> str:
    """What everybody may know."""
    return _page(organisation_id, SuspendForm())


def _page(organisation_id: int, form: SuspendForm) -> str:
    session, who = db(), actor()
    found = queries.organisation(session, organisation_id)
    sections = [section(session, found.id, who) for section in PAGE_SECTIONS]
    operates = who.can(Permission.ORGANISATION_VERIFY)
    return render_template(
        "orgs/page.html",
        found=found,
        badges=_badges(found),
        facts=[
            ("单位类别", CATEGORY_LABELS[found.category]),
            ("企业规模", SIZE_LABELS[found.size] if found.size else ""),
            ("所在地区", found.region),
            ("产业领域", terms.INDUSTRY_LABELS.get(found.industry, "")),
            ("产业链", found.chain),
        ],
        sections=[section for section in sections if section],
        mine=found.id == who.organisation_id,
        claimable=not found.claimed,
        transitions=[
            each for each in VERIFICATION.open_to(found, who) if operates and each.name in DONE
        ],
        form=form,
    )


def _badges(found: Organisation) -> list[tuple[str, str]]:
    badges = []
    if found.verified:
        badges.append(("已核验", "good"))
    elif found.state is OrganisationState.SUSPENDED:
        badges.append(("资格暂停", "bad"))
    elif not found.claimed:
        badges.append(("待认领", "warn"))
    else:
        badges.append(("未核验", "neutral"))
    if found.chain_leader:
        badges.append(("链主", "info"))
    if found.cultivation:
        badges.append((CULTIVATION_LABELS[found.cultivation], "info"))
    return badges


@blueprint.post("/organisations/<int:organisation_id>/<any(vouch,suspend,resume):name>")
@access(Level.PERMISSION, Permission.ORGANISATION_VERIFY)
def oversee(organisation_id: int, name: str) -> str | tuple[str, int] | Response:
    """An operator vouches for, suspends or resumes an organisation."""
    session, who, form = db(), actor(), SuspendForm()
    try:
        if name == "vouch":
            services.vouch(session, who, organisation_id)
        else:
            services.suspend(
                session, who, organisation_id, name, form.reason.data or "",
                platform().settings.base_url,
            )  # fmt: skip
    except Invalid as error:
        form.validate()
        form.refuse(error.errors)
        return _page(organisation_id, form), 422
    flash(DONE[name], "success")
    return redirect(url_for("orgs.page", organisation_id=organisation_id), 303)

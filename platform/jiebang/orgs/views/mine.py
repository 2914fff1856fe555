"""我的单位: profile, verification, members, what comes next."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from jiebang.core import clock, terms
from jiebang.core.errors import Invalid
from jiebang.core.permissions import LINE_LABELS, Permission
from jiebang.web.access import Level, access, actor, db

from .. import queries, services
from ..forms import ProfileForm
from ..models import Organisation, OrganisationState, VerificationRequest
from ..terms import (
    CATEGORY_LABELS,
    CULTIVATION_LABELS,
    ROLE_LABELS,
    SIZE_LABELS,
    STATE_LABELS,
    STATE_TONES,
)
from ..workflow import VERIFICATION
from .blueprint import blueprint

LINK = "invitation_link"


@blueprint.get("/organisations/mine")
@access(Level.MEMBER)
def mine() -> str:
    """The organisation acted for."""
    session, who = db(), actor()
    found = queries.mine(session, who)
    manages = who.can(Permission.ORGANISATION_MANAGE)
    latest = queries.latest_request(session, found.id)
    return render_template(
        "orgs/mine.html",
        found=found,
        facts=_facts(found),
        state=(STATE_LABELS[found.state], STATE_TONES[found.state]),
        stages=_stages(found, latest),
        holder=_holder(found, latest),
        can_submit=VERIFICATION.refusal("submit", found, who) is None,
        latest=latest,
        manages=manages,
        members=queries.members(session, who),
        invitations=queries.pending_invitations(session, who) if manages else [],
        link=cookie.pop(LINK, None) if manages else None,
        roles=ROLE_LABELS,
        lines=LINE_LABELS,
        me=who.user_id,
        now=clock.now(),
        seats=len(who.seats),
    )


@blueprint.route("/organisations/mine/profile", methods=["GET", "POST"])
@access(Level.MEMBER)
def edit() -> str | tuple[str, int] | Response:
    """Changes the profile; administrators only."""
    session, who, form = db(), actor(), ProfileForm()
    found = queries.mine(session, who)
    services.guard_manage(who)
    fixed = found.state in (OrganisationState.VERIFIED, OrganisationState.SUBMITTED)
    if not form.is_submitted():
        form.fill(found)
    if fixed:
        form.keep_identity()
    if not form.is_submitted():
        return _edit(form, found, fixed)
    if not form.validate():
        return _edit(form, found, fixed), 422
    try:
        services.edit_profile(session, who, form.profile(found if fixed else None))
    except Invalid as error:
        form.refuse(error.errors)
        return _edit(form, found, fixed), 422
    flash("单位资料已保存。", "success")
    return redirect(url_for("orgs.mine"), 303)


@blueprint.post("/organisations/mine/endorsement")
@access(Level.MEMBER)
def endorsement() -> Response:
    """Whether agents' listings wait for an administrator's word."""
    required = request.form.get("required") == "1"
    services.require_endorsement(db(), actor(), required)
    flash(
        "已开启：经办人提交的内容先由单位管理员审批。"
        if required
        else "已关闭：经办人可以直接提交平台审核。",
        "success",
    )
    return redirect(url_for("orgs.mine"), 303)


def _edit(form: ProfileForm, found: Organisation, fixed: bool) -> str:
    return render_template(
        "orgs/profile.html",
        form=form,
        title="修改单位资料",
        label="保存",
        cancel=url_for("orgs.mine"),
        fixed={"单位名称": found.name, "单位类别": CATEGORY_LABELS[found.category]}
        if fixed
        else {},
        categories=CATEGORY_LABELS,
        chains=terms.CHAINS,
        regions=terms.REGIONS,
    )


def _facts(found: Organisation) -> list[tuple[str, str]]:
    return [
        ("单位类别", CATEGORY_LABELS[found.category]),
        ("统一社会信用代码", found.credit_code or ""),
        ("企业规模", SIZE_LABELS[found.size] if found.size else ""),
        ("梯度培育", CULTIVATION_LABELS[found.cultivation] if found.cultivation else ""),
        ("所在地区", found.region),
        ("产业领域", terms.INDUSTRY_LABELS.get(found.industry, "")),
        ("产业链", f"{found.chain}{'（链主）' if found.chain_leader else ''}"),
        ("职工人数", "" if found.staff is None else f"{found.staff:,} 人"),
        ("联系人", " ".join(filter(None, (found.contact_name, found.contact_phone)))),
    ]


def _stages(found: Organisation, request: VerificationRequest | None) -> list[dict[str, Any]]:
    state, S = found.state, OrganisationState  # noqa: N806
    submitted = request is not None and state in (S.SUBMITTED, S.RETURNED)
    handed_in = clock.day_text(clock.to_beijing(request.submitted_at).date()) if request else ""
    verified_on = (
        clock.day_text(clock.to_beijing(found.verified_at).date()) if found.verified_at else ""
    )
    passed = state in (S.VERIFIED, S.SUSPENDED)
    return [
        {
            "label": "建立单位",
            "state": "done",
            "date_text": clock.day_text(clock.to_beijing(found.created_at).date()),
        },
        {
            "label": "提交材料",
            "state": "done" if passed or state is S.SUBMITTED else "current",
            "date_text": handed_in if submitted or passed else "",
            "note": "需补正" if state is S.RETURNED else "",
        },
        {
            "label": "平台核验",
            "state": "done" if passed else "current" if state is S.SUBMITTED else "todo",
            "date_text": verified_on,
        },
        {
            "label": "发布与揭榜",
            "state": "stopped"
            if state is S.SUSPENDED
            else "current"
            if state is S.VERIFIED
            else "todo",
            "note": "资格暂停" if state is S.SUSPENDED else "",
        },
    ]


def _holder(found: Organisation, request: VerificationRequest | None) -> dict[str, Any] | None:
    if found.state is OrganisationState.SUBMITTED and request is not None:
        due = queries.due_day(request.submitted_at)
        return {
            "who": "平台运营",
            "until": f"{clock.day_text(due)}前答复",
            "next": "通过后即可发布和揭榜；结果会发邮件给管理员",
            "overdue": due < clock.today(),
        }
    if found.state in (OrganisationState.UNVERIFIED, OrganisationState.RETURNED):
        return {
            "who": "本单位管理员",
            "until": "由您决定",
            "next": "提交后平台在 2 个工作日内答复",
            "overdue": False,
        }
    return None

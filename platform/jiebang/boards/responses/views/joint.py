"""联合体: the leading organisation writes the split; each other one signs it or says why not."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from jiebang.boards.threads.models import Looker
from jiebang.core.errors import Conflict, Invalid
from jiebang.core.money import parse_money
from jiebang.orgs.models import Organisation
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.filters import money_cn

from .. import queries, services
from ..models import MemberState, Response
from ..services.filing import LABELS
from ..services.joint import EDITABLE, MOST, Part, digest, may_read
from .blueprint import blueprint
from .read import answer_row, other_name
from .shares import rows


@blueprint.get("/responses/<int:response_id>/split")
@access(Level.MEMBER, tenancy=Tenancy.OWNER, writes=True)
def split(response_id: int) -> str:
    """The split, for the organisations that it is about."""
    session, who = db(), actor()
    found = queries.partnered(session, response_id, who)
    if _readable(found):
        services.seen(session, who, found, Looker.COUNTERPART)
    return _page(found, {}, {}, "")


@blueprint.post("/responses/<int:response_id>/split")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def save_split(response_id: int) -> str | tuple[str, int] | Answer:
    """Keeps the split and asks the others; "alone" takes it away."""
    session, who, typed = db(), actor(), dict(request.form)
    found = queries.partnered(session, response_id, who, lock=True)
    alone = "alone" in typed
    try:
        services.propose_split(session, who, found, [] if alone else _parts(typed))
    except (Invalid, Conflict) as error:
        errors = error.errors if isinstance(error, Invalid) else {"": error.message}
        return _page(found, typed, errors, ""), error.status
    if alone:
        flash("已改为单独揭榜。", "success")
        return redirect(url_for("responses.edit", response_id=response_id), 303)
    flash("分工已保存，已请其他单位确认；每家都确认后才能提交。", "success")
    return redirect(url_for("responses.split", response_id=response_id), 303)


@blueprint.post("/responses/<int:response_id>/split/<any(confirm,refuse):name>")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def sign(response_id: int, name: str) -> str | tuple[str, int] | Answer:
    """A member's word."""
    session, who = db(), actor()
    found = queries.partnered(session, response_id, who, lock=True)
    hashed, reason = request.form.get("hash", ""), request.form.get("reason", "")
    try:
        services.answer_split(session, who, found, hashed, reason if name == "refuse" else None)
    except (Invalid, Conflict) as error:
        errors = error.errors if isinstance(error, Invalid) else {"": error.message}
        return _page(found, {}, errors, reason), error.status
    done = "已确认分工，牵头单位会收到通知。" if name == "confirm" else "已答复牵头单位。"
    flash(done, "success")
    return redirect(url_for("responses.split", response_id=response_id), 303)


def _parts(typed: dict[str, str]) -> list[Part]:
    found = []
    for number in range(MOST):
        texts = {
            name: typed.get(f"part-{number}-{name}", "").strip()
            for name in ("name", "work", "money", "gain", "rights")
        }
        if number and not any(texts.values()):
            continue
        gain = texts["gain"].removesuffix("%")
        found.append(
            Part(
                texts["name"],
                texts["work"],
                _money(texts["money"]),
                int(gain) if gain.isascii() and gain.isdigit() and len(gain) < 4 else None,
                texts["rights"],
            )
        )
    return found


def _money(text: str) -> int | None:
    if text == "0":
        return 0
    try:
        asked = parse_money(text)
    except ValueError:
        return None
    return asked.low if asked.low is not None and asked.low == asked.high else None


def _readable(found: Response) -> bool:
    who = actor()
    assert who.organisation_id is not None
    return may_read(db(), found, who.organisation_id)


def _typed(found: Response) -> dict[str, str]:
    typed = {}
    for number, row in enumerate(rows(found)):
        for name in ("name", "work", "money", "gain", "rights"):
            typed[f"part-{number}-{name}"] = str(row[name])
    return typed


def _page(found: Response, typed: dict[str, str], errors: dict[str, str], reason: str) -> str:
    session, who = db(), actor()
    leads = found.organisation_id == who.organisation_id
    own = next((m for m in found.members if m.organisation_id == who.organisation_id), None)
    name = session.get_one(Organisation, found.organisation_id).name
    return render_template(
        "responses/split.html",
        response=found,
        listing=found.listing,
        issuer=other_name(found, who) if leads else "",
        leader=name,
        leads=leads,
        editable=leads and found.state in EDITABLE,
        joint=queries.rules_of(session, found).joint,
        rows=rows(found),
        typed=typed or _typed(found) or {"part-0-name": name},
        most=MOST,
        may_sign=not leads
        and own is not None
        and own.state is MemberState.ASKED
        and found.state in EDITABLE,
        hash=digest(found),
        carried=any(each.state is MemberState.DRAFT for each in found.members),
        budget=None if found.budget is None else money_cn(found.budget) if found.budget else "0",
        answers=[answer_row(each) for each in found.answers] if _readable(found) else [],
        texts=[(LABELS[key], getattr(found, key)) for key in ("approach", "basis", "plan", "team")],
        errors=errors,
        reason=reason,
    )

"""Writing a response: one page, saved at any time, filed when it is complete."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from jiebang.boards.threads.models import Looker
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.money import parse_money
from jiebang.core.sides import Side
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.filters import money_cn

from .. import queries, services
from ..models import TEXTS, MemberState, Response, Verdict
from ..services.filing import HOW_LIMIT, LABELS, LIMITS, Reply
from ..workflow import ResponseState
from .blueprint import blueprint
from .listing import LABELS as BUTTONS

VERDICTS = {Verdict.MET: "满足", Verdict.PARTLY: "部分满足", Verdict.UNMET: "不满足"}
EDITABLE = (ResponseState.DRAFT, ResponseState.RETURNED)


@blueprint.get("/responses/<int:response_id>/edit")
@access(Level.MEMBER, tenancy=Tenancy.OWNER, writes=True)
def edit(response_id: int) -> str:
    """The form, filled with what was saved."""
    found = _own(response_id)
    services.seen(db(), actor(), found, Looker.COUNTERPART)
    return _page(found, _saved(found), {})


@blueprint.post("/responses/<int:response_id>/edit")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def save(response_id: int) -> str | tuple[str, int] | Answer:
    """Keeps what was typed; files it where that was the button. What is refused stays typed."""
    found = _own(response_id, lock=True)
    session, who, typed = db(), actor(), dict(request.form)
    filing = "file" in request.form
    try:
        _save(found, typed)
        if filing:
            services.file(session, who, found)
    except Invalid as error:
        return _page(found, typed, error.errors), 422
    except Conflict as error:
        # nothing but the draft was changed yet: what was typed is kept with this request
        flash(error.message, "error")
        return redirect(url_for("responses.edit", response_id=found.id), 303)
    if not filing:
        flash("草稿已保存，可随时回来继续。", "success")
        return redirect(url_for("responses.edit", response_id=found.id), 303)
    flash("已提交，进展会出现在“我的待办”，结果一定会答复。", "success")
    return redirect(url_for("responses.response", response_id=found.id), 303)


def _own(response_id: int, *, lock: bool = False) -> Response:
    found = queries.response(db(), response_id, actor(), lock=lock)
    if found.side_of(actor()) is not Side.RESPONDER:
        raise NotFound
    if found.state not in EDITABLE:
        raise Conflict("已提交的内容不能修改；需要修改请先撤回，或等对方退回补充。")
    return found


def _save(found: Response, typed: dict[str, str]) -> None:
    budget, replies = read(typed, len(found.answers))
    services.save(db(), actor(), found, typed, budget, replies)


def read(typed: dict[str, str], answers: int) -> tuple[int | None, list[Reply]]:
    """Budget in fen and the replies to so many indicators; Invalid for no amount."""
    budget = None
    text = typed.get("budget", "").strip()
    if text == "0":
        budget = 0
    elif text:
        try:
            asked = parse_money(text)
            if asked.low is None or asked.low != asked.high:
                raise ValueError("请填一个金额，例如 80万元")
            budget = asked.low
        except ValueError as error:
            raise Invalid({"budget": f"{error}。".replace("。。", "。")}) from error
    return budget, [
        Reply(typed.get(f"verdict-{position}", ""), typed.get(f"how-{position}", ""))
        for position in range(answers)
    ]


def _saved(found: Response) -> dict[str, str]:
    typed = {name: str(value) for name, value in found.values().items() if name in TEXTS}
    if found.budget is not None:
        typed["budget"] = money_cn(found.budget) if found.budget else "0"
    for position, answer in enumerate(found.answers):
        typed[f"verdict-{position}"] = answer.verdict.value if answer.verdict else ""
        typed[f"how-{position}"] = answer.how
    return typed


def _page(found: Response, typed: dict[str, str], errors: dict[str, str]) -> str:
    need = found.listing.board is Board.NEED
    return render_template(
        "responses/edit.html",
        response=found,
        listing=found.listing,
        need=need,
        joint=queries.rules_of(db(), found).joint,
        carried=any(each.state is MemberState.DRAFT for each in found.members),
        button=BUTTONS[found.listing.board],
        typed=typed,
        errors=errors,
        labels=LABELS,
        limits=LIMITS,
        how_limit=HOW_LIMIT,
        verdicts=VERDICTS,
        closes=clock.day_text(found.listing.deadline) if found.listing.deadline else "",
    )

"""Writing for an organisation, asking for its word, and what its word makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.accounts.models import User
from jiebang.boards import services as boards
from jiebang.boards import storage
from jiebang.boards.escalation import STEPS, climb, late
from jiebang.boards.fields import fields_of
from jiebang.boards.fields.values import check
from jiebang.boards.models import Disclosure, Listing, Track
from jiebang.boards.responses import services as responses
from jiebang.boards.responses.models import TEXTS, Response
from jiebang.boards.responses.services.filing import Reply, mistakes
from jiebang.boards.responses.services.steps import note
from jiebang.boards.responses.workflow import ResponseState
from jiebang.boards.services.drafting import log
from jiebang.boards.tracks import queries as tracks
from jiebang.boards.workflow import ListingState
from jiebang.core import audit, clock
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import Actor, Line, Role
from jiebang.core.sides import Holder
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices import queries as people
from jiebang.orgs.notices import services as notices

from .. import queries as serving
from ..models import LedgerEntry
from . import queries
from .models import Filling, FillingKind
from .workflow import EDITABLE, FILLING, PENDING, SPECIALIST, FillingState

REASON_LIMIT = 500
KIND_WORDS = {FillingKind.LISTING: "发布内容", FillingKind.RESPONSE: "揭榜意向书"}


def page(found: Filling) -> str:
    """The path of a filling's page."""
    return f"/fillings/{found.id}"


def begin_listing(
    session: Session, actor: Actor, organisation_id: int, board: Board, values: Mapping[str, Any]
) -> Filling:
    """A specialist starts a listing for an organisation that they serve; it needs a title."""
    serving.served_one(session, actor, organisation_id)
    if errors := check(fields_of(board), values, complete=False):
        raise Invalid(errors)
    return _new(
        session, actor, organisation_id, FillingKind.LISTING, board, str(values["title"]),
        storage.to_json(values), None,
    )  # fmt: skip


def begin_response(
    session: Session, actor: Actor, organisation_id: int, listing: Listing
) -> Filling:
    """A specialist starts the answer of an organisation that they serve to a published listing.

    Conflict where the listing shows its indicators after a confidentiality agreement only: that
    is the organisation's to accept.
    """
    serving.served_one(session, actor, organisation_id)
    if listing.line is not Line.TECHNOLOGY or listing.state is not ListingState.PUBLISHED:
        raise Conflict("这条榜单现在不接受揭榜。")
    if listing.organisation_id in (None, organisation_id):
        raise Conflict("不能揭自己单位的榜，也不能揭还没有单位认领的榜。")
    if listing.disclosure is Disclosure.AGREEMENT:
        raise Conflict("这条榜单要先由单位接受保密协议，请单位自己填写。")
    if listing.organisation_id in actor.organisation_ids:
        raise Conflict("您是发榜单位的成员，不能代其他单位揭这个榜。")
    running = session.scalars(
        select(Filling.id).where(
            Filling.organisation_id == organisation_id,
            Filling.listing_id == listing.id,
            Filling.state.in_(PENDING | {FillingState.DRAFT}),
        )
    ).first()
    if running is not None:
        raise Conflict("已经有一份在填写或等单位确认，请在专员工作台继续。")
    rows = getattr(listing.details, "indicators", [])
    values = {
        "texts": dict.fromkeys(TEXTS, ""),
        "budget": None,
        "answers": [
            {
                "name": row.name,
                "target": f"{row.comparator} {row.value} {row.unit}".strip(),
                "verdict": "",
                "how": "",
            }
            for row in rows
        ],
    }
    return _new(
        session, actor, organisation_id, FillingKind.RESPONSE, listing.board, listing.title,
        values, listing,
    )  # fmt: skip


def _new(
    session: Session, actor: Actor, organisation_id: int, kind: FillingKind, board: Board,
    title: str, values: dict[str, Any], listing: Listing | None,
) -> Filling:  # fmt: skip
    assert actor.user_id is not None
    found = Filling(
        organisation_id=organisation_id, kind=kind, board=board, title=title[:100], values=values,
        listing_id=listing.id if listing else None, author_id=actor.user_id,
        specialist_id=actor.user_id, state=FillingState.DRAFT, created_at=clock.now(),
        changed_at=clock.now(),
    )  # fmt: skip
    found.listing = listing
    session.add(found)
    session.flush()
    _record(session, actor, found, "begun")
    return found


def save_listing(session: Session, actor: Actor, found: Filling, values: Mapping[str, Any]) -> None:
    """Keeps a listing's values as they are now; Invalid for what cannot be kept at all."""
    _writes(found, actor)
    if errors := check(fields_of(found.board), values, complete=False):
        raise Invalid(errors)
    found.title, found.values = str(values["title"])[:100], storage.to_json(values)
    found.changed_at = clock.now()


def save_response(
    session: Session, actor: Actor, found: Filling, texts: Mapping[str, str],
    budget: int | None, replies: list[Reply],
) -> None:  # fmt: skip
    """Keeps a response's texts, budget (fen) and replies; Invalid for what cannot be kept."""
    _writes(found, actor)
    if errors := mistakes(texts, budget, replies):
        raise Invalid(errors)
    found.values = {
        "texts": {name: texts.get(name, "").replace("\r\n", "\n").strip() for name in TEXTS},
        "budget": budget,
        "answers": [
            {**answer, "verdict": reply.verdict, "how": reply.how.strip()}
            for answer, reply in zip(found.values["answers"], replies, strict=True)
        ],
    }
    found.changed_at = clock.now()


def _writes(found: Filling, actor: Actor) -> None:
    if SPECIALIST not in found.sides_of(actor):
        raise NotFound
    if found.state not in EDITABLE:
        raise Conflict("已请单位确认，不能再改；要改请先撤回，或等单位退回。")


def propose(session: Session, actor: Actor, found: Filling) -> None:
    """Asks for the organisation's word, by a day."""
    if refusal := FILLING.refusal("propose", found, actor):
        raise refusal
    if found.kind is FillingKind.LISTING:
        values = storage.from_json(found.board, found.values)
        if errors := check(fields_of(found.board), values, complete=False):
            raise Invalid(errors)
    elif not any(found.values["texts"].values()):
        raise Invalid({"approach": "还没有填写内容，请先写方案。"})
    FILLING.apply("propose", found, actor)
    found.proposed_at, found.reason = clock.now(), ""
    _hand(session, found, Holder.RESPONDER)
    notices.tell_organisation(
        session, found.organisation_id, found.line,
        f"服务专员代填了{_what(found)}，请确认：{found.title}", page(found),
        f"{actor.label}代填。确认前不算数；不对的地方请退回并说明。"
        f"请在 {clock.day_text(_due(found))} 前答复。",
    )  # fmt: skip
    _ledger(session, actor, found, "代填，请单位确认")
    _record(session, actor, found, "propose")


def confirm(session: Session, actor: Actor, found: Filling) -> Listing | Response:
    """The organisation's word: only now a draft of its own exists, made in its own name.

    Raises what making it would raise: Invalid, or Conflict where a draft is being written already.
    """
    if refusal := FILLING.refusal("confirm", found, actor):
        raise refusal
    author = session.get_one(User, found.author_id).display_name
    made: Listing | Response
    if found.kind is FillingKind.LISTING:
        made = boards.create(
            session, actor, found.board, storage.from_json(found.board, found.values)
        )
        log(session, actor, made, "filled", "代填确认", f"由服务专员{author}代填，经本单位确认。")
        found.made_listing_id = made.id
    else:
        made = _respond(session, actor, found)
        found.made_response_id = made.id
    FILLING.apply("confirm", found, actor)
    found.decided_at, found.decided_by = clock.now(), actor.user_id
    _hand(session, found, None)
    _tell_specialist(session, found, f"单位确认了代填的{_what(found)}", actor)
    _ledger(session, actor, found, "代填，单位已确认")
    _record(session, actor, found, "confirm")
    return made


def _respond(session: Session, actor: Actor, found: Filling) -> Response:
    assert found.listing is not None
    before = session.scalars(
        select(Response.id).where(
            Response.listing_id == found.listing_id,
            Response.organisation_id == found.organisation_id,
            Response.state.in_((ResponseState.DRAFT, ResponseState.RETURNED)),
        )
    ).first()
    if before is not None:
        raise Conflict("本单位已有一份在写的揭榜意向书，请先放弃那一份，或退回专员。")
    made = responses.begin(session, actor, found.listing)
    kept = {each["name"]: each for each in found.values["answers"]}
    replies = [
        Reply(kept[each.name]["verdict"], kept[each.name]["how"])
        if each.name in kept
        else Reply("", "")
        for each in made.answers
    ]
    responses.save(session, actor, made, found.values["texts"], found.values["budget"], replies)
    # the other side reads this line: it names no person
    note(session, actor, made, "filled", "代填确认", "由服务专员代填，经揭榜方确认。")
    return made


def refuse(session: Session, actor: Actor, found: Filling, reason: str) -> None:
    """Back to the specialist with what is wrong."""
    if refusal := FILLING.refusal("refuse", found, actor):
        raise refusal
    reason = reason.replace("\r\n", "\n").strip()
    if not reason:
        raise Invalid({"reason": "请写明哪里不对，专员会看到。"})
    if len(reason) > REASON_LIMIT:
        raise Invalid({"reason": f"最多 {REASON_LIMIT} 字，现在 {len(reason)} 字。"})
    FILLING.apply("refuse", found, actor)
    found.reason = reason
    found.decided_at, found.decided_by = clock.now(), actor.user_id
    _hand(session, found, Holder.SPECIALIST if found.specialist_id else Holder.OPERATOR)
    _tell_specialist(session, found, f"单位退回了代填的{_what(found)}", actor, reason)
    _ledger(session, actor, found, "代填，单位退回")
    _record(session, actor, found, "refuse")


def withdraw(session: Session, actor: Actor, found: Filling) -> None:
    """The specialist takes it back; an organisation that was asked is told."""
    if refusal := FILLING.refusal("withdraw", found, actor):
        raise refusal
    asked = found.state is FillingState.PROPOSED
    FILLING.apply("withdraw", found, actor)
    _hand(session, found, None)
    if asked:
        notices.tell_organisation(
            session, found.organisation_id, found.line,
            f"服务专员撤回了代填的{_what(found)}：{found.title}", "/todo", "不必再确认。",
        )  # fmt: skip
    _record(session, actor, found, "withdraw")


def hand_over(
    session: Session, actor: Actor, organisation_id: int, specialist_id: int | None
) -> None:
    """Whoever serves the organisation next goes on with what is open."""
    for found in queries.moved_with(session, organisation_id):
        if found.specialist_id == specialist_id:
            continue
        found.specialist_id = specialist_id
        if found.state is FillingState.REFUSED:
            found.holder = Holder.SPECIALIST if specialist_id is not None else Holder.OPERATOR
            found.escalated = 0
        if specialist_id is not None:
            notices.tell(session, [specialist_id], f"转您代填：{found.title}", page(found))
        _record(session, actor, found, "handed")


def run_clock(session: Session, limit: int = 200) -> int:
    """Takes every overdue filling one step up: holder, specialist, operator; returns how many."""
    days = tracks.current(session, Track.MARKET).escalate_days
    query = select(Filling).where(Filling.state.in_(PENDING))
    rows = [(found, days) for found in session.scalars(late(query, Filling, limit)).all()]
    return climb(rows, lambda found, step: _climb(session, found, step))


def _climb(session: Session, found: Filling, step: int) -> int:
    text = f"应在 {clock.day_text(_due(found))} 前办理。"
    if step == 1 and found.holder is Holder.RESPONDER:
        notices.tell_organisation(
            session, found.organisation_id, found.line,
            f"代填的{_what(found)}等您确认，已逾期：{found.title}", page(found), text,
        )  # fmt: skip
        return step
    if step < STEPS and found.specialist_id is not None:
        notices.tell(
            session, [found.specialist_id], f"代填逾期未办：{found.title}", page(found), text
        )
        return step
    notices.tell(
        session, people.with_role(session, Role.OPERATOR), f"代填逾期未办：{found.title}",
        f"/brokering/organisations/{found.organisation_id}", f"{text}请督办。",
    )  # fmt: skip
    return STEPS


def made_code(session: Session, found: Filling) -> str:
    """The number of the listing that the confirmation made; "" when it is gone."""
    if found.made_listing_id is None:
        return ""
    return session.scalar(select(Listing.code).where(Listing.id == found.made_listing_id)) or ""


def _what(found: Filling) -> str:
    return found.board.label if found.kind is FillingKind.LISTING else KIND_WORDS[found.kind]


def _due(found: Filling) -> date:
    assert found.due is not None
    return found.due


def _hand(session: Session, found: Filling, holder: Holder | None) -> None:
    due = None
    if holder is not None:
        with session.no_autoflush:  # the state has changed, its holder not yet
            rules = tracks.current(session, Track.MARKET)
        due = add_working_days(clock.today(), rules.answer_days)
    found.holder, found.due = holder, due
    found.escalated, found.changed_at = 0, clock.now()


def _tell_specialist(
    session: Session, found: Filling, what: str, actor: Actor, text: str = ""
) -> None:
    to = [found.specialist_id] if found.specialist_id is not None else []
    notices.tell(
        session, [each for each in to if each != actor.user_id], f"{what}：{found.title}",
        page(found), text,
    )  # fmt: skip


def _ledger(session: Session, actor: Actor, found: Filling, what: str) -> None:
    session.add(
        LedgerEntry(
            organisation_id=found.organisation_id, at=clock.now(), author_id=actor.user_id,
            what=what, text=_what(found),
        )
    )  # fmt: skip


def _record(session: Session, actor: Actor, found: Filling, name: str) -> None:
    audit.record(
        session, actor, f"filling.{name}", "filling", found.id,
        organisation_id=found.organisation_id, after=found.state.value, kind=found.kind.value,
    )  # fmt: skip

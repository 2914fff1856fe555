"""我的待办, the page after every sign-in, and 我的发布."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import redirect, render_template, request, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from jiebang.accounts.models import User
from jiebang.core import clock
from jiebang.core.permissions import Actor, Permission
from jiebang.discovery import suggestions
from jiebang.web.access import Level, access, actor, db
from jiebang.web.current import platform

from .. import consultations, queries, services
from ..diagnosis import TURN_LABELS, Diagnosis, Turn
from ..documents import card
from ..models import Listing
from ..stages import CONFIRM_DAYS, endorse_due, review_due
from ..workflow import STATE_LABELS, ListingState
from .blueprint import blueprint
from .pending import COOKIE

LOOK_BACK = timedelta(days=30)
"""新匹配 for somebody who was never here before."""


@dataclass(frozen=True, slots=True)
class Task:
    """One line of 我的待办."""

    url: str
    title: str
    meta: str
    due: date | None
    action: str

    @property
    def due_text(self) -> str:
        return f"{clock.day_text(self.due)}前" if self.due else ""

    @property
    def due_tone(self) -> str:
        if self.due is None:
            return ""
        if self.due < clock.today():
            return "bad"
        return "warn" if self.due <= clock.today() + timedelta(days=2) else ""


SECTIONS: list[Any] = []
"""Other areas add callables (session, actor) -> (mine, waiting): lists of Task."""


@blueprint.get("/todo")
@access(Level.SIGNED_IN)
def todo() -> str:
    """待我办理 by due date, 等待对方 with until when, 新匹配 since the last visit."""
    session, who = db(), actor()
    mine, waiting = _own(who)
    mine += _advising(who)
    for section in SECTIONS:
        more_mine, more_waiting = section(session, who)
        mine += more_mine
        waiting += more_waiting
    user = session.get(User, who.user_id)
    since = (user.last_visit_at if user else None) or clock.now() - LOOK_BACK
    mine.sort(key=lambda task: (task.due is None, task.due or date.max))
    waiting.sort(key=lambda task: (task.due is None, task.due or date.max))
    return render_template(
        "boards/todo.html",
        seat=who.seat,
        mine=mine,
        waiting=waiting,
        fresh=_fresh(who, since),
        since=since,
        pending=COOKIE in cookie and who.seat is not None,
    )


@blueprint.post("/todo/seen")
@access(Level.SIGNED_IN)
def seen() -> Response:
    """知道了: what stands under 新匹配 is not new any more."""
    user = db().get(User, actor().user_id)
    if user is not None:
        user.last_visit_at = clock.now()
    return redirect(url_for("boards.todo"), 303)


def _own(who: Actor) -> tuple[list[Task], list[Task]]:
    if who.seat is None:
        return [], []
    session = db()
    states = (
        ListingState.DRAFT,
        ListingState.RETURNED,
        ListingState.ENDORSING,
        ListingState.SUBMITTED,
    )
    mine, waiting = [], []
    for listing in queries.of_organisation(session, who.seat.organisation_id, states):
        if not who.acts_in(listing.line):
            continue
        about = f"{listing.board.label} · {STATE_LABELS[listing.state]}"
        if listing.state is ListingState.SUBMITTED:
            due = review_due(listing)
            url = url_for("boards.listing", code=listing.code)
            waiting.append(Task(url, listing.title, f"{about} · 等平台运营", due, "查看"))
        elif listing.state is ListingState.ENDORSING:
            assert listing.proposed_at is not None
            due = endorse_due(listing.proposed_at)
            url = url_for("boards.check_answers", code=listing.code)
            if who.can(Permission.LISTING_ENDORSE):
                mine.append(Task(url, listing.title, about, due, "去审批"))
            else:
                waiting.append(Task(url, listing.title, f"{about} · 等本单位管理员", due, "查看"))
        else:
            url = url_for("boards.check_answers", code=listing.code)
            meta = f"{about} · {listing.state_reason}" if listing.state_reason else about
            mine.append(Task(url, listing.title, meta, None, "继续填写"))
    for diagnosis, listing in consultations.of_organisation(session, who.seat.organisation_id):
        if not who.acts_in(listing.line):
            continue
        url = url_for("boards.diagnosis", code=listing.code)
        if diagnosis.turn is Turn.OWNER:
            meta = f"{listing.board.label} · 平台提了问题，回答或补充后再提交"
            mine.append(Task(url, listing.title, meta, diagnosis.due, "去回答"))
        else:
            meta = f"{listing.board.label} · 诊断中 · 等诊断人"
            waiting.append(Task(url, listing.title, meta, diagnosis.due, "查看"))
    for listing in services.confirm_due(session, [who.seat.organisation_id]):
        assert listing.confirmed_at is not None
        due = clock.to_beijing(listing.confirmed_at).date() + timedelta(days=CONFIRM_DAYS + 14)
        url = url_for("boards.listing", code=listing.code)
        meta = f"{listing.board.label} · 发布已满 {CONFIRM_DAYS} 天，请确认是否仍有效"
        mine.append(Task(url, listing.title, meta, due, "去确认"))
    return mine, waiting


def _advising(who: Actor) -> list[Task]:
    """What was sent to this person for diagnosis and waits for their word; for a reviewer also
    what waits for anybody longer than it should."""
    session = db()
    own = consultations.of_advisor(session, who)
    found = [
        Task(
            url_for("boards.diagnosis", code=listing.code),
            listing.title,
            f"{listing.board.label} · 请诊断：看看还缺什么",
            diagnosis.due,
            "去诊断",
        )
        for diagnosis, listing in own
        if diagnosis.turn is Turn.ADVISOR
    ]
    if who.can(Permission.LISTING_REVIEW):
        late = consultations.under_way(session, Diagnosis.due < clock.today())
        found += [
            Task(
                url_for("boards.diagnosis", code=listing.code),
                listing.title,
                f"{listing.board.label} · {TURN_LABELS[diagnosis.turn]}逾期未答复",
                diagnosis.due,
                "去处理",
            )
            for diagnosis, listing in late
            if not (diagnosis.advisor_id == who.user_id and diagnosis.turn is Turn.ADVISOR)
            and not listing.belongs_to(who)
        ]
    return found


def _fresh(who: Actor, since: Any) -> list[dict[str, Any]]:
    """New strong pairs that the viewer may still see, by one's own listing."""
    if who.seat is None:
        return []
    session = db()
    published = queries.of_organisation(
        session, who.seat.organisation_id, (ListingState.PUBLISHED,)
    )
    own = {listing.id: listing for listing in published}
    pairs = suggestions.fresh_for(session, list(own), since)
    discovery = platform().discovery
    cards = discovery.provider.cards(session, {p.other_id for p in pairs}, who)
    old = suggestions.outdated(session, pairs, discovery.version(session))
    groups: dict[int, dict[str, Any]] = {}
    for pair in pairs:  # the strongest first, and so the listings they belong to
        if pair.other_id in cards:
            listing = own[pair.listing_id]
            group = groups.setdefault(
                listing.id,
                {
                    "own": listing,
                    "url": url_for("boards.matches", code=listing.code),
                    "pairs": [],
                },
            )
            group["pairs"].append(
                {
                    "card": cards[pair.other_id],
                    "level": pair.level,
                    "old": (pair.listing_id, pair.other_id) in old,
                }
            )
    return list(groups.values())


@blueprint.get("/listings/")
@access(Level.MEMBER)
def mine() -> str:
    """我的发布: the organisation's listings by state."""
    session, who = db(), actor()
    assert who.seat is not None
    rows = queries.of_organisation(session, who.seat.organisation_id)
    wanted = request.args.get("state", "")
    counts = {state: sum(row.state is state for row in rows) for state in ListingState}
    shown = [row for row in rows if not wanted or row.state.value == wanted]
    tabs = [
        {"label": "全部", "url": url_for("boards.mine"), "active": not wanted, "badge": len(rows)}
    ] + [
        {
            "label": STATE_LABELS[state],
            "url": url_for("boards.mine", state=state.value),
            "active": wanted == state.value,
            "badge": counts[state],
        }
        for state in ListingState
        if counts[state]
    ]
    return render_template(
        "boards/mine.html",
        seat=who.seat,
        tabs_items=tabs,
        items=[(row, card(row, None, who), _better(row)) for row in shown],
        pairs=suggestions.strong_counts(session, [row.id for row in shown]),
        old=suggestions.outdated_lists(
            session, [row.id for row in shown], platform().discovery.version(session)
        ),
    )


def _better(listing: Listing) -> list[str]:
    """What would make the listing easier to answer."""
    return list(listing.missing[:4])

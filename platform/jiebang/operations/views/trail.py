"""The audit trail, read-only, and whether its chain holds."""

from __future__ import annotations

from datetime import date, timedelta

from flask import render_template, request

from jiebang.core import audit, clock
from jiebang.core.permissions import Permission
from jiebang.web.access import Level, access, db
from jiebang.web.pagination import Page, page_number

from .. import queries, words
from .blueprint import blueprint

SIZE = 50


@blueprint.get("/operations/audit")
@access(Level.PERMISSION, Permission.AUDIT_VIEW)
def trail() -> str:
    """Who did what, newest first; narrowed by action, person, target and day."""
    args = request.args
    problems: list[str] = []
    since, until = _day(args.get("since", ""), problems), _day(args.get("until", ""), problems)
    where = queries.TrailFilter(
        action=args.get("action", "").strip(),
        person=args.get("person", "").strip(),
        target=args.get("target", "").strip(),
        since=clock.start_of_day(since) if since else None,
        until=clock.start_of_day(until + timedelta(days=1)) if until else None,
    )
    number = page_number()
    entries, total = queries.trail(db(), where, number, SIZE)
    return render_template(
        "operations/trail.html",
        entries=entries,
        page=Page(number, total, SIZE),
        args=args,
        problems=problems,
        actions=sorted(
            ((code, words.action(code)) for code in queries.actions(db())), key=lambda pair: pair[1]
        ),
        words=words,
    )


@blueprint.get("/operations/audit/verify")
@access(Level.PERMISSION, Permission.AUDIT_VIEW)
def verify() -> str:
    """Walks the whole chain and says what does not fit."""
    return render_template("operations/verify.html", problems=list(audit.verify(db())))


def _day(text: str, problems: list[str]) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 1900 < day.year < 2200:  # further days have no moment in 北京时间
        problems.append(f"日期“{text[:20]}”看不懂，应形如 2026-11-23，这一项没有起作用。")
        return None
    return day

"""Telling people: a row on their page and a job for the letter, in the transaction of the change.

A notice holds nothing but what its reader may see on the page it leads to.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from jiebang.accounts.models import User
from jiebang.core import clock, mail, outbox
from jiebang.core.permissions import Actor, Line
from jiebang.core.working_days import add_working_days, is_working_day

from . import queries
from .models import MailMode, Notice, NoticeSetting

ONE, MANY = "notice", "notice_digest"
"""Kinds of jobs."""
DIGEST_AT = time(8, 30)
TITLE_LIMIT = 200


def tell(
    session: Session, user_ids: Iterable[int], title: str, url: str, text: str = ""
) -> list[Notice]:
    """Tells people something; `url` is the path of the page where they go on."""
    made = []
    for user_id in dict.fromkeys(user_ids):
        notice = Notice(
            user_id=user_id,
            at=clock.now(),
            title=title if len(title) <= TITLE_LIMIT else f"{title[: TITLE_LIMIT - 1]}…",
            text=text,
            url=url,
        )
        session.add(notice)
        session.flush()
        made.append(notice)
        mode = queries.mail_mode(session, user_id)
        if mode is MailMode.AT_ONCE:
            outbox.enqueue(session, ONE, {"notice_id": notice.id})
        elif mode is MailMode.DIGEST:
            outbox.enqueue(
                session, MANY, {"user_id": user_id}, key=f"{MANY}:{user_id}",
                run_after=next_digest(clock.now()),
            )  # fmt: skip
    return made


def tell_organisation(
    session: Session,
    organisation_id: int,
    line: Line | None,
    title: str,
    url: str,
    text: str = "",
    *,
    but: Actor | None = None,
) -> list[Notice]:
    """Tells an organisation's people of a line, except the one whose act it is."""
    people = queries.members(session, organisation_id, line)
    return tell(
        session, [each for each in people if but is None or each != but.user_id], title, url, text
    )


def next_digest(moment: datetime) -> datetime:
    """The next 08:30 北京时间 of a working day."""
    local = clock.to_beijing(moment)
    day = local.date()
    if not is_working_day(day) or local.time() >= DIGEST_AT:
        day = add_working_days(day, 1)
    return datetime.combine(day, DIGEST_AT, clock.BEIJING)


def read_all(session: Session, actor: Actor) -> None:
    """Nothing is new any more."""
    session.execute(
        update(Notice)
        .where(Notice.user_id == actor.user_id, Notice.read_at.is_(None))
        .values(read_at=clock.now())
    )


def choose_mail(session: Session, actor: Actor, mode: MailMode) -> None:
    """How the person wants notices by mail from now on."""
    found = session.get(NoticeSetting, actor.user_id)
    if found is None:
        session.add(NoticeSetting(user_id=actor.user_id, mail=mode))
    else:
        found.mail = mode


def mail_one(base_url: str) -> outbox.Handler:
    """The worker's handler of one notice that is mailed at once."""

    def send(session: Session, payload: dict[str, Any]) -> None:
        notice = session.get(Notice, int(payload["notice_id"]))
        if notice is not None and notice.mailed_at is None:
            _letter(session, base_url, notice.user_id, [notice], notice.title)

    return send


def mail_many(base_url: str) -> outbox.Handler:
    """The worker's handler of a digest: everything that is neither read nor mailed."""

    def send(session: Session, payload: dict[str, Any]) -> None:
        user_id = int(payload["user_id"])
        rows = session.scalars(
            select(Notice)
            .where(Notice.user_id == user_id, Notice.read_at.is_(None), Notice.mailed_at.is_(None))
            .order_by(Notice.id)
        ).all()
        if rows:
            _letter(session, base_url, user_id, list(rows), f"{len(rows)} 件事有新进展")

    return send


def _letter(
    session: Session, base_url: str, user_id: int, notices: list[Notice], subject: str
) -> None:
    person = session.get(User, user_id)
    # never to an address nobody proved: anybody can register with a stranger's
    if person is None or not person.active or not person.email or not person.email_confirmed_at:
        return
    parts = [
        "\n".join(filter(None, (each.title, each.text, f"去办理：{base_url}{each.url}")))
        for each in notices
    ]
    mail.enqueue(session, person.email, subject, "\n\n".join(parts))
    for each in notices:
        each.mailed_at = clock.now()

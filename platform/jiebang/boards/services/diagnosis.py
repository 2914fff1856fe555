"""需求诊断: send, ask, answer, stand aside; each turn has a holder, a day and a letter."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.accounts.models import User
from jiebang.core import audit, clock
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import Actor
from jiebang.discovery.engine import Discovery

from .. import consultations
from ..consultations import Consultation
from ..diagnosis import TURN_LABELS, Diagnosis, DiagnosisEntry, Speaker, Turn
from ..models import Listing
from ..stages import diagnosis_due
from . import letters
from .drafting import log
from .life import advance

LIMIT = 2000
"""Characters of one question or answer."""


def send(
    session: Session,
    actor: Actor,
    discovery: Discovery,
    listing: Listing,
    advisor_id: int | None,
    questions: str,
) -> Diagnosis:
    """A reviewer sends a submitted listing with questions to an advisor, or keeps it and asks the
    owner at once (None). Invalid when the questions are missing or nobody of that id can be asked.
    """
    text = _text(questions, "questions", "请写下要问清楚的问题，每行一个。")
    if advisor_id is not None and advisor_id not in {
        each.id for each in consultations.advisors(session, listing)
    }:
        raise Invalid({"advisor": "请从列表里选一位服务专员或专家；发布方自己的人员不能诊断。"})
    advance(session, actor, discovery, listing, "diagnose")
    assert actor.user_id is not None
    kept = advisor_id is None
    diagnosis = Diagnosis(
        listing_id=listing.id,
        opened_by=actor.user_id,
        advisor_id=actor.user_id if advisor_id is None else advisor_id,
        opened_at=clock.now(),
        turn=Turn.OWNER if kept else Turn.ADVISOR,
        due=diagnosis_due(clock.today()),
        entries=[],
    )
    session.add(diagnosis)
    _say(diagnosis, actor, Speaker.REVIEWER, text)
    session.flush()
    _tell(session, discovery, listing, diagnosis)
    return diagnosis


def ask(
    session: Session, actor: Actor, discovery: Discovery, found: Consultation, text: str
) -> None:
    """The advisor, or a reviewer in their place, asks the owner; it is the owner's turn then."""
    if not (found.advises or found.reviews):
        raise Forbidden("只有诊断人和平台运营可以提问。")
    speaker = Speaker.ADVISOR if found.advises else Speaker.REVIEWER
    _turn(session, actor, discovery, found, speaker, Turn.OWNER, text, "ask", "诊断提问")


def answer(
    session: Session, actor: Actor, discovery: Discovery, found: Consultation, text: str
) -> None:
    """The owner answers without handing in yet; it is the advisor's turn then."""
    if not found.mine or not actor.acts_in(found.listing.line):
        raise Forbidden("只有发布单位这条业务线的经办人可以回答。")
    _turn(session, actor, discovery, found, Speaker.OWNER, Turn.ADVISOR, text, "answer", "回答诊断")


def stand_aside(
    session: Session, actor: Actor, discovery: Discovery, found: Consultation, reason: str
) -> None:
    """The advisor gives it back: related to the owner (回避), or not their field."""
    if not found.advises:
        raise NotFound
    _open(found)
    text = _text(reason, "reason", "请说明为什么不能诊断，例如需要回避、不熟悉这个领域。")
    _say(found.diagnosis, actor, Speaker.ADVISOR, text)
    advance(session, actor, discovery, found.listing, "stand_aside", text)
    opener = session.get(User, found.diagnosis.opened_by)
    if opener is not None:
        url = f"{discovery.settings.base_url}/operations/review/{found.listing.code}"
        letters.write(
            session, opener, f"诊断被退回：{found.listing.code}",
            f"诊断人不能诊断{found.listing.board.label} {found.listing.code}，内容回到待审核。\n\n"
            f"请另选诊断人或直接办理：{url}",
        )  # fmt: skip


def remind(session: Session, discovery: Discovery, today: date, limit: int = 100) -> int:
    """Reminds the holder of each overdue answer once, and the reviewer who sent it; returns how
    many were overdue. The worker does it every minute."""
    due = session.scalars(
        select(Diagnosis)
        .where(
            Diagnosis.closed_at.is_(None), Diagnosis.due < today, Diagnosis.reminded_at.is_(None)
        )
        .order_by(Diagnosis.due, Diagnosis.id)
        .limit(limit)
        .with_for_update(of=Diagnosis, skip_locked=True)
    ).all()
    for diagnosis in due:
        listing = session.get_one(Listing, diagnosis.listing_id)
        diagnosis.reminded_at = clock.now()
        late = TURN_LABELS[diagnosis.turn]
        diagnosis.entries.append(
            DiagnosisEntry(
                at=clock.now(),
                speaker=Speaker.CLOCK,
                author_label="系统",
                text=f"{late}逾期未答复，已提醒。",
            )
        )
        _tell(session, discovery, listing, diagnosis, overdue=True)
        opener = session.get(User, diagnosis.opened_by)
        if opener is not None:
            url = f"{discovery.settings.base_url}/operations/review/{listing.code}"
            letters.write(
                session, opener, f"诊断逾期：{listing.code}",
                f"{listing.board.label} {listing.code} 的{late}逾期未答复。\n\n查看：{url}",
            )  # fmt: skip
    return len(due)


def _turn(
    session: Session,
    actor: Actor,
    discovery: Discovery,
    found: Consultation,
    speaker: Speaker,
    to: Turn,
    text: str,
    name: str,
    label: str,
) -> None:
    _open(found)
    text = _text(text, "text", "请先写下内容。")
    diagnosis = found.diagnosis
    _say(diagnosis, actor, speaker, text)
    diagnosis.turn, diagnosis.due = to, diagnosis_due(clock.today())
    diagnosis.reminded_at = None
    log(session, actor, found.listing, name, label)
    audit.record(
        session, actor, f"diagnosis.{name}", "listing", found.listing.id,
        organisation_id=found.listing.organisation_id, diagnosis=diagnosis.id,
    )  # fmt: skip
    _tell(session, discovery, found.listing, diagnosis)


def _open(found: Consultation) -> None:
    if found.diagnosis.closed_at is not None:
        raise Conflict("这次诊断已经结束，不能再提问或回答。")


def _text(text: str, name: str, missing: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Invalid({name: missing})
    if len(text) > LIMIT:
        raise Invalid({name: f"最多 {LIMIT} 字，现在 {len(text)} 字。"})
    return text


def _say(diagnosis: Diagnosis, actor: Actor, speaker: Speaker, text: str) -> None:
    diagnosis.entries.append(
        DiagnosisEntry(at=clock.now(), speaker=speaker, author_label=actor.label[:80], text=text)
    )


def _tell(
    session: Session,
    discovery: Discovery,
    listing: Listing,
    diagnosis: Diagnosis,
    *,
    overdue: bool = False,
) -> None:
    """A letter to whose turn it is. It holds the number alone: what is not published stays here."""
    day = clock.day_text(diagnosis.due)
    what = f"{listing.board.label} {listing.code}"
    url = f"{discovery.settings.base_url}/listings/{listing.code}/diagnosis"
    if diagnosis.turn is Turn.OWNER:
        subject = f"{'逾期未答复：' if overdue else ''}请回答诊断问题：{listing.code}"
        body = (
            f"平台对贵单位的{what}提出了问题，请在 {day} 前回答或补充后再次提交。\n\n去回答：{url}"
        )
        people = letters.people_of(session, listing)
    else:
        subject = f"{'逾期未答复：' if overdue else ''}请诊断：{listing.code}"
        body = f"请看{what}还缺什么，在 {day} 前提出问题。\n\n去诊断：{url}"
        advisor = session.get(User, diagnosis.advisor_id)
        people = [advisor] if advisor is not None else []
    for person in people:
        letters.write(session, person, subject, body)

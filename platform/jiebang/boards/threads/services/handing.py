"""Contacts, and the confidentiality agreement."""

from __future__ import annotations

from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import Actor

from .. import confidentiality, queries
from ..models import MessageKind, Thread, ThreadAgreement, ThreadContact
from ..workflow import LIVE, THREAD
from .talk import add_line
from .telling import tell

PERSON_LIMIT = 40
REACH_LIMIT = 120


def give_contact(session: Session, actor: Actor, thread: Thread, person: str, reach: str) -> bool:
    """Agrees to exchange contacts by giving one's own. Returns whether both are there now; until
    then the other side learns only that it is asked."""
    side = thread.side_of(actor)
    if side is None:
        raise NotFound
    if refusal := THREAD.refusal("say", thread, actor):
        raise refusal
    person, reach = person.strip(), reach.strip()
    errors = {}
    for name, value, limit, word in (
        ("person", person, PERSON_LIMIT, "联系人"),
        ("reach", reach, REACH_LIMIT, "电话或邮箱"),
    ):
        if not value:
            errors[name] = f"请填写{word}。"
        elif len(value) > limit:
            errors[name] = f"{word}最多 {limit} 字，现在 {len(value)} 字。"
    if errors:
        raise Invalid(errors)
    given = queries.contacts(session, thread.id)
    if side in given:
        raise Conflict("本单位已经同意交换联系方式。")
    session.add(
        ThreadContact(
            thread_id=thread.id, side=side, person=person, reach=reach, user_id=actor.user_id,
            at=clock.now(),
        )
    )  # fmt: skip
    both = side.other in given
    add_line(
        session, actor, thread, "双方已交换联系方式。" if both else "同意交换联系方式。",
        MessageKind.STEP,
    )  # fmt: skip
    audit.record(
        session, actor, "thread.contact", "thread", thread.id,
        organisation_id=actor.organisation_id, released=both,
    )  # fmt: skip
    tell(
        session, thread, side.other,
        "双方已交换联系方式" if both else "对方想交换联系方式，您同意后双方同时可见", actor,
    )  # fmt: skip
    return both


def agree(session: Session, actor: Actor, thread: Thread, version: str) -> None:
    """Accepts the confidentiality agreement for one's side, in the version that was read."""
    side = thread.side_of(actor)
    if side is None:
        raise NotFound
    if thread.state not in LIVE:
        raise Conflict("对接已经结束，不能再接受保密协议。")
    if version != confidentiality.VERSION:
        raise Conflict("保密协议的文本刚更新过，请重新阅读后再接受。")
    if side in queries.agreements(session, thread.id):
        return
    assert actor.user_id is not None
    session.add(
        ThreadAgreement(
            thread_id=thread.id, side=side, user_id=actor.user_id, at=clock.now(),
            text_version=confidentiality.VERSION, text_hash=confidentiality.digest(),
        )
    )  # fmt: skip
    add_line(session, actor, thread, "接受了保密协议。", MessageKind.STEP)
    audit.record(
        session, actor, "thread.confidentiality", "thread", thread.id,
        organisation_id=actor.organisation_id, version=confidentiality.VERSION,
    )  # fmt: skip
    tell(session, thread, side.other, "对方接受了保密协议", actor)

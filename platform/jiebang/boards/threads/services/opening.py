"""An owner lets one counterpart see a protected field or file, and takes it back."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import Actor
from jiebang.core.sides import Side

from .. import queries
from ..models import MessageKind, Thread, ThreadOpening
from ..workflow import THREAD
from .talk import add_line
from .telling import tell


def let_see(
    session: Session,
    actor: Actor,
    thread: Thread,
    fields: Collection[str],
    files: Collection[int],
    *,
    may: Mapping[str, str],
    kept: Collection[int],
) -> bool:
    """Sets what the other side of a thread may see of what the listing keeps to its owner.

    `fields` and `files` are all that should be open from now on; what was open and is not named
    is taken back. `may` gives the labels of the protected fields there are, `kept` the protected
    files. The other side reads them after it accepted the confidentiality agreement. Returns
    whether anything changed. Raises Invalid for what is not there, NotFound for anybody but the
    owner's side, Conflict where the owner's people need a word from above or the talk has ended.
    """
    if thread.side_of(actor) is not Side.ISSUER:
        raise NotFound
    if refusal := THREAD.refusal("say", thread, actor):
        raise refusal
    if not set(fields) <= set(may) or not set(files) <= set(kept):
        raise Invalid({"open": "页面上的栏目或附件刚变过，请重新选择。"})
    assert actor.user_id is not None
    moment = clock.now()
    before = queries.openings(session, thread.id)
    gone = [
        each
        for each in before
        if each.field not in fields and (each.attachment_id or 0) not in files
    ]
    had = {each.field for each in before}, {each.attachment_id for each in before}
    new_fields = [name for name in may if name in fields and name not in had[0]]
    new_files = [key for key in kept if key in files and key not in had[1]]
    if (new_fields or new_files) and actor.seat is not None and actor.seat.must_ask:
        raise Conflict("本单位的不公开内容由单位管理员决定向谁开放，请告诉他们在这个页面办理。")
    for each in gone:
        each.closed_at, each.closed_by = moment, actor.user_id
    for name in new_fields:
        session.add(_opening(thread, actor, field=name))
    for key in new_files:
        session.add(_opening(thread, actor, attachment_id=key))
    for name, what, names, number in (
        ("opened", "向贵单位开放了", new_fields, len(new_files)),
        ("closed", "收回了开放的", [each.field for each in gone if each.field],
         sum(each.attachment_id is not None for each in gone)),
    ):  # fmt: skip
        if not names and not number:
            continue
        # labels and numbers only: a file's name may say what it protects
        said = "、".join([may.get(each, "已删除的栏目") for each in names])
        said += ("、" if said and number else "") + (f"{number} 个附件" if number else "")
        add_line(
            session, actor, thread,
            f"{'开放了不公开内容' if name == 'opened' else '收回了开放的内容'}：{said}。",
            MessageKind.STEP,
        )  # fmt: skip
        audit.record(
            session, actor, f"thread.{name}_protected", "thread", thread.id,
            organisation_id=actor.organisation_id, fields=list(names), files=number,
        )  # fmt: skip
        tell(session, thread, Side.RESPONDER, f"对方{what}{said}", actor)
    return bool(gone or new_fields or new_files)


def _opening(
    thread: Thread, actor: Actor, *, field: str = "", attachment_id: int | None = None
) -> ThreadOpening:
    assert actor.user_id is not None
    return ThreadOpening(
        thread_id=thread.id, field=field, attachment_id=attachment_id, opened_at=clock.now(),
        opened_by=actor.user_id,
    )  # fmt: skip

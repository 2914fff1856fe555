"""Interest, answers, questions, and the end of a thread."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from jiebang.core import audit, clock, uploads
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import SYSTEM, Actor, Permission
from jiebang.core.reasons import ReasonCode, chosen
from jiebang.core.sides import Holder, Side
from jiebang.core.uploads import Received, UploadRefused
from jiebang.core.working_days import add_working_days

from ...models import Listing
from ...tracks import queries as tracks
from ...tracks.models import TrackVersion
from ...workflow import ListingState
from .. import queries
from ..models import FileLevel, MessageKind, Thread, ThreadMessage
from ..workflow import LIVE, THREAD, ThreadState
from .telling import tell

SENTENCE = (5, 200)
"""Characters that one sentence of interest has at least and at most."""
TEXT_LIMIT = 2000
REASON_LIMIT = 500
FILES_LIMIT = 30
"""Files in one thread."""


def express_interest(
    session: Session,
    actor: Actor,
    listing: Listing,
    sentence: str,
    own_listing: Listing | None = None,
) -> Thread:
    """One sentence opens a thread; its owner has the track's days to answer.

    Raises Invalid for the sentence, Conflict where a thread runs already or the listing has ended.
    """
    _may_begin(actor, listing)
    sentence = clean(sentence, "sentence", *SENTENCE)
    assert actor.organisation_id is not None and listing.organisation_id is not None
    if own_listing is not None and own_listing.board is not listing.board.opposite:
        raise Invalid({"own": f"请选择本单位的{listing.board.opposite.label}，或不附。"})
    rules = tracks.current(session, listing.track)
    moment = clock.now()
    thread = Thread(
        listing_id=listing.id,
        issuer_id=listing.organisation_id,
        organisation_id=actor.organisation_id,
        own_listing_id=own_listing.id if own_listing else None,
        track_version_id=rules.id,
        state=ThreadState.INTERESTED,
        opened_by=actor.user_id,
        opened_at=moment,
        changed_at=moment,
        holder=Holder.ISSUER,
        due=add_working_days(clock.today(), rules.interest_days),
    )
    thread.listing = listing
    try:
        with session.begin_nested():
            session.add(thread)
            session.flush()
    except IntegrityError as error:  # a colleague was faster: the index allows one
        raise Conflict("本单位已经对这条内容发过意向，请到“对接”里继续。") from error
    add_line(session, actor, thread, sentence, MessageKind.INTEREST, asks=True)
    audit.record(
        session, actor, "thread.opened", "thread", thread.id,
        organisation_id=actor.organisation_id, listing=listing.code,
    )  # fmt: skip
    tell(session, thread, Side.ISSUER, "有新的对接意向", actor, text=sentence)
    return thread


def _may_begin(actor: Actor, listing: Listing) -> None:
    if not actor.can(Permission.LISTING_RESPOND) or actor.seat is None:
        raise Forbidden("请先加入单位，再以单位的名义对接。")
    if listing.organisation_id in actor.organisation_ids:
        raise Conflict("这是本单位发布的内容，不能与自己对接。")
    if listing.state is not ListingState.PUBLISHED:
        raise NotFound
    if listing.organisation_id is None:
        raise Conflict("这条内容还没有单位认领，暂时不能在线对接。")
    if not actor.acts_in(listing.line):
        raise Forbidden("您的经办范围不含这条业务线，请联系本单位管理员调整。")
    if not actor.seat.verified:
        raise Conflict("本单位尚未通过核验；请先在“我的单位”提交核验材料，通过后即可对接。")


def say(
    session: Session,
    actor: Actor,
    thread: Thread,
    text: str,
    *,
    asks: bool = False,
    received: Received | None = None,
    level: FileLevel = FileLevel.BOTH,
    folder: Path | None = None,
    limit: int = 0,
) -> ThreadMessage:
    """Writes a line, with a file where one came. The owner's first line accepts the interest;
    a line that asks hands the ball to the other side."""
    side = _side(thread, actor)
    if thread.state is ThreadState.INTERESTED:
        name = "accept" if side is Side.ISSUER else "add"
    else:
        name = "say"
    if refusal := THREAD.refusal(name, thread, actor):
        raise refusal
    text = text.replace("\r\n", "\n").strip()
    if not text and received is None:
        raise Invalid({"text": "请写下要说的话，或选择一个文件。"})
    if len(text) > TEXT_LIMIT:
        raise Invalid({"text": f"最多 {TEXT_LIMIT} 字，现在 {len(text)} 字。"})
    upload_id = None
    if received is not None:
        assert folder is not None
        upload_id = _store(session, actor, thread, received, folder, limit)
    THREAD.apply(name, thread, actor)
    line = add_line(session, actor, thread, text, MessageKind.MESSAGE, asks=asks)
    if upload_id is not None:
        line.upload_id, line.level = upload_id, level
    pass_ball(session, thread, side, asks=asks)
    audit.record(
        session, actor, f"thread.{name}", "thread", thread.id,
        organisation_id=actor.organisation_id, file=upload_id is not None,
    )  # fmt: skip
    title = "对方同意对接" if name == "accept" else "对方提了问题" if asks else "对方有新回复"
    tell(session, thread, side.other, title, actor)
    return line


def _store(
    session: Session, actor: Actor, thread: Thread, received: Received, folder: Path, limit: int
) -> int:
    count = sum(upload is not None for _, upload in queries.messages(session, thread.id))
    if count >= FILES_LIMIT:
        raise Invalid({"file": f"一个对接里最多 {FILES_LIMIT} 个文件。"})
    try:
        upload = uploads.store(
            session, actor, received, folder=folder, limit=limit, purpose="thread",
            organisation_id=actor.organisation_id, kinds=uploads.DOCUMENTS,
        )  # fmt: skip
    except UploadRefused as error:
        raise Invalid({"file": error.message}) from error
    return upload.id


def end(
    session: Session, actor: Actor, thread: Thread, name: str, reason: str, code: str = ""
) -> None:
    """Declines (code and sentence), withdraws, or ends a thread with a sentence; the other side
    reads it."""
    side = _side(thread, actor)
    if name not in ("decline", "withdraw", "end"):
        raise NotFound
    if refusal := THREAD.refusal(name, thread, actor):
        raise refusal
    found: ReasonCode | None = None
    errors = {}
    reason = reason.replace("\r\n", "\n").strip()
    if name == "decline":
        found = chosen(thread.line, code)
        if found is None:
            errors["code"] = "请选择一个原因。"
    if name != "withdraw" and not reason:
        errors["reason"] = "请写一句话说明，对方会看到。"
    if len(reason) > REASON_LIMIT:
        errors["reason"] = f"最多 {REASON_LIMIT} 字，现在 {len(reason)} 字。"
    if errors:
        raise Invalid(errors)
    THREAD.apply(name, thread, actor)
    _close(thread, side, reason, found)
    audit.record(
        session, actor, f"thread.{name}", "thread", thread.id,
        organisation_id=actor.organisation_id, reason=found.value if found else None,
    )  # fmt: skip
    words = {"decline": "对方婉拒了对接", "withdraw": "对方撤回了意向", "end": "对方结束了对接"}
    tell(session, thread, side.other, words[name], actor, text=reason)


def listing_changed(session: Session, _actor: Actor, listing: Listing, name: str) -> None:
    """A withdrawn listing ends the interests that nobody has answered; talks go on."""
    if name != "withdraw":
        return
    for thread in queries.on_listing(session, listing.id):
        if thread.state is not ThreadState.INTERESTED:
            continue
        THREAD.apply("lapse", thread, SYSTEM)
        _close(thread, None, "发榜方撤下了这条内容。", ReasonCode.LISTING_ENDED)
        audit.record(
            session, SYSTEM, "thread.lapse", "thread", thread.id,
            organisation_id=thread.organisation_id,
        )  # fmt: skip
        tell(session, thread, Side.RESPONDER, "您意向的内容已撤下", SYSTEM)


def _close(thread: Thread, side: Side | None, reason: str, code: ReasonCode | None) -> None:
    thread.holder = thread.due = None
    thread.escalated = 0
    thread.ended_by, thread.reason, thread.reason_code = side, reason, code
    thread.changed_at = clock.now()


def pass_ball(session: Session, thread: Thread, side: Side, *, asks: bool) -> None:
    """Who has to act next and by when, after `side` did something."""
    if thread.state not in LIVE:
        return
    rules = session.get_one(TrackVersion, thread.track_version_id)
    if thread.state is ThreadState.INTERESTED:
        thread.changed_at = clock.now()
        return  # the owner's answer is still due on its day
    if asks:
        thread.holder = Holder(side.other.value)
        days = rules.answer_days
    else:
        thread.holder = Holder.RESPONDER
        days = rules.idle_days
    thread.due = add_working_days(clock.today(), days)
    thread.escalated = 0
    thread.changed_at = clock.now()


def add_line(
    session: Session,
    actor: Actor,
    thread: Thread,
    text: str,
    kind: MessageKind,
    *,
    asks: bool = False,
) -> ThreadMessage:
    """Adds a line as it stands in the thread."""
    line = ThreadMessage(
        thread_id=thread.id,
        at=clock.now(),
        side=thread.side_of(actor),
        author_id=actor.user_id,
        kind=kind,
        asks=asks,
        text=text,
    )
    session.add(line)
    return line


def _side(thread: Thread, actor: Actor) -> Side:
    side = thread.side_of(actor)
    if side is None:
        raise NotFound
    return side


def clean(text: str, name: str, low: int, high: int) -> str:
    """A text within its limits; Invalid says how long it is."""
    text = text.replace("\r\n", "\n").strip()
    if len(text) < low:
        raise Invalid({name: f"请至少写 {low} 个字，说明您能做什么或想了解什么。"})
    if len(text) > high:
        raise Invalid({name: f"最多 {high} 字，现在 {len(text)} 字。"})
    return text

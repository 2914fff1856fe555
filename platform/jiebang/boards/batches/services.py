"""Opening a batch, changing it before its window, extending it after, and putting needs in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Forbidden, Invalid
from jiebang.core.permissions import Actor, Permission
from jiebang.orgs.notices import services as notices

from ..models import Listing, Track
from ..tracks import queries as tracks
from ..workflow import ListingState
from . import queries
from .models import Batch, BatchListing, ListType

NAME_LIMIT, NOTE_LIMIT = 60, 1000
MOVED: list[Callable[[Session, Actor, Batch], None]] = []
"""Called when a batch's window has moved; filled by `wiring`."""
JOINABLE = (ListingState.SUBMITTED, ListingState.DIAGNOSIS, ListingState.PUBLISHED)


def _moment(text: str, name: str, label: str, errors: dict[str, str]) -> datetime | None:
    """A moment typed in 北京时间."""
    try:
        naive = datetime.fromisoformat(text.strip())
    except ValueError:
        errors[name] = f"请填写{label}，例如 2026-12-01 09:00（北京时间）。"
        return None
    return naive.replace(tzinfo=clock.BEIJING) if naive.tzinfo is None else naive


def _read(typed: Mapping[str, str]) -> tuple[str, ListType, datetime, datetime, str]:
    errors: dict[str, str] = {}
    name, note = typed.get("name", "").strip(), typed.get("note", "").replace("\r\n", "\n").strip()
    if not name:
        errors["name"] = "请填写批次名称，例如“2027 年第一批”。"
    elif len(name) > NAME_LIMIT:
        errors["name"] = f"名称最多 {NAME_LIMIT} 字，现在 {len(name)} 字。"
    if len(note) > NOTE_LIMIT:
        errors["note"] = f"说明最多 {NOTE_LIMIT} 字，现在 {len(note)} 字。"
    kind = typed.get("list_type", "")
    if kind not in {each.value for each in ListType}:
        errors["list_type"] = "请选择榜单类型。"
    opens = _moment(typed.get("opens_at", ""), "opens_at", "窗口开始时间", errors)
    closes = _moment(typed.get("closes_at", ""), "closes_at", "窗口截止时间", errors)
    if opens and closes and opens >= closes:
        errors["closes_at"] = "截止时间要在开始时间之后。"
    elif closes and closes <= clock.now():
        errors["closes_at"] = f"截止时间已过，现在是 {clock.moment_text(clock.now())}。"
    if errors or opens is None or closes is None:
        raise Invalid(errors)
    return name, ListType(kind), opens, closes, note


def open_batch(session: Session, actor: Actor, typed: Mapping[str, str]) -> Batch:
    """A new batch; Invalid names every field that cannot be taken."""
    _may(actor)
    name, kind, opens, closes, note = _read(typed)
    assert actor.user_id is not None
    found = Batch(
        name=name, list_type=kind, opens_at=opens, closes_at=closes, note=note,
        created_by=actor.user_id, created_at=clock.now(),
    )  # fmt: skip
    _keep(session, found)
    _record(session, actor, found, "opened")
    return found


def change_batch(session: Session, actor: Actor, found: Batch, typed: Mapping[str, str]) -> None:
    """Before the window anything; once it is open the note may change and the end may move back
    (延期), never forward: who planned with it must not be cut short. Issuers are told of it."""
    _may(actor)
    if found.closed:
        raise Conflict(f"这个批次已于 {clock.moment_text(found.closes_at)} 截止，不能再改。")
    name, kind, opens, closes, note = _read(typed)
    errors = {}
    if found.opened:
        if (name, kind, opens) != (found.name, found.list_type, found.opens_at):
            errors["name"] = "窗口已经开放，名称、类型和开始时间不能再改。"
        if closes < found.closes_at:
            errors["closes_at"] = "窗口已经开放，截止时间只能延后，不能提前。"
    if errors:
        raise Invalid(errors)
    moved = closes != found.closes_at or opens != found.opens_at
    found.name, found.list_type, found.note = name, kind, note
    found.opens_at, found.closes_at = opens, closes
    _keep(session, found)
    if moved:
        for listing in queries.owners(session, found.id):
            assert listing.organisation_id is not None
            notices.tell_organisation(
                session, listing.organisation_id, listing.line,
                f"批次窗口有变：{listing.title}", f"/batches/{found.id}",
                f"“{found.name}”的揭榜窗口是 {found.window}。",
            )  # fmt: skip
        for listener in MOVED:
            listener(session, actor, found)
    _record(session, actor, found, "changed")


def put_in(session: Session, actor: Actor, listing: Listing, batch: Batch) -> None:
    """A need of the competition joins a batch that is not over; before its own batch's window has
    opened it may still be moved to another one."""
    _may(actor)
    if listing.board is not Board.NEED or listing.track is not Track.COMPETITION:
        raise Conflict("只有揭榜挂帅的技术需求归入批次。")
    if listing.state not in JOINABLE:
        raise Conflict("这条需求现在的状态不能归入批次。")
    if batch.closed:
        raise Conflict(f"批次“{batch.name}”已于 {clock.moment_text(batch.closes_at)} 截止。")
    row = session.get(BatchListing, listing.id)
    if row is not None and row.batch_id == batch.id:
        return
    assert actor.user_id is not None
    if row is None:
        row = BatchListing(listing_id=listing.id)
        session.add(row)
    elif queries.batch(session, row.batch_id).opened:
        raise Conflict("它所在批次的窗口已经开放，不能再换批次。")
    row.batch_id, row.added_by, row.added_at = batch.id, actor.user_id, clock.now()
    session.flush()
    audit.record(
        session, actor, "batch.joined", "listing", listing.id,
        organisation_id=listing.organisation_id, batch=batch.name,
    )  # fmt: skip
    if listing.organisation_id is not None:
        notices.tell_organisation(
            session, listing.organisation_id, listing.line, f"需求已归入批次：{listing.title}",
            f"/batches/{batch.id}", f"“{batch.name}”的揭榜窗口是 {batch.window}。",
        )  # fmt: skip


def listing_changed(session: Session, _actor: Actor, listing: Listing, name: str) -> None:
    """Where the track asks for it, a need without a batch is not published."""
    if name != "approve" or listing.track is not Track.COMPETITION:
        return
    if listing.board is not Board.NEED or not tracks.current(session, listing.track).batched:
        return
    if queries.of_listing(session, listing.id) is None:
        raise Conflict("这条赛道要求先把需求归入批次，再通过并发布。")


def check_late(session: Session, listing: Listing) -> Batch | None:
    """Conflict, with the server's time, once the window of a need's batch has closed."""
    found = queries.of_listing(session, listing.id)
    if found is not None and found.closed:
        raise Conflict(
            f"批次“{found.name}”的揭榜窗口已于 {clock.moment_text(found.closes_at)} 截止，现在是 "
            f"{clock.moment_text(clock.now())}（北京时间，以服务器为准）。已写的内容保留在草稿里。"
        )
    return found


def check_window(session: Session, listing: Listing) -> None:
    """The same, and Conflict before it has opened: a draft may be written by then, not filed."""
    found = check_late(session, listing)
    if found is not None and not found.opened:
        raise Conflict(
            f"批次“{found.name}”的揭榜窗口 {clock.moment_text(found.opens_at)} 开放，现在是 "
            f"{clock.moment_text(clock.now())}（北京时间，以服务器为准）。可以先写好，到时提交。"
        )


def _may(actor: Actor) -> None:
    if not actor.can(Permission.TRACKS_EDIT):
        raise Forbidden("只有运营人员可以办理批次。")


def _keep(session: Session, found: Batch) -> None:
    try:
        with session.begin_nested():
            session.add(found)
            session.flush()
    except IntegrityError as error:
        raise Invalid({"name": "已有同名的批次，请换一个名称。"}) from error


def _record(session: Session, actor: Actor, found: Batch, name: str) -> None:
    audit.record(
        session, actor, f"batch.{name}", "batch", found.id, batch=found.name,
        window=found.window,
    )  # fmt: skip

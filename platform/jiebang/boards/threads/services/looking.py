"""The log of looks at what is hidden: who, when, at what, and why; its owner reads it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import Actor, Permission
from jiebang.orgs.notices import services as notices

from ...models import Listing
from ..models import AccessEntry, Looker

SHORTEST, LONGEST = 6, 200
"""Characters of an operator's reason: one word is none."""


def log_access(
    session: Session, actor: Actor, owner_id: int, listing_id: int, what: str, looker: Looker, *,
    thread_id: int | None = None, reason: str = "",
) -> None:  # fmt: skip
    """Notes one look at a protected text or file, for its owner to read. `what` names fields or
    files, never their text."""
    session.add(
        AccessEntry(
            at=clock.now(),
            owner_id=owner_id,
            listing_id=listing_id,
            thread_id=thread_id,
            organisation_id=actor.organisation_id if looker is Looker.COUNTERPART else None,
            user_id=actor.user_id,
            looker=looker,
            what=what if len(what) <= 200 else f"{what[:199]}…",
            reason=reason,
        )
    )
    audit.record(
        session, actor, "protected.read", "listing", listing_id, organisation_id=owner_id,
        looker=looker.value, reason=reason or None,
    )  # fmt: skip


def open_for_platform(
    session: Session, actor: Actor, listing: Listing, labels: list[str], reason: str
) -> None:
    """An operator opens what a listing hides: Invalid without a reason. The owner is told at once.

    `labels` are the names of the hidden fields that will be shown.
    """
    _may_open(actor, listing)
    if not labels:
        raise Conflict("这条内容没有可以打开的不公开栏目。")
    _opened(session, actor, listing, f"不公开栏目：{'、'.join(labels)}", reason)


def open_file_for_platform(
    session: Session, actor: Actor, listing: Listing, name: str, reason: str
) -> None:
    """The same for one file that its owner keeps to itself, or an agreement stands before.

    `name` is the file's own: its owner reads in the log which one was opened."""
    _may_open(actor, listing)
    _opened(session, actor, listing, f"不公开附件：{name}", reason)


def _may_open(actor: Actor, listing: Listing) -> None:
    if not actor.can(Permission.LISTING_REVIEW) or listing.organisation_id is None:
        raise NotFound
    if listing.organisation_id in actor.organisation_ids:
        raise Conflict("这是本单位的内容，请在本单位的页面上查看。")


def _opened(session: Session, actor: Actor, listing: Listing, what: str, reason: str) -> None:
    assert listing.organisation_id is not None
    reason = " ".join(reason.split())
    if len(reason) < SHORTEST:
        raise Invalid({"reason": f"请写明为什么要看，至少 {SHORTEST} 个字；发布方会看到。"})
    if len(reason) > LONGEST:
        raise Invalid({"reason": f"最多 {LONGEST} 字，现在 {len(reason)} 字。"})
    log_access(
        session, actor, listing.organisation_id, listing.id, what, Looker.OPERATOR, reason=reason
    )
    notices.tell_organisation(
        session, listing.organisation_id, listing.line,
        f"平台运营查看了不公开内容：{listing.title}", f"/listings/{listing.code}/looks",
        f"理由：{reason}",
    )  # fmt: skip

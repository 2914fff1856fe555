"""Organisations: made by their people, or by an operator before their people arrive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.errors import Forbidden, Invalid
from jiebang.core.permissions import Actor, Line, OrganisationRole, Permission

from .. import queries
from ..models import Category, Membership, Organisation, OrganisationState, Size

NAME_LIMIT = 100
INTRO_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Profile:
    """What an organisation says about itself; all but name and category may be empty."""

    name: str
    category: Category
    size: Size | None = None
    region: str = ""
    industry: str = ""
    chain: str = ""
    intro: str = ""
    staff: int | None = None
    contact_name: str = ""
    contact_phone: str = ""


def create_organisation(
    session: Session, actor: Actor, profile: Profile, *, owner_user_id: int
) -> Organisation:
    """A new organisation with its first administrator. Invalid when the name is taken."""
    name = tidy_name(profile.name)
    taken = queries.by_name(session, name)
    if taken is not None:
        raise Invalid({"name": _taken(taken)})
    values = asdict(profile) | {"name": name}
    found = Organisation(**values, created_at=clock.now())
    session.add(found)
    session.flush()
    session.add(
        Membership(
            organisation_id=found.id,
            user_id=owner_user_id,
            role=OrganisationRole.ADMINISTRATOR,
            scopes=[line.value for line in Line],
            created_at=clock.now(),
        )
    )
    audit.record(
        session, actor, "organisation.created", "organisation", found.id,
        organisation_id=found.id, category=found.category.value, administrator=owner_user_id,
    )  # fmt: skip
    return found


def edit_profile(session: Session, actor: Actor, profile: Profile) -> Organisation:
    """Changes the profile of the organisation acted for; a verified name stays."""
    found = queries.mine(session, actor, lock=True)
    guard_manage(actor)
    values = asdict(profile) | {"name": tidy_name(profile.name)}
    if found.state in (OrganisationState.VERIFIED, OrganisationState.SUBMITTED):
        values |= {"name": found.name, "category": found.category}
    other = queries.by_name(session, values["name"])
    if other is not None and other.id != found.id:
        raise Invalid({"name": _taken(other)})
    changed = _assign(found, values)
    if changed:
        audit.record(
            session, actor, "organisation.edited", "organisation", found.id,
            organisation_id=found.id, fields=changed,
        )  # fmt: skip
    return found


def require_endorsement(session: Session, actor: Actor, required: bool) -> Organisation:
    """Switches on or off that agents' listings wait for an administrator's word."""
    found = queries.mine(session, actor, lock=True)
    guard_manage(actor)
    if _assign(found, {"endorsement": required}):
        audit.record(
            session, actor, "organisation.edited", "organisation", found.id,
            organisation_id=found.id, fields=["endorsement"], required=required,
        )  # fmt: skip
    return found


def unclaimed(
    session: Session, actor: Actor, name: str, category: Category = Category.ENTERPRISE
) -> Organisation:
    """The organisation of this name; made as 待认领 when there is none. Operators' imports only."""
    if not actor.can(Permission.IMPORT_FOR_OTHERS):
        raise Forbidden("只有运营人员可以替其他单位建档。")
    name = tidy_name(name)
    found = queries.by_name(session, name)
    if found is not None:
        return found
    found = Organisation(name=name, category=category, claimed=False, created_at=clock.now())
    session.add(found)
    session.flush()
    audit.record(
        session, actor, "organisation.imported", "organisation", found.id,
        organisation_id=found.id, category=category.value,
    )  # fmt: skip
    return found


def guard_manage(actor: Actor) -> None:
    """Only administrators of the organisation acted for; others are told whom to ask."""
    if not actor.can(Permission.ORGANISATION_MANAGE):
        raise Forbidden("只有本单位管理员可以办理，请联系管理员，或请其调整您的角色。")


def tidy_name(name: str) -> str:
    """One blank at most between words; Invalid when empty or too long."""
    name = " ".join(name.split())
    if not name:
        raise Invalid({"name": "请填写单位名称，与营业执照或法人证书一致。"})
    if len(name) > NAME_LIMIT:
        raise Invalid({"name": f"单位名称最多 {NAME_LIMIT} 字，现在 {len(name)} 字。"})
    return name


def _taken(found: Organisation) -> str:
    if not found.claimed:
        return f"“{found.name}”已由平台建档、等待认领；请返回上一步改选“认领单位”。"
    return f"“{found.name}”已有人创建；请联系其管理员邀请您加入，名称被冒用请联系平台运营。"


def _assign(found: Organisation, values: Mapping[str, Any]) -> list[str]:
    changed = [key for key, value in values.items() if getattr(found, key) != value]
    for key in changed:
        setattr(found, key, values[key])
    return changed

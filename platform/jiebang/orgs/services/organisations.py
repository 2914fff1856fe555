"""Organisations: made by their people, or by an operator before their people arrive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy.orm import Session

from jiebang.core import audit, clock, terms
from jiebang.core.errors import Forbidden, Invalid
from jiebang.core.permissions import Actor, Line, OrganisationRole, Permission

from .. import credit_code, queries
from ..models import Category, Cultivation, Membership, Organisation, OrganisationState, Size
from ..terms import CATEGORY_LABELS, CULTIVATION_LABELS, SIZE_LABELS

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
    """Changes the profile of the organisation acted for; a verified name stays as it was checked."""
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


def import_organisation(
    session: Session, actor: Actor, values: Mapping[str, Any]
) -> Literal["created", "updated", "unchanged"]:
    """Takes over a row of an operator's list: found by credit code, else by name.

    What the people of a claimed organisation wrote themselves is kept; only gaps are filled.
    Labels and stored values are both understood. Invalid names what cannot be read.
    """
    if not actor.can(Permission.IMPORT_FOR_OTHERS):
        raise Forbidden("只有运营人员可以替其他单位建档。")
    given = _read(values)
    code = given.get("credit_code")
    found = queries.by_credit_code(session, code) if code else None
    named = queries.by_name(session, given["name"])
    if found is not None and named is not None and found.id != named.id:
        raise Invalid({"credit_code": f"该代码已属于“{found.name}”，与单位名称不一致，请核对。"})
    found = found or named
    if found is None:
        found = Organisation(**given, claimed=False, created_at=clock.now())
        session.add(found)
        session.flush()
        audit.record(
            session, actor, "organisation.imported", "organisation", found.id,
            organisation_id=found.id, category=found.category.value,
        )  # fmt: skip
        return "created"
    if found.credit_code and code and found.credit_code != code:
        raise Invalid(
            {"credit_code": f"与“{found.name}”已登记的代码不一致，请核对；导入不会改动代码。"}
        )
    if found.claimed:
        given = {key: value for key, value in given.items() if not getattr(found, key)}
        if found.state is OrganisationState.SUBMITTED:
            given.pop("credit_code", None)
    changed = _assign(found, given)
    if not changed:
        return "unchanged"
    session.flush()
    audit.record(
        session, actor, "organisation.updated", "organisation", found.id,
        organisation_id=found.id, fields=changed,
    )  # fmt: skip
    return "updated"


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


def _read(values: Mapping[str, Any]) -> dict[str, Any]:
    """Typed values of the keys that say something."""
    said = {key: value for key, value in values.items() if value not in (None, "")}
    errors: dict[str, str] = {}
    given: dict[str, Any] = {"name": tidy_name(str(said.pop("name", "")))}
    kinds: tuple[tuple[str, Any, Mapping[Any, str]], ...] = (
        ("category", Category, CATEGORY_LABELS),
        ("size", Size, SIZE_LABELS),
        ("cultivation", Cultivation, CULTIVATION_LABELS),
    )
    for key, kind, labels in kinds:
        if key in said:
            text = str(said.pop(key))
            by_label = {label: member for member, label in labels.items()}
            known = {member.value: member for member in kind} | by_label
            if text in known:
                given[key] = known[text]
            else:
                errors[key] = f"“{text[:20]}”看不懂，可填：{'、'.join(labels.values())}"
    given.setdefault("category", Category.ENTERPRISE)
    if "industry" in said:
        text = str(said.pop("industry"))
        industries = {label: value for value, label in terms.INDUSTRY_LABELS.items()}
        given["industry"] = text if text in terms.INDUSTRY_LABELS else industries.get(text, "other")
    if "credit_code" in said:
        code = credit_code.normalise(str(said.pop("credit_code")))
        if problem := credit_code.problem(code):
            errors["credit_code"] = problem
        given["credit_code"] = code
    for key, limit in (("region", 40), ("chain", 40), ("intro", INTRO_LIMIT)):
        if key in said:
            given[key] = str(said.pop(key)).strip()
            if len(given[key]) > limit:
                errors[key] = f"最多 {limit} 字，现在 {len(given[key])} 字"
    for key in ("staff", "chain_leader"):
        if key in said:
            given[key] = said.pop(key)
    if not isinstance(given.get("staff", 0), int) or given.get("staff", 0) < 0:
        errors["staff"] = "职工人数应为不小于 0 的整数"
    if "chain_leader" in given:
        given["chain_leader"] = bool(given["chain_leader"])
    if errors:
        raise Invalid(errors)
    return given

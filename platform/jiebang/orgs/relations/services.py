"""Declaring holdings and control; the administrator answers for what is declared."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.errors import Invalid
from jiebang.core.permissions import Actor

from .. import queries as orgs
from ..models import name_key
from ..services import guard_manage
from . import queries
from .models import Relation, RelationKind

NAME_LIMIT = 100
LIMIT = 100
"""Declarations of one organisation."""


def declare(
    session: Session, actor: Actor, direction: str, name: str, kind: str, percent: str
) -> Relation:
    """Declares one tie. `direction`: "up" (the other holds or controls us) or "down". Invalid
    names every field that cannot be taken."""
    organisation = orgs.mine(session, actor)
    guard_manage(actor)
    name = name.strip()
    errors: dict[str, str] = {}
    if direction not in ("up", "down"):
        errors["direction"] = "请选择对方在上还是在下。"
    if not name:
        errors["name"] = "请填写对方的全称；自然人填姓名。"
    elif len(name) > NAME_LIMIT:
        errors["name"] = f"最多 {NAME_LIMIT} 字，现在 {len(name)} 字。"
    elif name_key(name) == organisation.name_key:
        errors["name"] = "对方不能是本单位。"
    if kind not in {each.value for each in RelationKind}:
        errors["kind"] = "请选择关系。"
    share = _percent(percent, errors)
    if kind == RelationKind.HOLDING and share is None and "percent" not in errors:
        errors["percent"] = "请填写持股比例，例如 51 或 33.33。"
    if len(queries.declared(session, organisation.id)) >= LIMIT:
        errors[""] = f"最多申报 {LIMIT} 条。"
    if errors:
        raise Invalid(errors)
    upper, lower = (name, organisation.name) if direction == "up" else (organisation.name, name)
    found = Relation(
        organisation_id=organisation.id,
        upper_name=upper,
        upper_key=name_key(upper),
        lower_name=lower,
        lower_key=name_key(lower),
        kind=RelationKind(kind),
        percent=share,
        declared_by=actor.user_id,
        declared_at=clock.now(),
    )
    try:
        with session.begin_nested():
            session.add(found)
            session.flush()
    except IntegrityError as error:
        raise Invalid({"name": "这条关系已经申报过；要修改请先删除。"}) from error
    audit.record(
        session, actor, "relation.declared", "organisation", organisation.id,
        organisation_id=organisation.id, relation=found.id,
    )  # fmt: skip
    return found


def _percent(text: str, errors: dict[str, str]) -> Decimal | None:
    text = text.strip().rstrip("%％")
    if not text:
        return None
    try:
        share = Decimal(text)
    except InvalidOperation:
        share = Decimal(-1)
    if not share.is_finite() or not 0 < share <= 100 or share != share.quantize(Decimal("0.01")):
        errors["percent"] = "比例应是 0 到 100 之间的数，最多两位小数。"
        return None
    return share


def remove(session: Session, actor: Actor, relation_id: int) -> None:
    """Takes a declaration of one's own back; the audit keeps that it was there."""
    guard_manage(actor)
    found = queries.own(session, actor, relation_id)
    session.delete(found)
    audit.record(
        session, actor, "relation.removed", "organisation", found.organisation_id,
        organisation_id=found.organisation_id, relation=found.id,
    )  # fmt: skip

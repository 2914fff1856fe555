"""Keeps imported organisations: made unclaimed (待认领), updated while nobody claimed them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.errors import Forbidden
from jiebang.core.permissions import Actor, Permission
from jiebang.orgs import credit_code
from jiebang.orgs.models import (
    Category,
    Cultivation,
    Organisation,
    OrganisationState,
    Size,
    name_key,
)

from .rows import ImportedRow, Kept, Refused

_ENUMS = {"category": Category, "size": Size, "cultivation": Cultivation}
_EMPTY = (None, "", False)


def save_organisations(
    session: Session, actor: Actor, kind: str, rows: Sequence[ImportedRow], /
) -> list[Kept | Refused]:
    """`SaveMany` for organisations, found again by credit code, else by name.

    What its people have claimed is theirs: an import only fills what they left empty.
    """
    if kind != "organisation" or not actor.can(Permission.IMPORT_FOR_OTHERS):
        raise Forbidden("只有运营人员可以导入单位。")
    known = _Known(session, rows)
    answers: list[Kept | Refused] = []
    for row in rows:
        values = _typed(row.values)
        refusal = _refusal(values, known)
        if refusal is not None:
            answers.append(refusal)
            continue
        organisation = known.find(values)
        if organisation is None:
            organisation = Organisation(
                **values, claimed=False, state=OrganisationState.UNVERIFIED, created_at=clock.now()
            )
            session.add(organisation)
            answers.append("created")
        else:
            changed = _update(organisation, values)
            answers.append("updated" if changed else "unchanged")
            if not changed:
                continue
        known.add(organisation)
        audit.record(
            session, actor, "organisation.imported", "organisation", organisation,
            fields=sorted(values),
        )  # fmt: skip
    session.flush()
    return answers


class _Known:
    """The organisations that a batch may be about, by credit code and by name."""

    def __init__(self, session: Session, rows: Sequence[ImportedRow]) -> None:
        names = {name_key(row.values.get("name") or "") for row in rows}
        codes = {row.values.get("credit_code") for row in rows} - {None}
        self._by_name: dict[str, Organisation] = {}
        self._by_code: dict[str, Organisation] = {}
        matching = or_(Organisation.name_key.in_(names), Organisation.credit_code.in_(codes))
        for organisation in session.scalars(select(Organisation).where(matching)):
            self.add(organisation)

    def add(self, organisation: Organisation) -> None:
        self._by_name[organisation.name_key] = organisation
        if organisation.credit_code:
            self._by_code[organisation.credit_code] = organisation

    def find(self, values: dict[str, Any]) -> Organisation | None:
        return self.by_code(values) or self.by_name(values)

    def by_code(self, values: dict[str, Any]) -> Organisation | None:
        return self._by_code.get(values.get("credit_code", ""))

    def by_name(self, values: dict[str, Any]) -> Organisation | None:
        return self._by_name.get(name_key(values["name"]))


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    """Values as the model's columns take them; what the row does not say is left out."""
    found = {}
    for name, value in values.items():
        if value is not None:
            found[name] = _ENUMS[name](value) if name in _ENUMS else value
    if "credit_code" in found:
        found["credit_code"] = credit_code.normalise(found["credit_code"])
    return found


def _refusal(values: dict[str, Any], known: _Known) -> Refused | None:
    if "category" not in values:
        return Refused("请填写：企业、高校、科研院所或职业院校", "category")
    code = values.get("credit_code")
    if code is not None and (message := credit_code.problem(code)):
        return Refused(message, "credit_code")
    named, coded = known.by_name(values), known.by_code(values)
    if named is not None and coded is not None and named is not coded:
        return Refused(f"信用代码已属于“{coded.name}”，请核对", "credit_code")
    if named is not None and coded is None and named.credit_code and "credit_code" in values:
        return Refused("平台上的同名单位是另一个信用代码，请核对", "credit_code")
    if coded is not None and named is None and coded.claimed:
        return Refused(f"该信用代码的单位在平台上名为“{coded.name}”，请核对", "name")
    return None


def _update(organisation: Organisation, values: dict[str, Any]) -> bool:
    changed = False
    for name, value in values.items():
        before = getattr(organisation, name)
        if before != value and (not organisation.claimed or before in _EMPTY):
            setattr(organisation, name, value)
            changed = True
    return changed

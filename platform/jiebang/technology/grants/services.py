"""Loading tables, adding versions, switching on and off. Nothing of a version is ever changed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.errors import Conflict, Forbidden, Invalid
from jiebang.core.permissions import Actor, Permission

from .models import GrantTable, GrantVersion
from .rules import parse

LIMITS = {"place": 60, "programme": 120, "source": 600, "reason": 500}
LABELS = {"place": "地方", "programme": "政策名称", "source": "来源", "reason": "原因"}
KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
FILE_LIMIT = 200_000
"""Bytes of a file with one table."""


@dataclass(frozen=True, slots=True)
class Values:
    """What a version is made of."""

    source: str
    valid_from: date | None
    valid_to: date | None
    verified: bool
    rules: Mapping[str, Any]


def add_table(
    session: Session, actor: Actor, key: str, place: str, programme: str, values: Values
) -> GrantTable:
    """A new table, off; Invalid names what is wrong, the rules' fields by their path."""
    _may(actor)
    errors = _texts({"place": place, "programme": programme})
    if not KEY.fullmatch(key):
        errors["key"] = "代号用小写字母、数字和连字符，最多 40 个字符，例如 jinan-2026。"
    elif session.scalar(select(GrantTable.id).where(GrantTable.key == key)) is not None:
        errors["key"] = f"代号“{key}”已有规则表；修改请打开它另立新版本。"
    checked = _checked(values, errors)
    found = GrantTable(key=key, place=place.strip(), programme=programme.strip(), active=False)
    session.add(found)
    session.flush()
    _version(session, actor, found, 1, values, checked)
    audit.record(session, actor, "grant.added", "grant_table", found.id, code=key)
    return found


def add_version(session: Session, actor: Actor, found: GrantTable, values: Values) -> GrantVersion:
    """Another version of a table. The caller holds the table's lock."""
    _may(actor)
    checked = _checked(values, {})
    number = max((each.number for each in found.versions), default=0) + 1
    version = _version(session, actor, found, number, values, checked)
    if found.active and not values.verified:
        raise Conflict("这张表正在使用，新版本须先与原文核对；或先停用再改。")
    audit.record(
        session, actor, "grant.version", "grant_table", found.id,
        version=number, verified=values.verified,
    )  # fmt: skip
    return version


def switch(session: Session, actor: Actor, found: GrantTable, *, on: bool, reason: str) -> None:
    """Puts a table into use or out of it. Only what was compared with the original can be on;
    what was proposed before stays as it was computed."""
    _may(actor)
    reason = reason.replace("\r\n", "\n").strip()
    if errors := _texts({"reason": reason}):
        raise Invalid(errors)
    if found.active is on:
        raise Conflict("这张规则表已经启用。" if on else "这张规则表已经停用。")
    if on:
        version = found.on(clock.today())
        if version is None:
            raise Conflict("没有今天有效的版本，不能启用；请先另立一个版本。")
        if not version.verified:
            raise Conflict(
                "现行版本未核对原文，不能用来算钱：请核对后另立一个标记为“已核对”的版本，再启用。"
            )
    found.active, found.reason, found.switched_at = on, reason, clock.now()
    audit.record(
        session, actor, "grant.on" if on else "grant.off", "grant_table", found.id,
        code=found.key, note=reason,
    )  # fmt: skip
    session.flush()


def read_file(data: bytes) -> dict[str, Any]:
    """A table from a JSON file as shipped: key, place, programme, source, valid_from, valid_to,
    verified, rules. Invalid says which field is wrong."""
    if len(data) > FILE_LIMIT:
        raise Invalid({"file": f"文件超过 {FILE_LIMIT // 1000} KB，一张规则表不会这么大。"})
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Invalid({"file": "不是 UTF-8 编码的 JSON 文件，请重新导出。"}) from error
    if not isinstance(found, dict):
        raise Invalid({"file": "文件最外层应是一张规则表（花括号）。"})
    errors = {
        name: f"{name}：应为文字。"
        for name in ("key", "place", "programme", "source", "valid_from")
        if not isinstance(found.get(name), str)
    }
    for name in found:
        if name not in {
            "key", "place", "programme", "source", "valid_from", "valid_to", "verified", "rules",
        }:  # fmt: skip
            errors[str(name)] = f"{name}：不认识这一项，请删除或改正名称。"
    if not isinstance(found.get("verified", False), bool):
        errors["verified"] = "verified：应为 true 或 false。"
    for name in ("valid_from", "valid_to"):
        value = found.get(name)
        if value is not None and name not in errors:
            try:
                found[name] = date.fromisoformat(value)
            except (TypeError, ValueError):
                errors[name] = f"{name}：日期写成 2026-01-01 的样子。"
    if errors:
        raise Invalid(errors)
    return found


def load_file(session: Session, actor: Actor, data: bytes) -> GrantTable:
    """A new table from a file: it is never verified by the file's own word."""
    row = read_file(data)
    values = Values(
        row["source"], row["valid_from"], row.get("valid_to"), False, row.get("rules", {})
    )
    return add_table(session, actor, row["key"], row["place"], row["programme"], values)


def _may(actor: Actor) -> None:
    if not actor.can(Permission.GRANTS_MANAGE):
        raise Forbidden("只有平台运营可以维护奖补规则。")


def _texts(texts: Mapping[str, str]) -> dict[str, str]:
    errors = {}
    for name, text in texts.items():
        if not text.strip():
            errors[name] = f"请填写{LABELS[name]}。"
        elif len(text.strip()) > LIMITS[name]:
            errors[name] = f"{LABELS[name]}最多 {LIMITS[name]} 字，现在 {len(text.strip())} 字。"
    return errors


def _checked(values: Values, errors: dict[str, str]) -> dict[str, Any]:
    errors |= _texts({"source": values.source})
    if values.valid_from is None:
        errors["valid_from"] = "请填写生效日期。"
    elif values.valid_to is not None and values.valid_to < values.valid_from:
        errors["valid_to"] = "失效日期不能早于生效日期。"
    try:
        parse(values.rules)
    except Invalid as error:
        errors |= error.errors
    if errors:
        raise Invalid(errors)
    return dict(values.rules)


def _version(
    session: Session,
    actor: Actor,
    found: GrantTable,
    number: int,
    values: Values,
    checked: dict[str, Any],
) -> GrantVersion:
    assert values.valid_from is not None
    version = GrantVersion(
        table_id=found.id,
        number=number,
        source=values.source.strip(),
        valid_from=values.valid_from,
        valid_to=values.valid_to,
        verified=values.verified,
        rules=checked,
        created_by=actor.user_id,
        created_at=clock.now(),
    )
    session.add(version)
    session.flush()
    session.expire(found, ["versions"])
    return version

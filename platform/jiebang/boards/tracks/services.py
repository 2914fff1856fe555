"""Issuing a new version of a track: its values, its source, and the day from which it applies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.errors import Conflict, Forbidden, Invalid
from jiebang.core.money import parse_money
from jiebang.core.permissions import Actor, Permission

from ..models import Track
from . import queries
from .models import TrackVersion
from .values import Kind, Value, differences, values

SOURCE_LIMIT = 500
MOST_CRITERIA = 8
AHEAD = timedelta(days=366)
"""So far ahead a version may be issued."""
LABEL_LIMIT, HINT_LIMIT = 20, 60


@dataclass(frozen=True, slots=True)
class Draft:
    """A version that could be issued."""

    values: dict[str, Any]
    valid_from: date
    source: str
    verified: bool


def read(track: TrackVersion, typed: Mapping[str, str]) -> Draft:
    """The typed texts as values; Invalid names every field that cannot be taken, in words.

    Texts are named as the columns; criteria as `need_criteria-0-label`, `-weight`, `-hint`.
    Whatever else is typed is not looked at: nothing but values can be set.
    """
    errors: dict[str, str] = {}
    found: dict[str, Any] = {}
    for value in values():
        try:
            found[value.name] = _read(value, typed, getattr(track, value.name), errors)
        except ValueError as error:
            errors[value.name] = f"“{value.label}”{error}"
    for switch, criteria in (
        ("need_review", "need_criteria"),
        ("response_review", "response_criteria"),
    ):
        if found.get(switch) and found.get(criteria) == [] and criteria not in errors:
            errors[criteria] = "打开专家评审后，至少要有一条评审标准。"
    valid_from, source = _day(typed.get("valid_from", ""), errors), typed.get("source", "").strip()
    if not source:
        errors["source"] = "请写明依据：文件名称、文号，或本市的决定。"
    elif len(source) > SOURCE_LIMIT:
        errors["source"] = f"依据最多 {SOURCE_LIMIT} 字，现在 {len(source)} 字。"
    if errors or valid_from is None:
        raise Invalid(errors)
    return Draft(found, valid_from, source, bool(typed.get("verified")))


def _day(text: str, errors: dict[str, str]) -> date | None:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        errors["valid_from"] = "请填写从哪天起使用，例如 2027-01-01。"
        return None
    if not clock.today() <= day <= clock.today() + AHEAD:
        errors["valid_from"] = "起用日期要在今天到一年之内；已经开始的事项不受影响。"
        return None
    return day


def _read(value: Value, typed: Mapping[str, str], old: Any, errors: dict[str, str]) -> Any:
    text = typed.get(value.name, "").strip()
    if value.kind is Kind.SWITCH:
        return bool(text)
    if value.kind is Kind.CHOICE:
        if text not in {code for code, _ in value.choices}:
            raise ValueError("请从列表里选一项。")
        return type(old)(text)
    if value.kind is Kind.CRITERIA:
        return _criteria(value, typed, old, errors)
    if value.kind is Kind.AMOUNT:
        asked = parse_money(text, "元")
        if asked.low is None or asked.low != asked.high:
            raise ValueError("请填一个金额，例如 80万元。")
        return asked.low
    unit = "个工作日" if value.kind is Kind.CLOCK else ""
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= value.most):
        raise ValueError(f"请填 1 到 {value.most} 之间的整数{f'（{unit}）' if unit else ''}。")
    return int(text)


def _criteria(
    value: Value, typed: Mapping[str, str], old: list[dict[str, Any]], errors: dict[str, str]
) -> list[dict[str, Any]]:
    """Rows that have a name. A criterion that keeps its name keeps its key: scores that were given
    under it stay readable."""
    keys = {row["label"]: row["key"] for row in old}
    rows: list[dict[str, Any]] = []
    for number in range(MOST_CRITERIA):
        label, weight, hint = (
            typed.get(f"{value.name}-{number}-{part}", "").strip()
            for part in ("label", "weight", "hint")
        )
        if not (label or weight or hint):
            continue
        place = f"“{value.label}”第 {number + 1} 行"
        if not label or len(label) > LABEL_LIMIT:
            errors[f"{value.name}-{number}-label"] = f"{place}：请写名称，最多 {LABEL_LIMIT} 字。"
        if label in {row["label"] for row in rows}:
            errors[f"{value.name}-{number}-label"] = f"{place}：“{label}”已经有了。"
        if len(hint) > HINT_LIMIT:
            errors[f"{value.name}-{number}-hint"] = f"{place}：说明最多 {HINT_LIMIT} 字。"
        if not (
            weight.isascii() and weight.isdigit() and len(weight) < 4 and 1 <= int(weight) <= 100
        ):
            errors[f"{value.name}-{number}-weight"] = f"{place}：权重请填 1 到 100 的整数。"
            continue
        taken = {row["key"] for row in rows} | set(keys.values())
        key = keys.get(label) or next(
            name for name in (f"c{each}" for each in range(1, 99)) if name not in taken
        )
        rows.append({"key": key, "label": label, "weight": int(weight), "hint": hint})
    total = sum(row["weight"] for row in rows)
    if rows and total != 100 and not any(name.startswith(value.name) for name in errors):
        errors[value.name] = f"“{value.label}”的权重合计要是 100，现在是 {total}。"
    return rows


def issue(session: Session, actor: Actor, track: Track, draft: Draft) -> TrackVersion:
    """A new version. Nothing that has begun changes: it keeps the version that it began with.

    Conflict where nothing would change, or somebody else issued one at the same moment.
    """
    if not actor.can(Permission.TRACKS_EDIT):
        raise Forbidden("只有运营人员可以另立赛道规则的新版本。")
    before = queries.current(session, track)
    if not differences(before, draft.values) and draft.valid_from <= clock.today():
        raise Conflict("和现在使用的版本没有区别，不必另立新版本。")
    last = session.scalar(select(func.max(TrackVersion.number)).where(TrackVersion.track == track))
    made = TrackVersion(
        track=track, number=(last or 0) + 1, valid_from=draft.valid_from, source=draft.source,
        verified=draft.verified, created_by=actor.user_id, created_at=clock.now(), **draft.values,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        raise Conflict("刚有人另立了新版本，请重新打开页面核对后再提交。") from error
    audit.record(
        session, actor, "track.issued", "track_version", made.id, track=track.value,
        number=made.number, valid_from=made.valid_from.isoformat(), verified=made.verified,
        fields=[each.label for each in differences(before, draft.values)],
    )  # fmt: skip
    return made

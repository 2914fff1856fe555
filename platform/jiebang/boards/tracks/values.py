"""The values of a track that an operator may set: read off the columns, so that a new switch or
clock is edited as soon as it exists. States are no values, and no column holds one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import JSON, BigInteger, Boolean, Column, Enum, Integer, Table

from jiebang.core import clock
from jiebang.core.money import money_text

from ..models import Track
from .models import LONGEST, MOST_EXPERTS, DecisionFrom, RelatedRule, TrackVersion

TRACK_LABELS = {Track.MARKET: "市场对接", Track.COMPETITION: "揭榜挂帅"}
FIXED = frozenset(
    {"id", "track", "number", "valid_from", "source", "verified", "created_by", "created_at"}
)
"""What every version has besides its values."""


class Kind(StrEnum):
    """How a value is typed."""

    SWITCH = "switch"
    CLOCK = "clock"
    """Working days."""
    NUMBER = "number"
    AMOUNT = "amount"
    """Integer fen."""
    CHOICE = "choice"
    CRITERIA = "criteria"


@dataclass(frozen=True, slots=True)
class Value:
    """One value: its column, its words, and how it is typed."""

    name: str
    label: str
    kind: Kind
    choices: tuple[tuple[str, str], ...] = ()
    most: int = LONGEST


LABELS = {
    "related": "与发榜方有关联关系的",
    "formality": "平台先做形式审查",
    "shortlist": "先列入候选再选定",
    "joint": "接受联合体",
    "several": "可以选定多家",
    "one_each": "每个单位只能提交一份",
    "batched": "须归入批次，只在窗口期内揭榜",
    "decision_from": "选定期限从何时起算",
    "interest_days": "答复对接意向",
    "answer_days": "答复对接里的提问",
    "idle_days": "没有动静多久后询问双方",
    "formality_days": "形式审查",
    "return_days": "退回后补充",
    "decision_days": "选定或说明不选",
    "introduction_days": "专员接办引荐",
    "escalate_days": "逾期后每级催办的间隔",
    "need_review": "需求发布前由专家评审",
    "response_review": "揭榜由专家评审后再选定",
    "issuer_reads": "发榜方可看专家评分汇总",
    "need_experts": "需求评审最少专家数",
    "response_experts": "揭榜评审最少专家数",
    "review_days": "专家声明和打分",
    "need_criteria": "需求评审标准",
    "response_criteria": "揭榜评审标准",
    "publicity": "选定后公示",
    "publicity_days": "公示",
    "objection_days": "答复异议",
    "agreement_days": "拟定协议",
    "confirm_days": "确认协议",
    "milestone_check": "里程碑和验收的通过须平台确认",
    "milestone_expert": "其中里程碑由平台分派的专家确认",
    "judge_days": "评定里程碑和验收",
    "rectify_days": "整改后再提交",
    "pay_days": "付款、确认收款、答复申请",
}
CHOICES: dict[type[StrEnum], dict[Any, str]] = {
    RelatedRule: {RelatedRule.BARRED: "不得揭榜", RelatedRule.DISCLOSED: "可以揭榜，向双方提示"},
    DecisionFrom: {DecisionFrom.FILING: "收到揭榜之日", DecisionFrom.CLOSING: "截止之日"},
}


def values() -> tuple[Value, ...]:
    """Every value of a track in the order of its columns: switches, clocks, numbers, criteria."""
    order = list(Kind)
    table = cast(Table, TrackVersion.__table__)
    found = [_value(column) for column in table.columns if column.name not in FIXED]
    return tuple(sorted(found, key=lambda each: order.index(each.kind)))


def _value(column: Column[Any]) -> Value:
    name = column.name
    label = LABELS.get(name) or str(column.info.get("label", name))
    if isinstance(column.type, Enum):
        words = CHOICES.get(column.type.enum_class, {})  # type: ignore[arg-type]
        return Value(
            name, label, Kind.CHOICE,
            tuple((value, words.get(value, value)) for value in column.type.enums),
        )  # fmt: skip
    if isinstance(column.type, Boolean):
        return Value(name, label, Kind.SWITCH)
    if isinstance(column.type, JSON):
        return Value(name, label, Kind.CRITERIA)
    if isinstance(column.type, BigInteger):
        return Value(name, label, Kind.AMOUNT)
    if isinstance(column.type, Integer) and name.endswith("_days"):
        return Value(name, label, Kind.CLOCK)
    return Value(name, label, Kind.NUMBER, most=MOST_EXPERTS)


def words(value: Value, found: Any) -> str:
    """A value as people read it."""
    if value.kind is Kind.SWITCH:
        return "是" if found else "否"
    if value.kind is Kind.CLOCK:
        return f"{found} 个工作日"
    if value.kind is Kind.AMOUNT:
        return money_text(found) if found is not None else "—"
    if value.kind is Kind.CHOICE:
        return dict(value.choices).get(str(found), str(found))
    if value.kind is Kind.CRITERIA:
        return "、".join(f"{row['label']} {row['weight']}%" for row in found) or "无"
    return str(found)


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that two versions do not share."""

    label: str
    before: str
    after: str


def differences(before: TrackVersion, after: dict[str, Any]) -> list[Difference]:
    """What new values change against a version, each in words."""
    found = []
    for value in values():
        old, new = getattr(before, value.name), after[value.name]
        if old != new:
            first, second = words(value, old), words(value, new)
            if first == second:  # criteria that differ in their hints alone
                second += "（说明有改动）"
            found.append(Difference(value.label, first, second))
    return found


def valid_text(day: date) -> str:
    """From when a version applies."""
    return f"{clock.day_text(day)}起"

"""Do the stated conditions fit? Every check gives both values and a Chinese sentence.

The direction comes from the kinds (need, demand and order are the demand side), so the same
check serves whichever side is asking.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Literal

from matching.documents import DEMAND_SIDE, Conditions, Document, Kind

State = Literal["fits", "fails", "unknown"]
_CHINA = timezone(timedelta(hours=8))
_EDUCATION = ("中职", "高职", "本科", "硕士", "博士")


@dataclass(frozen=True, slots=True)
class ConditionCheck:
    """One condition of a pair. `text` is a Chinese sentence with both values."""

    name: str
    label: str
    state: State
    query_value: str
    document_value: str
    text: str


@dataclass(frozen=True, slots=True)
class Sides:
    """A pair told apart by side; `demand_words` names the parties in sentences."""

    demand: Conditions
    supply: Conditions
    demand_name: str
    supply_name: str
    query_is_demand: bool


_NAMES = {
    Kind.NEED: "需求", Kind.OUTCOME: "成果", Kind.DEMAND: "采购方", Kind.PRODUCT: "产品",
    Kind.ORDER: "订单", Kind.PROGRAMME: "专业",
}  # fmt: skip


def sides(query: Document, document: Document) -> Sides:
    """Which of the two asks and which offers."""
    asking = query.kind in DEMAND_SIDE
    demand, supply = (query, document) if asking else (document, query)
    return Sides(
        demand.conditions, supply.conditions, _NAMES[demand.kind], _NAMES[supply.kind], asking
    )


def money(fen: int) -> str:
    """5_000_000_00 -> 500万元; 80_00 -> 80元."""
    yuan = fen / 100
    for unit, name in ((1e8, "亿元"), (1e4, "万元")):
        if abs(yuan) >= unit:
            return f"{yuan / unit:.4g}{name}" if yuan / unit < 1e4 else f"{yuan / unit:.0f}{name}"
    return f"{yuan:.10g}元"


def _range(conditions: Conditions) -> str:
    low, high = conditions.money_low, conditions.money_high
    if low is not None and high is not None and low != high:
        return f"{money(low)}–{money(high)}"
    if low is None and high is None:
        return "面议" if conditions.negotiable else ""
    return money(high if high is not None else low or 0)


def _made(
    pair: Sides, name: str, label: str, state: State, demand: str, supply: str, text: str
) -> ConditionCheck:
    query, document = (demand, supply) if pair.query_is_demand else (supply, demand)
    return ConditionCheck(name, label, state, query, document, text)


def _missing(
    pair: Sides, name: str, label: str, demand: str, supply: str, words: tuple[str, str]
) -> ConditionCheck | None:
    """The row of a condition that at most one side states."""
    if not demand and not supply:
        return None
    if demand:
        text = f"{pair.supply_name}未写{words[1]}（{pair.demand_name}：{words[0]} {demand}）"
    else:
        text = f"{pair.demand_name}未写{words[0]}（{pair.supply_name}：{words[1]} {supply}）"
    return _made(pair, name, label, "unknown", demand, supply, text)


def _trl(pair: Sides) -> ConditionCheck | None:
    asked, reached = pair.demand.trl, pair.supply.trl
    if asked is None or reached is None:
        return _missing(pair, "trl", "成熟度", f"TRL≥{asked}" if asked else "",
                        f"TRL {reached}" if reached else "", ("成熟度要求", "成熟度"))  # fmt: skip
    state: State = "fits" if reached >= asked else "fails"
    text = f"要求 TRL≥{asked}，{pair.supply_name}为 TRL {reached}"
    return _made(pair, "trl", "成熟度", state, f"TRL≥{asked}", f"TRL {reached}", text)


def _money(pair: Sides) -> ConditionCheck | None:
    demand, supply = pair.demand, pair.supply
    budget = demand.money_high if demand.money_high is not None else demand.money_low
    price = supply.money_low if supply.money_low is not None else supply.money_high
    asked, offered = _range(demand), _range(supply)
    if budget is None or price is None:
        if asked and offered:
            text = f"预算 {asked}，报价 {offered}，需当面商定"
            return _made(pair, "money", "资金", "unknown", asked, offered, text)
        return _missing(pair, "money", "资金", asked, offered, ("预算", "报价"))
    fits = price <= budget
    text = f"预算 {asked} {'≥' if fits else '<'} 报价 {offered}"
    if not fits and (demand.negotiable or supply.negotiable):
        text += "（可面议）"
    return _made(pair, "money", "资金", "fits" if fits else "fails", asked, offered, text)


def _time(pair: Sides, today: date) -> ConditionCheck | None:
    wanted, lead = pair.demand.deadline, pair.supply.lead_days
    if wanted is None or lead is None:
        asked = wanted.isoformat() if wanted else ""
        offered = f"{lead}天" if lead is not None else ""
        return _missing(pair, "time", "时间", asked, offered, ("需要的时间", "交付周期"))
    ready = today + timedelta(days=min(max(lead, 0), 36500))
    fits = ready <= wanted
    text = f"{wanted.isoformat()} 前需要，交付周期 {lead} 天（最早 {ready.isoformat()}）"
    return _made(
        pair, "time", "时间", "fits" if fits else "fails", wanted.isoformat(), f"{lead}天", text
    )


def _quantity(pair: Sides) -> ConditionCheck | None:
    asked, offered = pair.demand.quantity, pair.supply.quantity
    talent = pair.demand_name == "订单"
    words = ("人数", "招生计划") if talent else ("数量", "月产能")
    if asked is None or offered is None:
        return _missing(pair, "quantity", words[0], "" if asked is None else str(asked),
                        "" if offered is None else str(offered), words)  # fmt: skip
    fits = offered >= asked
    text = f"需要{words[0]} {asked} {'≤' if fits else '>'} {words[1]} {offered}"
    state: State = "fits" if fits else ("fails" if talent else "unknown")
    if state == "unknown":
        text += "，需分批交付"  # a larger order than one month's capacity is only slower
    return _made(pair, "quantity", words[0], state, str(asked), str(offered), text)


def _modes(pair: Sides) -> ConditionCheck | None:
    asked, offered = pair.demand.modes, pair.supply.modes
    left, right = "、".join(sorted(asked)), "、".join(sorted(offered))
    if not asked or not offered:
        return _missing(pair, "modes", "合作方式", left, right, ("合作方式", "合作方式"))
    shared = "、".join(sorted(asked & offered))
    text = f"合作方式一致：{shared}" if shared else f"合作方式不一致：{left} / {right}"
    return _made(pair, "modes", "合作方式", "fits" if shared else "fails", left, right, text)


def _education(pair: Sides) -> ConditionCheck | None:
    asked, offered = pair.demand.education, pair.supply.education
    if not asked or not offered:
        return _missing(pair, "education", "学历", asked, offered, ("学历要求", "培养层次"))
    if asked in _EDUCATION and offered in _EDUCATION:
        fits = _EDUCATION.index(offered) >= _EDUCATION.index(asked)
    else:
        fits = asked == offered
    text = f"要求{asked}，培养层次为{offered}"
    return _made(pair, "education", "学历", "fits" if fits else "fails", asked, offered, text)


def _place(pair: Sides) -> ConditionCheck | None:
    asked, offered = pair.demand.region, pair.supply.region
    if not asked or not offered:
        return None  # where one is matters little: no row for a place one side left out
    near = same_region(asked, offered)
    text = f"同在{near}" if near else f"不在一地：{asked} / {offered}"
    return _made(pair, "region", "地区", "fits" if near else "unknown", asked, offered, text)


def _same(pair: Sides, name: str, label: str) -> ConditionCheck | None:
    asked, offered = getattr(pair.demand, name), getattr(pair.supply, name)
    if not asked or asked != offered:
        return None
    return _made(pair, name, label, "fits", asked, offered, f"同属{label}：{asked}")


def same_region(one: str, other: str) -> str:
    """The common beginning of two places when it is at least a city; else empty."""
    size = 0
    while size < min(len(one), len(other)) and one[size] == other[size]:
        size += 1
    common = one[:size]
    if common and (common in (one, other)):
        return common
    cut = max(common.rfind("市"), common.rfind("州"), common.rfind("盟"))
    return common[: cut + 1] if cut > 0 else ""


def check(query: Document, document: Document, today: date | None = None) -> list[ConditionCheck]:
    """All checks with anything to say, failing ones first.

    Nothing is listed for a free-text query, which has no conditions.
    """
    if query.conditions.empty():
        return []
    pair = sides(query, document)
    found = [
        _trl(pair), _money(pair), _time(pair, today or datetime.now(_CHINA).date()),
        _quantity(pair), _education(pair), _modes(pair), _place(pair),
        _same(pair, "industry", "行业"), _same(pair, "chain", "产业链"),
    ]  # fmt: skip
    order = {"fails": 0, "fits": 1, "unknown": 2}
    return sorted((c for c in found if c is not None), key=lambda c: order[c.state])

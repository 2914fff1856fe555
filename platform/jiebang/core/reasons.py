"""Why something is declined: a code that can be counted, beside the sentence that is read.

The codes of each line are those of DOMAIN.md ("Response life"); 其他 is always among them.
"""

from __future__ import annotations

from enum import StrEnum

from .permissions import Line


class ReasonCode(StrEnum):
    """A reason to decline a listing's counterpart."""

    TOO_EARLY = "too_early"
    ROUTE_UNCLEAR = "route_unclear"
    BELOW_INDICATORS = "below_indicators"
    TOO_EXPENSIVE = "too_expensive"
    RIGHTS = "rights"
    TOO_LATE = "too_late"
    CONDITIONS = "conditions"
    SOLVED = "solved"
    UNCLEAR = "unclear"
    PRICE = "price"
    LEAD_TIME = "lead_time"
    QUALIFICATION = "qualification"
    CAPACITY = "capacity"
    SPECIFICATION = "specification"
    MAJOR = "major"
    HEADCOUNT = "headcount"
    PAY = "pay"
    TIME = "time"
    ANOTHER_CHOSEN = "another_chosen"
    LISTING_ENDED = "listing_ended"
    OTHER = "other"


R = ReasonCode
REASON_LABELS = {
    R.TOO_EARLY: "阶段过早",
    R.ROUTE_UNCLEAR: "路线不清",
    R.BELOW_INDICATORS: "指标不达标",
    R.TOO_EXPENSIVE: "成本过高",
    R.RIGHTS: "产权障碍",
    R.TOO_LATE: "时限不符",
    R.CONDITIONS: "条件不符",
    R.SOLVED: "已有方案",
    R.UNCLEAR: "描述不清",
    R.PRICE: "价格",
    R.LEAD_TIME: "交期",
    R.QUALIFICATION: "资质",
    R.CAPACITY: "产能",
    R.SPECIFICATION: "规格不符",
    R.MAJOR: "专业不符",
    R.HEADCOUNT: "人数不足",
    R.PAY: "薪酬",
    R.TIME: "时间不符",
    R.ANOTHER_CHOSEN: "已选定其他方",
    R.LISTING_ENDED: "榜单已撤下",
    R.OTHER: "其他",
}
BY_LINE = {
    Line.TECHNOLOGY: (
        R.TOO_EARLY, R.ROUTE_UNCLEAR, R.BELOW_INDICATORS, R.TOO_EXPENSIVE, R.RIGHTS, R.TOO_LATE,
        R.CONDITIONS, R.SOLVED, R.UNCLEAR,
    ),
    Line.PROCUREMENT: (
        R.PRICE, R.LEAD_TIME, R.QUALIFICATION, R.CAPACITY, R.SPECIFICATION,
    ),
    Line.TALENT: (R.MAJOR, R.HEADCOUNT, R.PAY, R.TIME),
}  # fmt: skip
"""What a person chooses from, besides 其他; the other codes come with the act that causes them."""


def choices(line: Line) -> list[tuple[str, str]]:
    """Values and words of the reasons that people of a line choose from."""
    return [(code.value, REASON_LABELS[code]) for code in (*BY_LINE[line], R.OTHER)]


def chosen(line: Line, value: str) -> ReasonCode | None:
    """The reason that a form names; None for anything else."""
    return next((code for code in (*BY_LINE[line], R.OTHER) if code.value == value), None)

"""How a form is split into steps: a few fields at a time, the same four stations on every board."""

from __future__ import annotations

from dataclasses import dataclass

from . import Field, fields_of


@dataclass(frozen=True, slots=True)
class Step:
    """One page of the form."""

    key: str
    label: str
    names: tuple[str, ...]


_LAST = Step("reach", "范围与公开", ("industry", "chain", "region", "disclosure"))

STEPS: dict[str, tuple[Step, ...]] = {
    "need": (
        Step("topic", "说清问题", ("title", "need_kind", "track", "summary")),
        Step("content", "现状与要求", ("present_state", "problem", "solver_requirements", "tried")),
        Step("terms", "指标与条件", (
            "indicators", "deadline", "money", "trl", "modes", "ip_ownership",
        )),
        _LAST,
    ),
    "outcome": (
        Step("topic", "通俗介绍", ("title", "summary", "application", "details")),
        Step("content", "原理与团队", ("principle", "team", "partner_requirements")),
        Step("terms", "指标与条件", (
            "indicators", "trl", "ip_rights", "ip_tenure", "modes", "money", "pricing_method",
            "deadline",
        )),
        _LAST,
    ),
    "demand": (
        Step("topic", "采购什么", ("title", "category", "summary", "details")),
        Step("content", "采购清单", ("line_items", "qualifications")),
        Step("terms", "方式与条件", (
            "method", "deadline", "ceiling", "payment_terms", "sme_reserved", "outside_notice",
        )),
        _LAST,
    ),
    "product": (
        Step("topic", "产品介绍", ("title", "summary", "details")),
        Step("content", "规格与案例", ("specification", "cases")),
        Step("terms", "供货条件", (
            "capacity", "capacity_unit", "lead_days", "moq", "money", "certificates", "deadline",
        )),
        _LAST,
    ),
    "order": (
        Step("topic", "用人计划", ("title", "summary", "level")),
        Step("content", "岗位与技能", ("posts", "skills")),
        Step("terms", "培养与待遇", (
            "modes", "cohort", "schooling", "deadline", "money", "mentors", "commitments",
        )),
        _LAST,
    ),
    "programme": (
        Step("topic", "专业介绍", ("title", "major", "major_code", "level", "summary")),
        Step("content", "课程与技能", ("skills", "courses", "laboratories")),
        Step("terms", "规模与合作", ("places", "schooling", "modes", "past_orders", "deadline")),
        _LAST,
    ),
}  # fmt: skip


def steps_of(board: str) -> tuple[Step, ...]:
    """The steps of one board's form."""
    return STEPS[board]


def step_fields(board: str, step: Step) -> tuple[Field, ...]:
    """The fields of a step in its order; names that the board lacks are left out."""
    by_name = {field.name: field for field in fields_of(board)}
    return tuple(by_name[name] for name in step.names if name in by_name)


def step_of(board: str, name: str) -> Step:
    """The step on which a field is asked."""
    return next(step for step in STEPS[board] if name in step.names)

"""What only one board has: six sets of details and the small tables inside them."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from jiebang.core.base import Base


class _Details(Base):
    """One row of details per listing."""

    __abstract__ = True

    @declared_attr
    @classmethod
    def listing_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True)


class _Row(Base):
    """One line of a small table inside a listing, in the order typed."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int]

    @declared_attr
    @classmethod
    def listing_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("listing.id", ondelete="CASCADE"), index=True)


def _line(length: int) -> Mapped[str]:
    return mapped_column(String(length), default="")


def _text() -> Mapped[str]:
    return mapped_column(Text, default="")


def _rows(row: str, details: str) -> Any:
    return relationship(
        row,
        primaryjoin=f"foreign({row}.listing_id) == {details}.listing_id",
        order_by=f"{row}.position",
        cascade="all, delete-orphan",
        lazy="selectin",
        overlaps="indicators",  # need and outcome share the table; a listing has only one of them
    )


class Indicator(_Row):
    """指标: a target (need) or a measured value (outcome)."""

    __tablename__ = "indicator"

    name: Mapped[str] = mapped_column(String(60))
    comparator: Mapped[str] = _line(8)
    value: Mapped[str] = mapped_column(String(60))
    unit: Mapped[str] = _line(20)


class IpRight(_Row):
    """One item of an outcome's 知识产权清单."""

    __tablename__ = "ip_right"

    number: Mapped[str] = mapped_column(String(60))
    right_kind: Mapped[str] = _line(20)
    right_state: Mapped[str] = _line(20)
    encumbrance: Mapped[str] = _line(20)


class LineItem(_Row):
    """One line of a purchase."""

    __tablename__ = "line_item"

    name: Mapped[str] = mapped_column(String(60))
    specification: Mapped[str] = _line(200)
    quantity: Mapped[int] = mapped_column(BigInteger)
    unit: Mapped[str] = _line(10)
    delivery_date: Mapped[date | None]
    delivery_place: Mapped[str] = _line(60)


class Certificate(_Row):
    """A supplier's certificate with its validity."""

    __tablename__ = "certificate"

    name: Mapped[str] = mapped_column(String(60))
    number: Mapped[str] = _line(60)
    valid_until: Mapped[date | None]


class Post(_Row):
    """A post that a talent order is for."""

    __tablename__ = "post"

    name: Mapped[str] = mapped_column(String(60))
    headcount: Mapped[int]
    skills: Mapped[str] = _line(300)


class Need(_Details):
    """技术需求."""

    __tablename__ = "need"

    need_kind: Mapped[str] = _line(20)
    present_state: Mapped[str] = _text()
    problem: Mapped[str] = _text()
    ip_ownership: Mapped[str] = _line(20)
    solver_requirements: Mapped[str] = _text()
    tried: Mapped[str] = _text()
    indicators: Mapped[list[Indicator]] = _rows("Indicator", "Need")


class Outcome(_Details):
    """科技成果."""

    __tablename__ = "outcome"

    application: Mapped[str] = _text()
    details: Mapped[str] = _text()
    principle: Mapped[str] = _text()
    ip_tenure: Mapped[str] = _line(20)
    pricing_method: Mapped[str] = _line(20)
    team: Mapped[str] = _text()
    partner_requirements: Mapped[str] = _text()
    indicators: Mapped[list[Indicator]] = _rows("Indicator", "Outcome")
    ip_rights: Mapped[list[IpRight]] = _rows("IpRight", "Outcome")


class Demand(_Details):
    """采购需求."""

    __tablename__ = "demand"

    category: Mapped[str] = _line(40)
    details: Mapped[str] = _text()
    qualifications: Mapped[str] = _text()
    method: Mapped[str] = _line(20)
    ceiling: Mapped[int | None] = mapped_column(BigInteger)
    payment_terms: Mapped[str] = _text()
    sme_reserved: Mapped[bool] = mapped_column(default=False)
    outside_notice: Mapped[str] = _line(300)
    line_items: Mapped[list[LineItem]] = _rows("LineItem", "Demand")


class Product(_Details):
    """产品供给."""

    __tablename__ = "product"

    specification: Mapped[str] = _text()
    details: Mapped[str] = _text()
    capacity: Mapped[int | None] = mapped_column(BigInteger)
    capacity_unit: Mapped[str] = _line(10)
    lead_days: Mapped[int | None]
    moq: Mapped[int | None] = mapped_column(BigInteger)
    cases: Mapped[str] = _text()
    certificates: Mapped[list[Certificate]] = _rows("Certificate", "Product")


class Order(_Details):
    """订单班需求."""

    __tablename__ = "talent_order"

    skills: Mapped[str] = _text()
    level: Mapped[str] = _line(20)
    cohort: Mapped[str] = _line(20)
    schooling: Mapped[str] = _line(20)
    mentors: Mapped[str] = _text()
    commitments: Mapped[str] = _text()
    posts: Mapped[list[Post]] = _rows("Post", "Order")


class Programme(_Details):
    """专业供给."""

    __tablename__ = "programme"

    major: Mapped[str] = _line(60)
    major_code: Mapped[str] = _line(10)
    level: Mapped[str] = _line(20)
    places: Mapped[int | None]
    courses: Mapped[str] = _text()
    skills: Mapped[str] = _text()
    laboratories: Mapped[str] = _text()
    past_orders: Mapped[str] = _text()
    schooling: Mapped[str] = _line(20)


ROW_MODELS: dict[str, type[_Row]] = {
    "indicators": Indicator,
    "ip_rights": IpRight,
    "line_items": LineItem,
    "certificates": Certificate,
    "posts": Post,
}
"""The model behind each table field."""

DETAIL_MODELS: dict[str, type[_Details]] = {
    "need": Need,
    "outcome": Outcome,
    "demand": Demand,
    "product": Product,
    "order": Order,
    "programme": Programme,
}

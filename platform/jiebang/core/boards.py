"""The six boards (榜), three lines and two sides: names that every area shares."""

from __future__ import annotations

from enum import StrEnum

from .permissions import Line


class Board(StrEnum):
    """One of the six boards."""

    NEED = "need"
    OUTCOME = "outcome"
    DEMAND = "demand"
    PRODUCT = "product"
    ORDER = "order"
    PROGRAMME = "programme"

    @property
    def opposite(self) -> Board:
        """The board whose listings answer this one's."""
        return _OPPOSITE[self]

    @property
    def line(self) -> Line:
        return _LINE[self]

    @property
    def label(self) -> str:
        return BOARD_LABELS[self]

    @property
    def is_demand_side(self) -> bool:
        return self in _DEMAND_SIDE

    @property
    def prefix(self) -> str:
        """The letters that a listing's number (榜单编号) begins with."""
        return _PREFIX[self]


BOARD_LABELS = {
    Board.NEED: "技术需求",
    Board.OUTCOME: "科技成果",
    Board.DEMAND: "采购需求",
    Board.PRODUCT: "产品供给",
    Board.ORDER: "订单班需求",
    Board.PROGRAMME: "专业供给",
}
_OPPOSITE = {
    Board.NEED: Board.OUTCOME,
    Board.OUTCOME: Board.NEED,
    Board.DEMAND: Board.PRODUCT,
    Board.PRODUCT: Board.DEMAND,
    Board.ORDER: Board.PROGRAMME,
    Board.PROGRAMME: Board.ORDER,
}
_LINE = {
    Board.NEED: Line.TECHNOLOGY,
    Board.OUTCOME: Line.TECHNOLOGY,
    Board.DEMAND: Line.PROCUREMENT,
    Board.PRODUCT: Line.PROCUREMENT,
    Board.ORDER: Line.TALENT,
    Board.PROGRAMME: Line.TALENT,
}
_DEMAND_SIDE = frozenset({Board.NEED, Board.DEMAND, Board.ORDER})
_PREFIX = {
    Board.NEED: "XQ",
    Board.OUTCOME: "CG",
    Board.DEMAND: "CD",
    Board.PRODUCT: "CP",
    Board.ORDER: "DD",
    Board.PROGRAMME: "ZY",
}

"""Who takes part in what two parties do together, and who has the ball."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """The two parties of a thread or a response."""

    ISSUER = "issuer"
    """发榜方: the owner of the listing."""
    RESPONDER = "responder"
    """揭榜方: the organisation that answers it."""

    @property
    def other(self) -> Side:
        return Side.RESPONDER if self is Side.ISSUER else Side.ISSUER


SIDE_LABELS = {Side.ISSUER: "发榜方", Side.RESPONDER: "揭榜方"}


class Holder(StrEnum):
    """当前办理人: nothing waits without one, nor without a date."""

    ISSUER = "issuer"
    RESPONDER = "responder"
    OPERATOR = "operator"
    SPECIALIST = "specialist"


HOLDER_LABELS = {
    Holder.ISSUER: "发榜方",
    Holder.RESPONDER: "揭榜方",
    Holder.OPERATOR: "平台运营",
    Holder.SPECIALIST: "服务专员",
}

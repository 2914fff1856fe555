"""Who is 委托方 and who 开发方: clauses speak of parts, parties are numbered."""

from __future__ import annotations

from jiebang.boards.agreements.content import Content
from jiebang.boards.agreements.stages import role

from .kinds import library


def titled(content: Content, position: int) -> str:
    """甲方（委托方）: the number of a party with its part in this kind of contract.

    Those among whom the money is split give the technology; the others pay for it.
    """
    kind = library().kind(content["kind"])
    givers = {row["party"] for row in content["split"]}
    return f"{role(position)}（{kind.seller if position in givers else kind.buyer}）"

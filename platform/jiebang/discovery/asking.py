"""Which boards one line of everyday language is about."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jiebang.core.boards import Board

LIMIT = 2000
"""Characters: a whole description may be pasted."""

EXAMPLES = (
    (Board.NEED, "铝合金薄壁壳体焊接后变形大，怎么把平面度控制住"),
    (Board.OUTCOME, "我们做出了一种低温快速固化的环氧树脂，想找企业用起来"),
    (Board.DEMAND, "要采购一批机器人关节用的谐波减速机，三个月内交货"),
    (Board.ORDER, "明年要招二十名会五轴加工编程的技工，想和学校办订单班"),
)
"""Sentences a newcomer may try, in the words of the four kinds of askers."""

# What the asker looks for -> what people write then. A cue that names the thing done with it
# ("采购", "招聘") counts double against one that only describes the asker ("我们生产").
_CUES: dict[Board, tuple[tuple[str, int], ...]] = {
    Board.PROGRAMME: (
        (r"招聘|招工|招人|招收|招\S{0,6}(?:工|人|员|生|师)|用人|用工", 2),
        (r"缺(?![陷失氧水口乏])\S{0,10}(?:工人|技工|人手|人员|师傅|[个名位]人)", 2),
        (r"订单班|学徒|实习生|定向培养|和(?:学校|院校|职校)\S{0,6}(?:合作|办|培养)", 2),
        (r"毕业生|技工|岗位|人才培养", 1),
    ),
    Board.ORDER: (
        (r"(?:我校|我院|本校|本院|我们(?:学校|学院|专业|系))\S{0,20}", 1),
        (r"学生就业|安排学生|学生\S{0,6}(?:实习|就业|上岗)|企业\S{0,6}(?:合作办班|订单培养)", 2),
        (r"定向就业|专业(?:每年|在校)|届学生", 2),
    ),
    Board.PRODUCT: (
        (r"采购|求购|询价|订购|订货|想买|要买|购买|购置|进货", 2),
        (r"供应商|供货商|找\S{0,4}厂家?|外协|代工|外包加工|哪家\S{0,4}(?:能做|生产|有货)", 2),
    ),
    Board.DEMAND: (
        (r"找(?:客户|买家|订单|销路)|销路|想卖|寻找配套|承接加工|承接\S{0,6}订单", 2),
        (r"产能(?:富余|空闲|有余)", 2),
        (r"给\S{0,8}(?:配套|供货)|可(?:以)?供货|长期供应|月产能?|现货", 2),
        (r"(?:我[们司厂]|[本工]厂|公司)厂?(?:是|专业|专门|主要|常年)*(?:生产|制造|加工|供应)", 1),
    ),
    Board.NEED: (
        (r"成果转化|技术转让|专利(?:转让|许可)|想转让|找企业|推广应用|寻求(?:应用|合作企业)", 2),
        (r"中试|产业化", 2),
        (r"(?:我[们院所]|团队|课题组|实验室|学院)\S{0,12}(?:[研开]发了|做出|研制|发明|攻克)", 2),
        (r"研制出|课题组|我们团队|授权专利|发明专利", 1),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """What one line of everyday language was taken to be about."""

    boards: tuple[Board, ...]
    """To be searched, the likeliest first; one or two."""
    others: tuple[Board, ...]
    """The other lines' boards of the same side, of which only what clearly fits is shown."""
    cues: tuple[str, ...]
    """The asker's words that decided; empty where none did."""


def understand(text: str) -> Reading:
    """Which boards a sentence is about.

    Words that name the line decide. A sentence without any is a problem to be solved: outcomes
    first, and products, for what is asked as research can often be bought.
    """
    weights: dict[Board, int] = {}
    words: dict[Board, list[str]] = {}
    for board, cues in _CUES.items():
        for pattern, weight in cues:
            for found in re.findall(pattern, text):
                weights[board] = weights.get(board, 0) + weight
                words.setdefault(board, []).append(found)
    if not weights:
        return _reading([Board.OUTCOME, Board.PRODUCT], [])
    ranked = sorted(weights, key=lambda board: -weights[board])
    best = ranked[0]
    if best is Board.PRODUCT:  # what cannot be bought may be under research
        return _reading([Board.PRODUCT, Board.OUTCOME], words[best])
    near = [board for board in ranked[1:2] if weights[board] == weights[best]]
    return _reading([best, *near], words[best])


def only(board: Board) -> Reading:
    """The asker has said which board."""
    return Reading((board,), (), ())


def _reading(boards: list[Board], cues: list[str]) -> Reading:
    side = boards[0].is_demand_side
    others = [board for board in Board if board.is_demand_side is side and board not in boards]
    shown = dict.fromkeys(cue[:12] for cue in cues)
    return Reading(tuple(boards), tuple(others), tuple(shown)[:3])

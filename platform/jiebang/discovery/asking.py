"""Which boards one line of everyday language is about."""

from __future__ import annotations

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

_CUES: dict[Board, tuple[str, ...]] = {
    # what the asker looks for -> words that say so
    Board.PROGRAMME: (
        "招聘", "招人", "招收", "用人", "订单班", "实习", "毕业生", "技工", "学徒", "人才培养",
        "岗位", "缺人", "招工",
    ),
    Board.ORDER: ("我们专业", "我校", "我院学生", "学生就业", "找企业合作办班", "定向就业"),
    Board.PRODUCT: (
        "采购", "求购", "供应商", "供货", "批量购买", "询价", "外协", "代工", "想买", "订购",
        "找厂家", "找供应",
    ),
    Board.DEMAND: (
        "我们生产", "我厂生产", "我司生产", "月产能", "可供货", "找客户", "找买家", "想卖", "销路",
        "寻找配套",
    ),
    Board.NEED: (
        "我们研发了", "我们开发了", "我们做出", "研制出", "成果转化", "专利转让", "想转让",
        "找企业用", "产业化", "寻求应用", "推广应用", "我们团队", "课题组",
    ),
}  # fmt: skip


def boards_asked(text: str) -> list[Board]:
    """The boards to search, the likeliest first; at most three.

    Words that name the line decide. A sentence without any is a problem to be solved: outcomes
    first, and products, for what is asked as research can often be bought.
    """
    hits = {
        board: sum(cue in text for cue in cues)
        for board, cues in _CUES.items()
        if any(cue in text for cue in cues)
    }
    if not hits:
        return [Board.OUTCOME, Board.PRODUCT]
    ranked = sorted(hits, key=lambda board: -hits[board])
    if ranked[0] is Board.PRODUCT:
        return [Board.PRODUCT, Board.OUTCOME]
    return ranked[:2]

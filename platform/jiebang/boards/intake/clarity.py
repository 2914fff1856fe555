"""Asks back: what a description still leaves open, from its fields and from its words.

The checks look for words and numbers only, and say so: "没有看出" is a question to the writer,
not a verdict. What makes a need answerable is from 需求诊断 practice (DOMAIN.md: indicators,
deadline, IP, money, material / method / effect / product / application).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from jiebang.core.boards import Board

from ..fields import fields_of
from ..fields.values import is_filled
from . import cues, measures

QUOTED = 4
"""So many of the writer's own words are repeated as evidence."""


class Mark(StrEnum):
    """Whether a point is said."""

    FOUND = "found"
    PARTLY = "partly"
    """It stands in the text but not where it can be compared, or it lacks its number."""
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Point:
    """One thing a reader needs to know: `says` tells what was found or what to add, `field` is
    where it is best written."""

    key: str
    label: str
    mark: Mark
    says: str
    field: str


@dataclass(frozen=True, slots=True)
class _Subject:
    """A description as the checks see it."""

    board: Board
    values: Mapping[str, Any]
    text: str
    measured: list[measures.Measure]

    def has(self, name: str) -> bool:
        field = next(field for field in fields_of(self.board) if field.name == name)
        return is_filled(field, self.values.get(name))

    def words(self, among: Iterable[str]) -> list[str]:
        """Which words occur, in the text's order; parts of longer ones are not repeated."""
        found = [word for word in among if word in self.text]
        whole = [w for w in found if not any(w != other and w in other for other in found)]
        return sorted(whole, key=self.text.index)[:QUOTED]


Check = Callable[[_Subject], tuple[Mark, str]]

_DAY = re.compile(
    r"20\d\d\s*年(?:\s*\d{1,2}\s*月)?(?:\s*\d{1,2}\s*日)?|20\d\d[-/.]\d{1,2}(?:[-/.]\d{1,2})?|"
    r"[\d一二三四五六七八九十半]{1,3}\s*(?:个月|年|天|周)(?:以)?内|[年月]底前?|尽快|今年|明年"
)
_MONEY = re.compile(
    r"(?:预算|经费|投入|资金|费用|报价|价格|转让费|许可费)\D{0,8}\d[\d,.]*\s*(?:万元|亿元|万|亿|元)|\d[\d,.]*\s*(?:万元|亿元)|面议"
)
_PATENT = re.compile(r"ZL\s?\d{6,}[\d.X]*|20\d{10}\.[\dX]|软著|专利号|授权专利|发明专利")
_THAN = re.compile(r"[比较].{1,16}?[低高少短长快小大轻省多薄厚]\s*\d")
_SENTENCE = re.compile(r"[。；;！!？?\n]")


def text_of(board: Board, values: Mapping[str, Any], names: Collection[str] | None = None) -> str:
    """All words of a description, one field a line; `names` narrows to some fields."""
    parts = []
    for field in fields_of(board):
        value = values.get(field.name)
        if isinstance(value, str) and not field.options and (names is None or field.name in names):
            parts.append(value)
    return "\n".join(part for part in parts if part)


def points(board: Board, values: Mapping[str, Any]) -> list[Point]:
    """What a description says and leaves open, in the order readers ask; empty for the boards
    that have no such checks. `values` must be what the viewer may read: the answer quotes it."""
    checks = _CHECKS.get(board, ())
    if not checks:
        return []
    text = text_of(board, values)
    subject = _Subject(board, values, text, measures.find(text))
    found = []
    for key, label, field, check in checks:
        mark, says = check(subject)
        found.append(Point(key, label, mark, says, field))
    return found


def _said(words: Iterable[str]) -> str:
    return "、".join(f"“{word}”" for word in words)


def _cue(among: tuple[str, ...], ask: str, subject: _Subject) -> tuple[Mark, str]:
    words = subject.words(among)
    return (Mark.FOUND, f"看到{_said(words)}") if words else (Mark.OPEN, ask)


def _placed(
    name: str, label: str, pattern: re.Pattern[str], ask: str, subject: _Subject
) -> tuple[Mark, str]:
    """A field that has a place of its own: filled, only mentioned in the text, or missing."""
    if subject.has(name):
        return Mark.FOUND, "已填写"
    if match := pattern.search(subject.text):
        return Mark.PARTLY, f"文中写到“{match[0].strip()}”，请填到“{label}”一栏，才能用来比对"
    return Mark.OPEN, ask


def _filled(name: str, ask: str, subject: _Subject) -> tuple[Mark, str]:
    return (Mark.FOUND, "已填写") if subject.has(name) else (Mark.OPEN, ask)


def _indicators(ask: str, subject: _Subject) -> tuple[Mark, str]:
    rows = subject.values.get("indicators") or []
    numbered = [row for row in rows if re.search(r"\d", str(row.get("value") or ""))]
    if numbered:
        bare = [
            str(row.get("name"))
            for row in numbered
            if not row.get("unit") and not re.search(r"[^\d.,~\-–—\s]", str(row.get("value")))
        ]
        if bare:
            return Mark.PARTLY, f"{_said(bare[:QUOTED])}没有单位（本来就没有单位的可以不写）"
        return Mark.FOUND, f"{len(numbered)} 个指标有数值和单位"
    if subject.measured:
        quotes = [each.quote for each in subject.measured[:QUOTED]]
        return Mark.PARTLY, f"文中写到{_said(quotes)}，请填进指标表，对方才能逐条答复"
    if rows:
        return Mark.PARTLY, "指标里没有数值，写不出数的请选“定性”并说明怎样算达到"
    return Mark.OPEN, ask


def _effect(subject: _Subject) -> tuple[Mark, str]:
    words = subject.words(cues.EFFECT)
    if not words:
        return Mark.OPEN, "做成以后要好到什么程度？例如“废品率从 8% 降到 2% 以下”"
    if not subject.measured and not subject.values.get("indicators"):
        return Mark.PARTLY, f"写了{_said(words)}，但没有说到多少；现在是多少、要到多少？"
    return Mark.FOUND, f"看到{_said(words)}"


def _better(subject: _Subject) -> tuple[Mark, str]:
    public = text_of(subject.board, subject.values, ("title", "summary", "application"))
    for sentence in _SENTENCE.split(public):
        compared = _THAN.search(sentence) or any(cue in sentence for cue in cues.BETTER)
        if compared and measures.find(sentence):
            return Mark.FOUND, f"看到“{sentence.strip()[:40]}”"
    boasts = [word for word in cues.BOASTS if word in public]
    if boasts:
        return Mark.PARTLY, f"{_said(boasts[:QUOTED])}说服不了企业，请换成和现有办法相比的数字"
    if any(cue in public for cue in cues.BETTER):
        return Mark.PARTLY, "说了更好，没有说好多少：同一项指标，现有办法是多少、您的是多少？"
    return Mark.OPEN, "比现在最好的办法好多少？例如“能耗比传统窑炉低 30%”"


def _plain(subject: _Subject) -> tuple[Mark, str]:
    public = text_of(subject.board, subject.values, ("title", "summary", "application"))
    if not public:
        return Mark.OPEN, "用车间里听得懂的话写一段，不用专利文件里的说法"
    words = [word for word in cues.PATENT_SPEAK if word != "一种" and word in public]
    if public.startswith("一种"):
        words.insert(0, "一种……")
    if words:
        return Mark.OPEN, f"{_said(words[:QUOTED])}是专利文件的说法，请改成做什么用、好在哪里"
    long = max((len(s) for s in _SENTENCE.split(public)), default=0)
    if long > 120:
        return Mark.PARTLY, f"最长的一句有 {long} 字，请拆成几句短话"
    return Mark.FOUND, "没有看到专利文件的说法"


_NEED: tuple[tuple[str, str, str, Check], ...] = (
    ("indicators", "指标有数有单位", "indicators", partial(
        _indicators, "要达到哪几个数？每个写名称、关系、数值、单位，例如“平面度 ≤ 1 mm”")),
    ("effect", "要的效果", "problem", _effect),
    ("material", "材料或对象", "problem", partial(
        _cue, cues.MATERIAL, "处理的是什么材料、工件或数据？牌号、尺寸、来源尽量写上")),
    ("method", "现在的方法", "present_state", partial(
        _cue, cues.METHOD, "现在怎么做、用什么工艺或设备？试过什么、为什么不行？")),
    ("product", "用在什么产品", "summary", partial(
        _cue, cues.PRODUCT, "最后用在什么产品上？一年大约多少？")),
    ("application", "使用场景", "summary", partial(
        _cue, cues.APPLICATION, "在哪里用、什么工况？温度、节拍、场地有什么限制？")),
    ("deadline", "完成期限", "deadline", partial(
        _placed, "deadline", "期望完成日期", _DAY, "希望什么时候做成？写一个日期，可以再商量")),
    ("money", "预算", "money", partial(
        _placed, "money", "预算", _MONEY, "准备花多少钱？写区间，或写“面议”")),
    ("ip", "知识产权", "ip_ownership", partial(
        _placed, "ip_ownership", "知识产权归属", re.compile("|".join(cues.RIGHTS)),
        "做出来的专利归谁？归您、归对方、共有，或另行商定")),
)  # fmt: skip

_OUTCOME: tuple[tuple[str, str, str, Check], ...] = (
    ("problem", "解决什么问题", "summary", partial(
        _cue, cues.PROBLEM, "它替谁解决什么麻烦？先写麻烦，再写技术")),
    ("whom", "给谁用", "application", partial(
        _cue, cues.WHOM, "哪一类企业、哪道工序会用它？")),
    ("better", "比现有的好多少", "summary", _better),
    ("plain", "写得通俗", "summary", _plain),
    ("indicators", "实测指标有数有单位", "indicators", partial(
        _indicators, "测过哪几个数？每个写名称、关系、数值、单位，以及在什么条件下测的")),
    ("maturity", "做到哪一步了", "trl", partial(
        _filled, "trl", "实验室、样机、中试还是批量？选技术成熟度等级")),
    ("ip", "知识产权", "ip_rights", partial(
        _placed, "ip_rights", "知识产权清单", _PATENT,
        "有没有专利、软著？写编号和状态；没有就先别写原理")),
    ("modes", "怎样合作", "modes", partial(
        _filled, "modes", "转让、许可、入股还是联合开发？可多选")),
    ("money", "价格", "money", partial(
        _placed, "money", "报价", _MONEY, "期望的价格是多少？写区间，或写“面议”")),
)  # fmt: skip

_CHECKS = {Board.NEED: _NEED, Board.OUTCOME: _OUTCOME}

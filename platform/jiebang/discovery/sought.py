"""What a short sentence seeks, without the words by which it asks.

"要招10个焊工" seeks 焊工. In a sentence of ten characters the words of asking (招, 找一家,
采购一批) are most of the words; compared with listings they make everything look far away, or
bring up whatever happens to contain them. In a longer text they do not matter, so it stays as it
is. Whole words only are taken off: 招标, 会计 and 能耗 begin with a character of asking, too.
"""

from __future__ import annotations

import re

from matching.text import fold, has_content, tokens

SHORT = 30
"""Characters up to which the words of asking outweigh what is sought."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_MEASURES = _set("个 名 位 台 套 件 批 只 家 种 条 辆 吨 些 款 项 类 万件 多个 多名 多台 人")
_ASKING = _MEASURES | _set(
    """
    我 我们 咱们 我司 我厂 本厂 厂里 本公司 公司 企业 谁 哪里 哪家 有没有 请问
    现在 目前 近期 最近 今年 明年 年底 下半年 急 急需 想 想要 要 需要 需 希望 打算 准备 求
    招 招聘 招收 招工 招人 采购 求购 购买 购置 购入 订购 订货 询价 买 找 寻找 寻求 查找 缺 缺少
    会 能 可以 懂 做 的 一下 几 多 余 万
    一家 一批 一种 一款 一些 一台 一套 一个 几个 几家 几台 几名
    """
)
_ENDING = _set("怎么办 的 厂 厂家 工厂 供应商 供货商 生产商 厂商 单位 公司 企业 院校 学校")
_HOW = _set("怎么 怎样 如何")
_QUESTION = frozenset((how, what) for how in _HOW for what in _set("解决 处理 办 做 弄"))
_NUMBER = r"[0-9一二两三四五六七八九十百千万几数多]+"
_COUNTED = re.compile(rf"{_NUMBER}(?:[个名位台套件批只家种条辆吨款项]|万件)")
_BARE = re.compile(_NUMBER)


def sought(text: str) -> str:
    """The part of a sentence that is compared with the listings; the whole of a longer one."""
    folded = fold(text)
    if len(folded.strip()) > SHORT:
        return text
    words = [token for token in tokens(folded) if token.kind in ("word", "code")]
    first, last = 0, len(words)
    while first < last and _asks([word.segment for word in words[first:]]):
        first += 1
    if last - first > 2 and (words[last - 2].segment, words[last - 1].segment) in _QUESTION:
        last -= 2
    while last > first and words[last - 1].segment in _ENDING:
        last -= 1
    if first == last or (first == 0 and last == len(words)):
        return text
    whole = text if len(text) == len(folded) else folded
    found = whole[words[first].start : words[last - 1].end]
    return found if len(found) > 1 and has_content(found) else text


def _asks(words: list[str]) -> bool:
    """Whether the first of the words belongs to the asking."""
    word, following = words[0], words[1] if len(words) > 1 else ""
    if word in _ASKING or _COUNTED.fullmatch(word):
        return True
    # without a measure word after it a number is part of a name: 304不锈钢, 五轴
    return _BARE.fullmatch(word) is not None and following in _MEASURES

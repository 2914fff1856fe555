"""Amounts as contracts write them: 人民币捌拾万元整."""

from __future__ import annotations

DIGITS = "零壹贰叁肆伍陆柒捌玖"
UNITS = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "万亿")


def in_words(fen: int) -> str:
    """An amount in fen as upper-case Chinese numerals, up to 9999万亿元; exact.

    Rules of 《支付结算办法》附件一 (正确填写票据和结算凭证的基本规定): 零 stands for any run of
    zeros inside, 整 ends an amount without 分.
    """
    if fen < 0 or fen >= 10**18:
        raise ValueError("no amount of a contract")
    yuan, rest = divmod(fen, 100)
    jiao, cents = divmod(rest, 10)
    text = f"{_integer(yuan)}元" if yuan else ""
    if not rest:
        return f"人民币{text or '零元'}整"
    if jiao:
        text += f"{DIGITS[jiao]}角"
    elif text:
        text += "零"
    text += f"{DIGITS[cents]}分" if cents else "整"
    return f"人民币{text}"


def _integer(number: int) -> str:
    parts: list[str] = []
    group = 0
    while number:
        number, part = divmod(number, 10_000)
        if part:
            words = _four(part) + GROUPS[group]
            # a group that does not fill its four places is set off by 零
            parts.append(f"零{words}" if number and part < 1000 else words)
        elif parts and not parts[-1].startswith("零") and number:
            parts[-1] = f"零{parts[-1]}"
        group += 1
    return "".join(reversed(parts))


def _four(number: int) -> str:
    text, zero = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            text += ("零" if zero and text else "") + DIGITS[digit] + UNITS[place]
            zero = False
        else:
            zero = True
    return text

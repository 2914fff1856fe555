"""How dates, money and texts are written for people: Jinja filters, Chinese conventions."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask import Flask
from markupsafe import Markup, escape

BEIJING = ZoneInfo("Asia/Shanghai")

_WAN = 10_000
_YI = 100_000_000


def _beijing(moment: datetime) -> datetime:
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError("a moment without a time zone cannot be shown: pass an aware datetime")
    return moment.astimezone(BEIJING)


def date_cn(value: date) -> str:
    """2026年11月23日. An aware moment is shown by its day in 北京时间."""
    day = _beijing(value) if isinstance(value, datetime) else value
    return f"{day.year}年{day.month}月{day.day}日"


def datetime_cn(value: datetime) -> str:
    """2026年11月23日 09:05, in 北京时间."""
    local = _beijing(value)
    return f"{date_cn(value)} {local:%H:%M}"


def _trimmed(number: Decimal) -> str:
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money_cn(fen: int) -> str:
    """An amount in integer fen, exactly: 120万元, 3,500元, 1.2亿元.

    万 and 亿 are used only where two decimals hold the whole amount; nothing is ever rounded.
    """
    if isinstance(fen, bool) or not isinstance(fen, int):
        raise TypeError("money is an integer number of fen")
    if fen < 0:
        return f"-{money_cn(-fen)}"
    for unit, word in ((_YI, "亿元"), (_WAN, "万元")):
        if fen >= unit * 100 and fen % unit == 0:
            return f"{_trimmed(Decimal(fen) / (unit * 100))}{word}"
    yuan, cents = divmod(fen, 100)
    return f"{yuan:,}.{cents:02d}元" if cents else f"{yuan:,}元"


def relative_cn(value: datetime, now: datetime | None = None) -> str:
    """3天前, 2小时后, 刚刚; more than 30 days away, the date itself."""
    moment = _beijing(value)
    current = _beijing(now if now is not None else datetime.now(UTC))
    seconds = (current - moment).total_seconds()
    word = "前" if seconds >= 0 else "后"
    distance = abs(seconds)
    if distance < 60:
        return "刚刚" if seconds >= 0 else "马上"
    if distance < 3600:
        return f"{int(distance // 60)}分钟{word}"
    if distance < 86_400:
        return f"{int(distance // 3600)}小时{word}"
    days = abs((current.date() - moment.date()).days)
    return f"{days}天{word}" if days <= 30 else date_cn(value)


def nl2p(text: str) -> Markup:
    """Plain text as paragraphs: an empty line separates them, a single break stays a break."""
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n").strip())
    paragraphs = (
        Markup("<br>").join(escape(line) for line in block.split("\n"))
        for block in blocks
        if block.strip()
    )
    return Markup("").join(Markup("<p>{}</p>").format(paragraph) for paragraph in paragraphs)


def register(app: Flask) -> None:
    """Make the filters known to the templates of `app`."""
    for filter_ in (date_cn, datetime_cn, money_cn, relative_cn, nl2p):
        app.add_template_filter(filter_)

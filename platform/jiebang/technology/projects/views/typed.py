"""What the forms of a project's page hold, read from a request."""

from __future__ import annotations

from datetime import date

from flask import request

from jiebang.core.errors import Invalid
from jiebang.core.money import parse_money
from jiebang.core.uploads import Received

MOST_FILES = 10


def day(name: str) -> date | None:
    """A date; None where nothing was typed; Invalid for what is none."""
    text = request.form.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid({name: "请填写日期，例如 2026-11-28。"}) from error


def money(name: str) -> int | None:
    """One amount in fen; None where nothing was typed; Invalid for a range or no money."""
    text = request.form.get(name, "").strip()
    if not text:
        return None
    try:
        asked = parse_money(text)
    except ValueError as error:
        raise Invalid({name: f"{error}。".replace("。。", "。")}) from error
    if asked.low is None or asked.low != asked.high:
        raise Invalid({name: "请填一个金额，例如 30万元。"})
    return asked.low


def number(name: str) -> int | None:
    """A whole number; None for anything else."""
    text = request.form.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def received() -> list[Received]:
    """The files that came with the form."""
    chosen = [each for each in request.files.getlist("file") if each.filename]
    if len(chosen) > MOST_FILES:
        raise Invalid({"file": f"一次最多 {MOST_FILES} 个文件，其余请分次提交。"})
    return [Received(each.stream, each.filename or "") for each in chosen]  # type: ignore[arg-type]

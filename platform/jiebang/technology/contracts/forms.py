"""The form of an agreement: what a version says as flat fields, and back again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from jiebang.boards.agreements.content import Content
from jiebang.boards.agreements.models import Agreement
from jiebang.core.money import money_text, parse_money

from . import joint
from .kinds import library

LIMITS = {"title": 120, "subject": 3000}
ROWS: dict[str, dict[str, tuple[str, int]]] = {
    "criteria": {"name": ("指标", 60), "target": ("要求", 100), "method": ("怎样检验", 200)},
    "instalments": {
        "label": ("名称", 60),
        "condition": ("付款条件", 300),
        "amount": ("金额", 40),
        "due": ("计划日期", 10),
    },
    "ip": {"what": ("内容", 80), "use": ("使用与收益约定", 300)},
    "clauses": {
        "heading": ("标题", 60),
        "text": ("内容", 2000),
        "key": ("", 40),
        "basis": ("", 60),
    },
}
"""Small tables: their fields with label and limit in characters."""
MOST_ROWS = {"criteria": 40, "instalments": 12, "ip": 20, "clauses": 40}
WORDS_LIMIT = 300
HIDDEN = ("key", "basis")


def flat(content: Content) -> dict[str, str]:
    """A version's content as the form's fields."""
    typed = {key: str(content[key]) for key in ("title", "kind", "subject", "starts", "ends")}
    typed["total"] = money_text(content["total"])
    for name, fields in ROWS.items():
        for number, row in enumerate(content[name]):
            for key in fields:
                value = row[key]
                typed[f"{name}-{number}-{key}"] = (
                    money_text(value) if key == "amount" else str(value)
                )
    for number, row in enumerate(content["ip"]):
        for party, share in row["shares"].items():
            typed[f"ip-{number}-share{party}"] = str(share)
    for row in content["split"]:
        prefix = f"split-{row['party']}"
        typed[f"{prefix}-amount"] = money_text(row["amount"])
        typed[f"{prefix}-work"] = row["work"]
        typed[f"{prefix}-gain"] = str(row.get("gain", 0))
        typed[f"{prefix}-rights"] = row.get("rights", "")
    return typed


def share_out(base: Content, typed: dict[str, str]) -> dict[str, str]:
    """Puts the typed total into the members' amounts as they signed the split; what is wrong with
    the total, by field."""
    reader = _Reader(typed)
    total = reader.money("total", "总金额")
    if not reader.errors:
        for party, amount in joint.amounts(base, total).items():
            typed[f"split-{party}-amount"] = money_text(amount)
    return reader.errors


def rows(typed: Mapping[str, str], name: str) -> list[int]:
    """The numbers of the rows of a table that were typed, in order."""
    found = {
        int(match[1])
        for key in typed
        if (match := re.fullmatch(rf"{name}-([0-9]{{1,3}})-[a-z0-9]+", key))
    }
    return sorted(found)


def read(
    found: Agreement, base: Content, typed: Mapping[str, str]
) -> tuple[Content, dict[str, str]]:
    """The content that the fields say, and what cannot be taken, by field.

    Another kind brings its own clauses in place of the old kind's; common and added ones stay.
    """
    reader = _Reader(typed)
    kind = library().kind(typed.get("kind", base["kind"]))
    content: Content = {
        "title": reader.text("title", "合同名称", LIMITS["title"]),
        "kind": kind.key,
        "subject": reader.text("subject", "合作内容", LIMITS["subject"]),
        "starts": reader.day("starts"),
        "ends": reader.day("ends"),
        "parties": base["parties"],
        "total": reader.money("total", "总金额"),
        "criteria": reader.table("criteria"),
        "instalments": reader.table("instalments"),
        "ip": reader.table("ip", [each.position for each in found.parties]),
        "clauses": reader.table("clauses"),
    }
    if joint.is_joint(base):
        content["split"] = [reader.member(row["party"]) for row in base["split"]]
    else:
        content["split"] = [{**row, "amount": content["total"]} for row in base["split"]]
    if "signed" in base:
        content["signed"] = base["signed"]
    if kind.key != base["kind"]:
        old = {each.key for each in library().kind(base["kind"]).clauses}
        kept = [row for row in content["clauses"] if row["key"] not in old]
        content["clauses"] = [each.row() for each in kind.clauses] + kept
    return content, reader.errors


class _Reader:
    def __init__(self, typed: Mapping[str, str]) -> None:
        self.typed = typed
        self.errors: dict[str, str] = {}

    def text(self, key: str, label: str, limit: int) -> str:
        value = self.typed.get(key, "").replace("\r\n", "\n").strip()
        if len(value) > limit:
            self.errors[key] = f"{label}最多 {limit} 字，现在 {len(value)} 字。"
        return value

    def day(self, key: str) -> str:
        value = self.typed.get(key, "").strip()
        if not value:
            return ""
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            self.errors[key] = "日期请写成 2026-12-31 的样子。"
            return ""

    def money(self, key: str, label: str) -> int:
        value = self.typed.get(key, "").strip()
        if not value:
            return 0
        try:
            read = parse_money(value)
        except ValueError as error:
            self.errors[key] = f"{error}。".replace("。。", "。")
            return 0
        if read.low is None or read.low != read.high:
            self.errors[key] = f"{label}请填一个数，例如 80万元。"
            return 0
        return read.low

    def share(self, key: str) -> int:
        value = self.typed.get(key, "").strip().removesuffix("%").strip()
        if not value:
            return 0
        if not (value.isascii() and value.isdigit() and int(value[:4]) <= 100):
            self.errors[key] = "份额请填 0 到 100 的整数。"
            return 0
        return int(value)

    def member(self, party: int) -> dict[str, Any]:
        prefix = f"split-{party}"
        return {
            "party": party,
            "amount": self.money(f"{prefix}-amount", "金额"),
            "work": self.text(f"{prefix}-work", "分工", WORDS_LIMIT),
            "gain": self.share(f"{prefix}-gain"),
            "rights": self.text(f"{prefix}-rights", "知识产权约定", WORDS_LIMIT),
        }

    def table(self, name: str, parties: Sequence[int] = ()) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        for number in rows(self.typed, name):
            prefix, fields = f"{name}-{number}", ROWS[name]
            shown = [key for key in fields if key not in HIDDEN]
            shares = [f"{prefix}-share{party}" for party in parties]
            typed = [*(f"{prefix}-{key}" for key in shown), *shares]
            if not any(self.typed.get(each, "").strip() for each in typed):
                continue  # an emptied row is a removed one
            row: dict[str, Any] = {}
            for key, (label, limit) in fields.items():
                field = f"{prefix}-{key}"
                if key == "amount":
                    row[key] = self.money(field, label)
                elif key == "due":
                    row[key] = self.day(field)
                else:
                    row[key] = self.text(field, label, limit)
            if parties:
                row["shares"] = {
                    str(party): self.share(f"{prefix}-share{party}") for party in parties
                }
            if name == "clauses" and not (row["heading"] and row["text"]):
                lacking = "heading" if not row["heading"] else "text"
                self.errors[f"{prefix}-{lacking}"] = "条款要有标题和内容；不要这一条就都清空。"
            made.append(row)
        if len(made) > MOST_ROWS[name]:
            self.errors[name] = f"最多 {MOST_ROWS[name]} 行，现在 {len(made)} 行。"
        return made

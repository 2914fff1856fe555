"""联合体 in an agreement: what every member signed when it answered, and what became of it since.

A joint version has in each row of `split` also `gain` (per cent) and `rights`, and beside them
`signed`: the `hash` that the members signed, the `budget` (fen) and the `rows` as they were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jiebang.boards.agreements.content import Content
from jiebang.boards.agreements.models import Agreement
from jiebang.boards.agreements.stages import role
from jiebang.boards.responses.models import Response
from jiebang.boards.responses.services.joint import digest
from jiebang.core.money import money_text
from jiebang.core.shares import divide

Row = dict[str, Any]


def is_joint(content: Mapping[str, Any]) -> bool:
    """Whether several organisations stand on one side of a version."""
    return len(content["split"]) > 1


def signed_rows(found: Agreement, response: Response) -> list[Row]:
    """The signed split, in the agreement's order of parties; [] for one who answered alone."""
    positions = {each.organisation_id: each.position for each in found.parties}
    rows = [
        {
            "party": positions[each.organisation_id],
            "amount": each.money,
            "work": each.work,
            "gain": each.gain,
            "rights": each.rights,
        }
        for each in response.members
    ]
    return sorted(rows, key=lambda row: row["party"])


def draft(found: Agreement, response: Response) -> Content:
    """What a joint response adds to the first version; {} for one who answered alone."""
    rows = signed_rows(found, response)
    if not rows:
        return {}
    return {
        "split": [dict(row) for row in rows],
        "signed": {"hash": digest(response), "budget": response.budget or 0, "rows": rows},
    }


def ip_shares(found: Agreement, rows: Sequence[Row], wish: str) -> dict[str, int]:
    """Per cent by party for new results, from the listing's wish and the members' gains; {} where
    the listing says nothing."""
    if wish not in ("solver", "joint"):
        return {}
    theirs = 100 if wish == "solver" else 50
    parts = divide(theirs, [row["gain"] for row in rows])
    shares = {str(each.position): 0 for each in found.parties}
    shares |= {str(row["party"]): part for row, part in zip(rows, parts, strict=True)}
    shares["1"] = 100 - theirs
    return shares


def amounts(content: Content, total: int) -> dict[int, int]:
    """Another total shared out as the members signed, in fen by party; sums exactly."""
    rows = content["signed"]["rows"] if content.get("signed") else content["split"]
    parts = divide(total, [row["amount"] for row in rows])
    return {row["party"]: part for row, part in zip(rows, parts, strict=True)}


def missing(content: Content) -> list[str]:
    """What a joint version lacks to be put before the parties, in sentences."""
    rows, total, said = content["split"], content["total"], []
    shared = sum(row["amount"] for row in rows)
    if shared != total:
        said.append(f"各方经费合计 {money_text(shared)}，与总金额 {money_text(total)} 不一致。")
    gain = sum(row.get("gain", 0) for row in rows)
    if gain != 100:
        said.append(f"联合体各方收益合计 {gain}%，应为 100%。")
    for row in rows:
        lacks = [words for key, words in (("work", "分工"), ("rights", "知识产权约定"))
                 if not row.get(key)]  # fmt: skip
        if lacks:
            said.append(f"联合体里{role(row['party'])}的{'、'.join(lacks)}还没写。")
    return said


def departures(content: Content) -> list[str]:
    """Where a version differs from what the members signed, in sentences: nothing forbids it, and
    every party is to see it before it confirms."""
    signed = content.get("signed")
    if not signed:
        return []
    now, due = {row["party"]: row for row in content["split"]}, amounts(content, content["total"])
    said = []
    for row in signed["rows"]:
        party, after = role(row["party"]), now[row["party"]]
        if after["amount"] != due[row["party"]]:
            said.append(
                f"{party}的经费是 {money_text(after['amount'])}，"
                f"按签署的比例是 {money_text(due[row['party']])}。"
            )
        if after["gain"] != row["gain"]:
            said.append(f"{party}的收益是 {after['gain']}%，签署的是 {row['gain']}%。")
        said += [
            f"{party}的{words}改过，签署的是：{row[key] or '（空）'}"
            for key, words in (("work", "分工"), ("rights", "知识产权约定"))
            if after[key] != row[key]
        ]
    return said


def drawn(content: Content) -> list[Row]:
    """The rows with the parties' names, as pages and papers show them."""
    names = {each["position"]: each["name"] for each in content["parties"]}
    lead = min(row["party"] for row in content["split"])
    return [
        {
            **row,
            "gain": row.get("gain", 0),
            "rights": row.get("rights", ""),
            "role": role(row["party"]),
            "name": names[row["party"]],
            "leads": row["party"] == lead,
        }
        for row in content["split"]
    ]

"""What an agreement of the technology line says: the first draft, what it lacks, what changed.

A version's content holds, beside `total` and `instalments`: `title`, `kind`, `subject`, `starts`
and `ends` (ISO days or ""), `parties`, `criteria` (name, target, method), `split` (party, amount,
work; `joint` says what a 联合体 adds), `ip` (what, shares in per cent by party, use) and `clauses`
(key, heading, text, basis).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from jiebang.boards.agreements.content import Content
from jiebang.boards.agreements.models import Agreement
from jiebang.boards.responses.models import Response
from jiebang.core.boards import Board
from jiebang.core.money import money_text
from jiebang.core.sides import Side
from jiebang.orgs.models import Organisation

from . import joint
from .kinds import library

FIRST_PAYMENTS = (("签订后首付", 30), ("中期成果", 40), ("验收通过", 30))
"""What a draft proposes, in per cent: a beginning to change, no rule."""


def seller_side(board: Board) -> Side:
    """Who gives the technology: the solver of a need, the owner of an outcome."""
    return Side.ISSUER if board is Board.OUTCOME else Side.RESPONDER


def draft(session: Session, found: Agreement, response: Response) -> Content:
    """The first version, from the listing, the response and the clauses of its kind."""
    listing = found.listing
    kind = library().kind_of(listing.modes)
    total = response.budget or 0
    names = {
        each.position: session.get_one(Organisation, each.organisation_id) for each in found.parties
    }
    sellers = [e.position for e in found.parties if e.side is seller_side(listing.board)]
    together = joint.draft(found, response)
    return {
        "title": f"{listing.title}（{kind.label}合同）",
        "kind": kind.key,
        "subject": _subject(response),
        "starts": "",
        "ends": "",
        "parties": [
            {
                "position": each.position,
                "side": each.side.value,
                "name": names[each.position].name,
                "code": names[each.position].credit_code or "",
            }
            for each in found.parties
        ],
        "criteria": [
            {"name": each.name, "target": each.target, "method": ""} for each in response.answers
        ],
        "total": total,
        "instalments": _instalments(total),
        "split": [
            {"party": each, "amount": total if len(sellers) == 1 else 0, "work": ""}
            for each in sellers
        ],
        "ip": [
            {"what": what, "shares": shares, "use": ""}
            for what, shares in zip(
                library().ip_rows,
                _ip_shares(found, len(library().ip_rows), together.get("split", [])),
                strict=True,
            )
        ],
        "clauses": library().clauses(kind.key),
        **together,
    }


def _subject(response: Response) -> str:
    parts = [response.approach.strip()]
    if response.plan.strip():
        parts.append(f"进度：{response.plan.strip()}")
    return "\n".join(part for part in parts if part)


def _instalments(total: int) -> list[dict[str, Any]]:
    if not total:
        return []
    rows, left = [], total
    for number, (label, share) in enumerate(FIRST_PAYMENTS, 1):
        amount = left if number == len(FIRST_PAYMENTS) else total * share // 100
        left -= amount
        rows.append({"label": label, "condition": "", "amount": amount, "due": ""})
    return rows


def _ip_shares(found: Agreement, rows: int, members: list[joint.Row]) -> list[dict[str, int]]:
    need = found.listing.need
    wish = need.ip_ownership if need is not None else ""
    solvers = [each for each in found.parties if each.side is Side.RESPONDER]
    shares: dict[str, int] = {}
    if wish == "issuer":
        shares = {str(each.position): 100 if each.side is Side.ISSUER else 0
                  for each in found.parties}  # fmt: skip
    elif members:
        shares = joint.ip_shares(found, members, wish)
    elif len(found.parties) == 2 and wish == "joint":
        shares = {"1": 50, "2": 50}
    elif len(solvers) == 1 and wish == "solver":
        shares = {"1": 0, "2": 100}
    return [dict(shares) for _ in range(rows)]


def missing(found: Agreement, content: Content) -> list[str]:
    """What a version lacks to be put before the parties, in sentences."""
    said: list[str] = []
    for key, words in (("title", "合同名称"), ("subject", "合作内容"), ("ends", "完成期限")):
        if not content[key]:
            said.append(f"还没有填写{words}。")
    if content["starts"] and content["ends"] and content["starts"] > content["ends"]:
        said.append("完成期限早于开始日期。")
    if not content["criteria"]:
        said.append("至少写一条验收指标。")
    for row in content["criteria"]:
        if not row["name"] or not row["target"]:
            said.append(f"验收指标“{row['name'] or row['target']}”要写全名称和要求。")
        elif not row["method"]:
            said.append(f"验收指标“{row['name']}”还没写怎样检验。")
    said += _money_missing(found, content)
    if not content["ip"]:
        said.append("知识产权归属至少写一行。")
    for row in content["ip"]:
        total = sum(row["shares"].get(str(each.position), 0) for each in found.parties)
        if total != 100:
            said.append(f"知识产权“{row['what']}”各方份额合计 {total}%，应为 100%。")
    if not content["clauses"]:
        said.append("至少保留一条条款。")
    return said


def _money_missing(found: Agreement, content: Content) -> list[str]:
    said: list[str] = []
    total, rows = content["total"], content["instalments"]
    if not rows:
        return ["付款至少写一期；不涉及费用的，写一期 0 元并说明。"]
    for row in rows:
        label = row["label"] or "未命名的一期"
        lacks = [
            words
            for key, words in (("label", "名称"), ("condition", "付款条件"), ("due", "计划日期"))
            if not row[key]
        ]
        if lacks:
            said.append(f"付款“{label}”还缺{'、'.join(lacks)}。")
    paid = sum(row["amount"] for row in rows)
    if paid != total:
        said.append(f"各期付款合计 {money_text(paid)}，与总金额 {money_text(total)} 不一致。")
    if joint.is_joint(content):
        said += joint.missing(content)
    return said


PARTS = {
    "title": "合同名称",
    "kind": "合同类型",
    "subject": "合作内容",
    "starts": "起止时间",
    "ends": "起止时间",
    "criteria": "验收指标",
    "total": "总金额",
    "instalments": "付款",
    "split": "联合体分工",
    "ip": "知识产权归属",
    "clauses": "条款",
}


def changed(before: Content, after: Content) -> list[str]:
    """Labels of the parts that differ."""
    return list(
        dict.fromkeys(label for key, label in PARTS.items() if before.get(key) != after.get(key))
    )

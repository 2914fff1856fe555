"""The registration form's fields (技术合同认定登记表) as an Excel sheet to copy from."""

from __future__ import annotations

import io
from collections import Counter
from datetime import datetime

import openpyxl
from openpyxl.styles import Alignment, Font
from sqlalchemy.orm import Session

from jiebang.boards.agreements.content import Content
from jiebang.boards.imports.cells import safe_cell
from jiebang.core import clock
from jiebang.core.money import money_text
from jiebang.core.sides import Side
from jiebang.core.terms import INDUSTRY_LABELS
from jiebang.orgs.models import Organisation

from ..contracts.joint import drawn, is_joint
from ..contracts.kinds import library
from ..contracts.outline import day, period, shares
from .models import Registration


def fields(session: Session, found: Registration) -> list[tuple[str, str]]:
    """Labels and values in the order of the form; what the platform does not know is empty."""
    agreement = found.agreement
    content, kind = agreement.newest.content, library().kind(agreement.newest.content["kind"])
    rows = [
        ("合同名称", content["title"]),
        ("合同类别", f"{kind.label}合同"),
        ("平台榜单编号", agreement.listing.code),
        ("合同成立日期", _day(agreement.agreed_at)),
        ("合同期限", period(content)),
    ]
    seats = Counter(each.side for each in agreement.parties)
    lead = {agreement.issuer_id, agreement.organisation_id}
    number: Counter[Side] = Counter()
    for party in agreement.parties:
        organisation = session.get_one(Organisation, party.organisation_id)
        seller, alone = party.side is found.seller, seats[party.side] == 1
        number[party.side] += 1
        role = ("卖方" if seller else "买方") + ("" if alone else str(number[party.side]))
        role += f"（{kind.seller if seller else kind.buyer}"
        role += "）" if alone or party.organisation_id not in lead else "，牵头）"
        rows += [
            (f"{role}名称", organisation.name),
            (f"{role}统一社会信用代码", organisation.credit_code or ""),
            (f"{role}所在地", organisation.region),
        ]
    rows += [
        ("合同总金额", money_text(content["total"])),
        ("其中技术交易额", _amount(found.technology_amount)),
        ("支付方式", "一次总付" if len(content["instalments"]) == 1 else "分期支付"),
        *(
            (f"付款 {number}", f"{row['label']}；{money_text(row['amount'])}；{day(row['due'])}；"
             f"{row['condition']}")
            for number, row in enumerate(content["instalments"], 1)
        ),
        *_together(content),
        ("技术领域", INDUSTRY_LABELS.get(agreement.listing.industry, "")),
        ("合同内容简介", content["subject"]),
        *(("知识产权", f"{row['what']}：{shares(content, row)}") for row in content["ip"]),
        ("登记机构", found.office),
        ("登记编号", found.number),
        ("协议内容 SHA-256", agreement.newest.hash),
    ]  # fmt: skip
    return rows


def _together(content: Content) -> list[tuple[str, str]]:
    if not is_joint(content):
        return []
    return [
        (
            f"联合体分工（{row['name']}）",
            f"{row['work']}；经费 {money_text(row['amount'])}；收益 {row['gain']}%；"
            f"知识产权：{row['rights']}",
        )
        for row in drawn(content)
    ]


def workbook(session: Session, found: Registration) -> bytes:
    """The sheet as XLSX; text that begins like a formula is kept from being one."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "认定登记表"
    sheet.append(["项目", "内容"])
    for label, value in fields(session, found):
        sheet.append([safe_cell(label), safe_cell(value)])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in sheet.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.data_type = "s"
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 28, 80
    sheet.freeze_panes = "A2"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _day(moment: datetime | None) -> str:
    return clock.day_text(clock.to_beijing(moment).date()) if moment else ""


def _amount(fen: int | None) -> str:
    return money_text(fen) if fen is not None else ""

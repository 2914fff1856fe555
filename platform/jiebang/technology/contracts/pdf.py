"""An agreement's version as PDF: searchable, the same bytes each time it is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fpdf import FPDF
from fpdf.enums import TableCellFillMode, WrapMode, XPos, YPos
from fpdf.fonts import FontFace

from jiebang.boards.agreements.content import Content
from jiebang.core import clock
from jiebang.core.money import money_text

from . import fonts
from .amounts import in_words
from .joint import departures, drawn, is_joint
from .kinds import library
from .outline import day, period, shares
from .parts import titled

MARGIN, WIDTH = 22.0, 166.0
"""Millimetres on A4."""
GREY = (244, 245, 247)


@dataclass(frozen=True, slots=True)
class Signature:
    """One party's confirmation as it is printed."""

    party: str
    organisation: str
    person: str
    at: datetime
    hash: str


@dataclass(frozen=True, slots=True)
class Print:
    """Everything that goes onto the paper."""

    code: str
    """榜单编号."""
    number: int
    hash: str
    made_at: datetime
    """When the version was saved, or agreed: the document's date, so that it is always the same."""
    agreed_at: datetime | None
    content: Content
    signatures: Sequence[Signature]


class _Document(FPDF):
    """A4 with the version and its hash on every page."""

    def __init__(self, what: Print) -> None:
        super().__init__(format="A4")
        self.what = what
        self.set_margins(MARGIN, 20, MARGIN)
        self.set_auto_page_break(True, margin=24)
        self.set_creation_date(what.made_at)
        self.set_producer("jiebang")
        self.set_lang("zh-CN")
        self.set_title(fonts.printable(what.content["title"]))

    def footer(self) -> None:
        self.set_y(-18)
        self.set_font_size(7.5)
        self.set_text_color(90)
        line = f"{self.what.code} · 第 {self.what.number} 版 · SHA-256 {self.what.hash}"
        self.cell(WIDTH, 4, line, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.cell(WIDTH, 4, f"第 {self.page_no()} 页，共 {{nb}} 页", align="C")
        self.set_text_color(0)
        self.set_font_size(10.5)

    def heading(self, text: str) -> None:
        """A section's title, never alone at the foot of a page."""
        if self.will_page_break(24):
            self.add_page()
        self.ln(3)
        self.set_font_size(13)
        self.paragraph(text)
        self.set_font_size(10.5)
        self.ln(1)

    def paragraph(self, text: str, align: str = "L") -> None:
        """Text over the full width; breaks anywhere, as Chinese does."""
        self.multi_cell(
            WIDTH, self.font_size * 1.6, fonts.printable(text) or " ", align=align,
            wrapmode=WrapMode.CHAR, new_x=XPos.LMARGIN, new_y=YPos.NEXT,
        )  # fmt: skip

    def grid(
        self, heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]
    ) -> None:
        """A table whose head is repeated on every page."""
        self.set_font_size(9.5)
        with self.table(
            width=WIDTH,
            col_widths=tuple(widths),
            line_height=self.font_size * 1.5,
            padding=1.2,
            text_align="LEFT",
            wrapmode=WrapMode.CHAR,
            headings_style=FontFace(fill_color=GREY),
            cell_fill_mode=TableCellFillMode.NONE,
        ) as table:
            for cells in (heads, *rows):
                row = table.row()
                for cell in cells:
                    row.cell(fonts.printable(cell) or " ")
        self.set_font_size(10.5)
        self.ln(2)


def render(what: Print) -> bytes:
    """The PDF's bytes: equal for equal input."""
    pdf = _Document(what)
    with fonts.installed(pdf, rare=fonts.needs_rare(_texts(what))):
        pdf.add_page()
        _head(pdf, what)
        _body(pdf, what.content)
        _foot(pdf, what)
        return bytes(pdf.output())


def _texts(what: Print) -> Iterator[str]:
    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for each in value.values():
                yield from walk(each)
        elif isinstance(value, list):
            for each in value:
                yield from walk(each)

    yield from walk(what.content)
    for each in what.signatures:
        yield each.organisation + each.person


def _head(pdf: _Document, what: Print) -> None:
    content = what.content
    pdf.set_font_size(18)
    pdf.paragraph(content["title"] or "技术合同", align="C")
    pdf.set_font_size(10.5)
    pdf.ln(2)
    if what.agreed_at is None:
        state = f"商定中的第 {what.number} 版，尚未成立"
    else:
        state = (
            f"第 {what.number} 版，各方于 {clock.moment_text(what.agreed_at)}（北京时间）确认成立"
        )
    pdf.paragraph(
        f"{library().kind(content['kind']).label}合同 · 榜单编号 {what.code} · {state}", "C"
    )
    pdf.ln(3)
    pdf.grid(
        ("", "单位", "统一社会信用代码"),
        [
            (titled(content, each["position"]), each["name"], each["code"])
            for each in content["parties"]
        ],
        (32, 82, 52),
    )


def _body(pdf: _Document, content: Content) -> None:
    pdf.heading("一、合作内容与期限")
    pdf.paragraph(content["subject"] or "（未填）")
    pdf.paragraph(f"期限：{period(content)}。")
    pdf.heading("二、验收指标")
    pdf.grid(
        ("指标", "要求", "怎样检验"),
        [(row["name"], row["target"], row["method"]) for row in content["criteria"]],
        (46, 50, 70),
    )
    pdf.heading("三、金额与付款")
    total = content["total"]
    pdf.paragraph(f"总金额：{money_text(total)}（{in_words(total)}）。")
    pdf.grid(
        ("期", "付款条件", "金额", "计划日期"),
        [
            (row["label"], row["condition"], money_text(row["amount"]), day(row["due"]))
            for row in content["instalments"]
        ],
        (36, 66, 30, 34),
    )
    if is_joint(content):
        _together(pdf, content)
    pdf.heading("四、知识产权归属")
    pdf.grid(
        ("内容", "份额", "使用与收益约定"),
        [(row["what"], shares(content, row), row["use"]) for row in content["ip"]],
        (56, 50, 60),
    )
    pdf.heading("五、条款")
    for number, row in enumerate(content["clauses"], 1):
        basis = f"（参照{row['basis']}）" if row["basis"] else ""
        pdf.paragraph(f"{number}. {row['heading']}{basis}")
        pdf.paragraph(row["text"])
        pdf.ln(1.5)


def _together(pdf: _Document, content: Content) -> None:
    pdf.paragraph("联合体分工、经费、收益与知识产权：")
    pdf.grid(
        ("单位", "分工", "经费", "收益", "知识产权"),
        [
            (
                f"{row['role']} {row['name']}{'（牵头）' if row['leads'] else ''}",
                row["work"],
                money_text(row["amount"]),
                f"{row['gain']}%",
                row["rights"],
            )
            for row in drawn(content)
        ],
        (40, 46, 26, 14, 40),
    )
    if signed := content.get("signed"):
        pdf.paragraph(
            f"以上依据联合体各成员揭榜时签署的分工（SHA-256 {signed['hash']}）。"
            + ("与签署的不同之处，以本协议为准。" if departures(content) else "")
        )


def _foot(pdf: _Document, what: Print) -> None:
    pdf.heading("六、各方确认")
    if not what.signatures:
        pdf.paragraph("尚无一方确认这一版。")
    else:
        pdf.grid(
            ("", "单位", "确认人", "时间（北京时间）"),
            [
                (each.party, each.organisation, each.person, clock.moment_text(each.at))
                for each in what.signatures
            ],
            (14, 74, 32, 46),
        )
        pdf.paragraph(f"各方确认的内容的 SHA-256 校验值：{what.hash}")
    pdf.paragraph(f"条款依据：{library().source}。{library().note}")

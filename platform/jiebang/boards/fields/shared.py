"""Fields that every board has; the word lists come from `core.terms`."""

from __future__ import annotations

from jiebang.core import terms

from .spec import Field, FieldType, Option, options

INDUSTRIES = options(**terms.INDUSTRY_LABELS)
CHAINS = terms.CHAINS
REGIONS = terms.REGIONS

DISCLOSURES = options(
    public="公开",
    anonymous="匿名发布（隐去单位名称）",
    registered="登录后可见",
    invited="仅受邀单位可见",
    agreement="签署保密协议后可见（公开标题与摘要）",
)

TITLE = Field(
    "title", "标题", FieldType.LINE, limit=100, minimum=4, required=True, weight=1, search=True,
    shared=True, headings=("名称", "题目", "需求名称", "成果名称", "项目名称", "产品名称"),
    help="一句话说清对象与目标，例如“6061-T6 铝合金薄壁件焊接变形控制”。",
)  # fmt: skip
SUMMARY = Field(
    "summary", "公开摘要", FieldType.TEXT, limit=800, minimum=10, required=True, weight=2,
    search=True, shared=True, headings=("摘要", "简介", "内容", "描述", "body", "正文"),
    help="所有人都能看到、用于匹配的说明。不便公开的细节不要写在这里，公开范围在最后一步选择。",
)  # fmt: skip
DETAILS = Field(
    "details", "详细介绍", FieldType.TEXT, limit=8000, search=True,
    headings=("详情", "详细说明", "详细内容"),
    help="摘要放不下的完整说明。公开范围为“签署保密协议后可见”时，签署前看不到。",
)  # fmt: skip
INDUSTRY = Field(
    "industry", "产业领域", FieldType.CHOICE, options=INDUSTRIES, weight=1, required=True,
    shared=True, headings=("领域", "行业", "field", "所属行业", "技术领域"),
)  # fmt: skip
CHAIN = Field(
    "chain", "产业链", FieldType.LINE, limit=40, shared=True, headings=("链条", "所属产业链"),
    options=tuple(Option(name, name) for name in CHAINS),
    help="可从列表选择，也可自行填写。",
)  # fmt: skip
REGION = Field(
    "region", "所在地区", FieldType.LINE, limit=40, shared=True, headings=("地区", "区县", "地址"),
    options=tuple(Option(name, name) for name in REGIONS),
)  # fmt: skip
DISCLOSURE = Field(
    "disclosure", "公开范围", FieldType.CHOICE, options=DISCLOSURES, shared=True, required=True,
    headings=("公开级别",),
    help="决定谁能看到全文；标题与公开摘要用于匹配。保密协议由对方在平台上接受，每次查看您都看得到。",
)  # fmt: skip


def modes(*labels: str, help_text: str = "") -> Field:
    """合作方式: the choices differ by board, stored under their Chinese name."""
    return Field(
        "modes", "合作方式", FieldType.CHOICES, options=tuple(Option(x, x) for x in labels),
        weight=1, shared=True, headings=("合作模式", "转化方式", "mode"), help=help_text,
    )  # fmt: skip


def money(
    label: str, *headings: str, help_text: str = "", weight: int = 1, unit: str = "万元"
) -> Field:
    """A range of money in fen with 面议; the label says whose money it is."""
    return Field(
        "money", label, FieldType.MONEY, shared=True, weight=weight, headings=headings,
        help=help_text or f"写区间或一个数，如 80-120，不写单位按{unit}；也可写“面议”。", unit=unit,
    )  # fmt: skip


def deadline(label: str, *headings: str, help_text: str = "", required: bool = False) -> Field:
    """A calendar day until which the listing matters."""
    return Field(
        "deadline", label, FieldType.DATE, shared=True, weight=1, headings=headings,
        help=help_text, required=required,
    )  # fmt: skip


def trl(label: str, help_text: str) -> Field:
    """Technology readiness level 1–9 (GB/T 22900-2022 科学技术研究项目评价通则)."""
    return Field(
        "trl", label, FieldType.INTEGER, minimum=1, limit=9, shared=True, weight=1, unit="级",
        headings=("技术成熟度", "成熟度", "maturity", "TRL"), help=help_text,
    )  # fmt: skip

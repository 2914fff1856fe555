"""Fields of 采购需求 (demand) and 产品供给 (product)."""

from __future__ import annotations

from .shared import CHAIN, DETAILS, DISCLOSURE, INDUSTRY, REGION, SUMMARY, TITLE, deadline, money
from .spec import Field, FieldType, options

ITEM_COLUMNS = (
    Field("name", "品名", FieldType.LINE, limit=60, required=True, example="精密减速机"),
    Field("specification", "规格", FieldType.LINE, limit=200, example="速比 1:100，回差 ≤1 弧分"),
    Field("quantity", "数量", FieldType.INTEGER, minimum=1, limit=1_000_000_000, required=True,
          example="200"),
    Field("unit", "单位", FieldType.LINE, limit=10, example="台"),
    Field("delivery_date", "交货日期", FieldType.DATE, example="2027-03-31"),
    Field("delivery_place", "交货地点", FieldType.LINE, limit=60, example="济南市章丘区"),
)  # fmt: skip

CERTIFICATE_COLUMNS = (
    Field("name", "证书", FieldType.LINE, limit=60, required=True, example="ISO 9001"),
    Field("number", "编号", FieldType.LINE, limit=60),
    Field("valid_until", "有效期至", FieldType.DATE, example="2028-06-30"),
)

DEMAND = (
    TITLE,
    SUMMARY,
    Field("category", "采购品类", FieldType.LINE, limit=40, weight=1, search=True,
          headings=("品类", "类别")),
    DETAILS,
    Field("line_items", "采购清单", FieldType.ROWS, columns=ITEM_COLUMNS, limit=50, weight=3,
          search=True, headings=("清单", "采购内容")),
    Field("qualifications", "资质要求", FieldType.TEXT, limit=1000, weight=1, search=True,
          headings=("供应商要求", "资格条件")),
    Field("method", "采购方式", FieldType.CHOICE, required=True, options=options(
        inquiry="询比", bidding="竞价", negotiation="谈判", direct="直接采购",
    )),
    deadline("报价截止日期", "截止日期", "报价截止", required=True,
             help_text="截止当日 24:00 前（北京时间）可报价，以服务器时间为准。"),
    Field("ceiling", "最高限价", FieldType.AMOUNT, protected=True, unit="万元", headings=("限价",),
          help="密封保存，任何报价方都看不到。"),
    Field("payment_terms", "付款条件", FieldType.TEXT, limit=500, weight=1, headings=("付款方式",)),
    Field("sme_reserved", "专门面向中小企业", FieldType.FLAG),
    Field("outside_notice", "外部公告链接", FieldType.LINE, limit=300,
          help="依法须在其他平台招标的，填写公告地址。"),
    INDUSTRY, CHAIN, REGION, DISCLOSURE,
)  # fmt: skip

PRODUCT = (
    TITLE,
    SUMMARY,
    DETAILS,
    Field("specification", "规格参数", FieldType.TEXT, limit=2000, weight=2, search=True,
          headings=("规格", "参数")),
    Field("capacity", "月产能", FieldType.INTEGER, minimum=0, limit=1_000_000_000, weight=1,
          headings=("产能",)),
    Field("capacity_unit", "产能单位", FieldType.LINE, limit=10, example="台"),
    Field("lead_days", "交货周期", FieldType.INTEGER, minimum=0, limit=3650, unit="天", weight=1,
          headings=("交期",)),
    Field("moq", "起订量", FieldType.INTEGER, minimum=0, limit=1_000_000_000),
    Field("certificates", "资质证书", FieldType.ROWS, columns=CERTIFICATE_COLUMNS, limit=20,
          weight=1, search=True, headings=("证书", "资质")),
    Field("cases", "应用案例", FieldType.TEXT, limit=2000, weight=1, search=True,
          headings=("案例", "业绩")),
    money("价格区间", "价格", "单价", unit="元",
          help_text="单价区间，如 1200-1800（元）或 1.2万元-1.8万元；也可写“面议”。"),
    deadline("有效期至", "有效期"),
    INDUSTRY, CHAIN, REGION, DISCLOSURE,
)  # fmt: skip

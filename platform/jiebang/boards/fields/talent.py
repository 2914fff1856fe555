"""Fields of 订单班需求 (order) and 专业供给 (programme)."""

from __future__ import annotations

from .shared import CHAIN, DISCLOSURE, INDUSTRY, REGION, SUMMARY, TITLE, deadline, modes, money
from .spec import Field, FieldType, options

LEVELS = options(secondary="中职", college="高职", bachelor="本科", master="硕士")
"""Education levels in ascending order."""

POST_COLUMNS = (
    Field("name", "岗位", FieldType.LINE, limit=60, required=True, example="数控机床操作工"),
    Field("headcount", "人数", FieldType.INTEGER, minimum=1, limit=10_000, required=True,
          example="20"),
    Field("skills", "技能要求", FieldType.LINE, limit=300, example="五轴加工编程、量具使用"),
)  # fmt: skip

ORDER = (
    TITLE,
    SUMMARY,
    Field("posts", "岗位与人数", FieldType.ROWS, columns=POST_COLUMNS, limit=20, weight=3,
          search=True, required=True, headings=("岗位", "岗位需求")),
    Field("skills", "技能与素质要求", FieldType.TEXT, limit=2000, weight=2, search=True,
          headings=("技能", "岗位要求")),
    Field("level", "学历层次", FieldType.CHOICE, options=LEVELS, weight=1, required=True,
          headings=("层次", "学历")),
    modes("订单班", "现代学徒制", "岗位实习", "定向培养"),
    Field("cohort", "届别", FieldType.LINE, limit=20, example="2027届"),
    Field("schooling", "学制", FieldType.LINE, limit=20, example="3年"),
    deadline("期望开班日期", "开班日期", "开始日期", "用人时间"),
    money("岗位月薪", "月薪", "薪酬", "工资",
          unit="元",
          help_text="税前月薪区间，如 6500-9000（元）；实习报酬不低于岗位工资的 80%。"),
    Field("mentors", "企业导师", FieldType.TEXT, limit=500, search=False, headings=("导师",)),
    Field("commitments", "企业承诺", FieldType.TEXT, limit=1000, weight=1, headings=("承诺",)),
    INDUSTRY, CHAIN, REGION, DISCLOSURE,
)  # fmt: skip

PROGRAMME = (
    TITLE,
    SUMMARY,
    Field("major", "专业名称", FieldType.LINE, limit=60, required=True, weight=1, search=True,
          headings=("专业",)),
    Field("major_code", "专业代码", FieldType.LINE, limit=10, headings=("代码",)),
    Field("level", "学历层次", FieldType.CHOICE, options=LEVELS, required=True, weight=1,
          headings=("层次", "学历")),
    Field("places", "每年招生人数", FieldType.INTEGER, minimum=1, limit=10_000, weight=1,
          headings=("招生人数", "人数")),
    Field("courses", "核心课程", FieldType.TEXT, limit=2000, weight=1, search=True,
          headings=("课程",)),
    Field("skills", "技能方向", FieldType.TEXT, limit=2000, weight=2, search=True,
          headings=("技能", "培养方向")),
    Field("laboratories", "实训条件", FieldType.TEXT, limit=2000, weight=1, search=True,
          headings=("实训室", "实验室")),
    Field("past_orders", "合作经历", FieldType.TEXT, limit=2000, search=True,
          headings=("合作企业", "订单班经历")),
    modes("订单班", "现代学徒制", "岗位实习", "定向培养"),
    Field("schooling", "学制", FieldType.LINE, limit=20, example="3年"),
    deadline("有效期至", "有效期"),
    INDUSTRY, CHAIN, REGION, DISCLOSURE,
)  # fmt: skip

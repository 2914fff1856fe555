"""Fields of 技术需求 (need) and 科技成果 (outcome)."""

from __future__ import annotations

from .shared import (
    CHAIN,
    DETAILS,
    DISCLOSURE,
    INDUSTRY,
    REGION,
    SUMMARY,
    TITLE,
    deadline,
    modes,
    money,
    trl,
)  # fmt: skip
from .spec import Field, FieldType, Option, options

COMPARATORS = tuple(Option(x, x) for x in ("≥", "≤", "=", ">", "<", "±", "范围", "定性"))

INDICATOR_COLUMNS = (
    Field("name", "指标", FieldType.LINE, limit=60, required=True, example="抗拉强度"),
    Field("comparator", "关系", FieldType.CHOICE, options=COMPARATORS, example="≥"),
    Field("value", "数值", FieldType.LINE, limit=60, required=True, example="980"),
    Field("unit", "单位", FieldType.LINE, limit=20, example="MPa"),
)

IP_COLUMNS = (
    Field("number", "编号", FieldType.LINE, limit=60, required=True, example="ZL2023XXXXXXXX.X"),
    Field("right_kind", "类型", FieldType.CHOICE, required=True, options=options(
        invention="发明专利", utility="实用新型", design="外观设计", software="软件著作权",
        variety="植物新品种", layout="集成电路布图设计", secret="技术秘密",  # noqa: S106
    )),
    Field("right_state", "状态", FieldType.CHOICE, options=options(
        filed="申请中", published="已公开", granted="已授权", lapsed="已失效",
    )),
    Field("encumbrance", "独占许可或质押", FieldType.CHOICE, options=options(
        none="无", exclusive="已独占许可", pledged="已质押",
    )),
)  # fmt: skip

NEED = (
    TITLE,
    Field("need_kind", "需求类型", FieldType.CHOICE, required=True, options=options(
        research="技术攻关", scenario="场景验证",
    ), headings=("类型",)),
    Field("track", "对接方式", FieldType.CHOICE, required=True, shared=True, options=options(
        market="市场对接", competition="揭榜挂帅",
    ), help="市场对接：发布、洽谈、签约；揭榜挂帅：有批次、专家、公示与分期拨付。"),
    SUMMARY,
    Field("present_state", "现状", FieldType.TEXT, limit=2000, weight=1, search=True,
          headings=("现有基础", "现状描述"), help="目前怎么做、用什么材料和设备、达到什么水平。"),
    Field("problem", "需要解决的问题", FieldType.TEXT, limit=3000, weight=2, search=True,
          headings=("问题", "需求内容", "技术难题", "需求描述")),
    Field("indicators", "目标指标", FieldType.ROWS, columns=INDICATOR_COLUMNS, limit=20, weight=2,
          search=True, headings=("指标", "技术指标", "考核指标"),
          help="每行一个可检验的指标：名称、关系、数值、单位。"),
    trl("最低技术成熟度", "希望对方的技术至少达到哪一级（1–9 级，6 级为样机在相关环境验证）。"),
    deadline("期望完成日期", "完成时间", "截止日期", "期限", "时限"),
    money("预算", "预算", "资金预算", "投入资金", "拟投入"),
    modes("技术开发", "技术转让", "技术许可", "技术咨询", "技术服务", "作价入股", "联合攻关"),
    Field("ip_ownership", "知识产权归属", FieldType.CHOICE, weight=1, options=options(
        issuer="归发榜方", solver="归揭榜方", joint="双方共有", negotiable="另行商定",
    ), headings=("知识产权", "产权归属")),
    Field("solver_requirements", "对揭榜方的要求", FieldType.TEXT, limit=1000, search=True,
          headings=("要求", "揭榜方条件")),
    Field("tried", "已尝试的办法", FieldType.TEXT, limit=1000, protected=True,
          headings=("尝试过的方案",), help="默认不公开，仅供对接时参考。"),
    INDUSTRY, CHAIN, REGION, DISCLOSURE,
)  # fmt: skip

OUTCOME = (
    TITLE,
    Field("summary", "通俗摘要", FieldType.TEXT, limit=800, minimum=10, required=True, weight=2,
          search=True, shared=True, headings=SUMMARY.headings,
          help="解决什么问题、给谁用、比现有最好的办法好多少。不要写未申请专利的原理。"),
    Field("application", "应用范围", FieldType.TEXT, limit=1000, weight=1, search=True,
          headings=("scope", "应用领域", "适用范围")),
    DETAILS,
    Field("principle", "技术原理", FieldType.TEXT, limit=3000, protected=True,
          headings=("原理", "技术方案"), help="默认保密：公开会破坏专利新颖性。"),
    Field("indicators", "实测指标", FieldType.ROWS, columns=INDICATOR_COLUMNS, limit=20, weight=2,
          search=True, headings=("指标", "技术指标", "性能指标")),
    trl("技术成熟度", "1–9 级：4 级为实验室验证，6 级为样机在相关环境验证，9 级为批量应用。"),
    Field("ip_rights", "知识产权清单", FieldType.ROWS, columns=IP_COLUMNS, limit=20, weight=1,
          headings=("专利", "知识产权", "专利号")),
    Field("ip_tenure", "权属", FieldType.CHOICE, options=options(
        service="职务成果", granted="赋权成果", separate="单列管理",
    ), headings=("成果权属",)),
    modes("技术开发", "技术转让", "技术许可", "技术咨询", "技术服务", "作价入股", "联合攻关",
          "先用后转"),
    money("报价", "价格", "price", "转让价格", "意向价格"),
    Field("pricing_method", "定价方式", FieldType.CHOICE, options=options(
        agreement="协议定价（本单位公示）", listing="挂牌交易", auction="拍卖",
    )),
    deadline("有效期至", "有效期"),
    Field("team", "团队", FieldType.TEXT, limit=1000, search=True, headings=("研发团队",)),
    Field("partner_requirements", "对合作方的要求", FieldType.TEXT, limit=1000, search=True),
    INDUSTRY, CHAIN, REGION, DISCLOSURE,
)  # fmt: skip

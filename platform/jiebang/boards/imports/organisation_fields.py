"""What an import says about an organisation; words as in DOMAIN.md."""

from __future__ import annotations

from dataclasses import replace

from ..fields.shared import CHAIN, INDUSTRY, REGION
from ..fields.spec import Field, FieldType, options

ORGANISATION = (
    Field("name", "单位名称", FieldType.LINE, limit=100, required=True,
          headings=("名称", "单位", "企业名称", "全称", "机构名称"), example="示例精密机械有限公司",
          help="营业执照或法人证书上的全称。"),
    Field("category", "单位类别", FieldType.CHOICE, required=True, options=options(
        enterprise="企业", university="高校", institute="科研院所", college="职业院校",
    ), headings=("类别", "单位性质", "机构类型", "类型")),
    Field("size", "企业规模", FieldType.CHOICE, options=options(
        large="大型", medium="中型", small="小型", micro="微型",
    ), headings=("规模",), help="按《中小企业划型标准规定》；院校不填。"),
    Field("cultivation", "梯度培育", FieldType.CHOICE, options=options(
        technology="科技/创新型中小企业", specialised="专精特新中小企业",
        giant="专精特新“小巨人”企业", champion="制造业单项冠军",
    ), headings=("培育层级", "培育级别", "资质称号")),
    Field("chain_leader", "链主企业", FieldType.FLAG, headings=("链主", "是否链主")),
    Field("credit_code", "统一社会信用代码", FieldType.LINE, limit=30,
          headings=("信用代码", "社会信用代码", "组织机构代码"), example="91370100MA3XXXXX0X",
          help="18 位；导入时核对校验位。"),
    REGION,
    replace(INDUSTRY, required=False),
    CHAIN,
    Field("intro", "单位简介", FieldType.TEXT, limit=2000,
          headings=("简介", "介绍", "主营业务", "经营范围")),
    Field("staff", "职工人数", FieldType.INTEGER, minimum=0, limit=10_000_000, unit="人",
          headings=("人数", "员工人数", "从业人员")),
)  # fmt: skip

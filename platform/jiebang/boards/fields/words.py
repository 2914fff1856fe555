"""Words of other platforms and statistics, and what they are called here. Data, not rules.

A word is listed only where both sides mean the same thing. What has no counterpart (其他, 合作生产)
is not squeezed into one: an import names it in its notes and hands on the original words.
"""

from __future__ import annotations

import re

MODE_WORDS = {
    "委托开发": "技术开发",
    "合作开发": "技术开发",
    "定制开发": "技术开发",
    "开发": "技术开发",
    "完全转让": "技术转让",
    "整体转让": "技术转让",
    "专利转让": "技术转让",
    "转让": "技术转让",
    "许可转让": "技术许可",
    "许可使用": "技术许可",
    "专利许可": "技术许可",
    "普通许可": "技术许可",
    "许可": "技术许可",
    "咨询": "技术咨询",
    "服务": "技术服务",
    "技术入股": "作价入股",
    "作价投资": "作价入股",
    "入股": "作价入股",
    "联合开发": "联合攻关",
    "联合研发": "联合攻关",
    "产学研合作": "联合攻关",
    "定向": "定向培养",
    "定向班": "定向培养",
    "学徒制": "现代学徒制",
    "新型学徒制": "现代学徒制",
    "实习": "岗位实习",
    "顶岗实习": "岗位实习",
}
"""合作方式 of other platforms; keys are found inside run-together text, longest first."""

MODES_WITHOUT_COUNTERPART = ("合作生产", "其他", "其它")
"""Known words that mean none of our modes; needed to take run-together text apart."""

INDUSTRY_WORDS = {
    "digital": (
        "大数据", "信息", "软件", "计算机", "电子", "通信", "互联网",
        "人工智能", "集成电路", "电信",
        "半导体", "区块链", "量子", "物联网", "云计算", "芯片", "网络", "光电子",
    ),
    "equipment": (
        "装备", "机械", "机器人", "设备", "汽车", "新能源汽车", "仪器仪表",
        "仪表", "自动化", "机床",
        "航空", "航天", "船舶", "铁路、船舶", "轨道交通装备", "电气", "智能制造", "激光", "家电",
        "机电", "模具", "电机", "电池装备",
    ),
    "materials": (
        "新材料", "材料", "冶炼", "冶金", "钢铁", "精品钢", "有色", "金属", "陶瓷", "非金属矿物",
        "铝镁", "碳纤维",
    ),
    "health": (
        "医药", "生物医药", "医疗", "医学", "卫生", "药", "中药", "生化", "生物", "健康", "制药",
        "养老", "透明质酸",
    ),
    "chemicals": (
        "化工", "化学", "纺织", "造纸", "轻工", "日化", "皮革",
        "服装", "服饰", "橡胶", "塑料", "印染",
        "家具", "石油加工", "涂料", "印刷", "文教", "化纤", "化妆品",
    ),
    "energy": (
        "能源", "新能源", "节能", "环保", "环境", "生态", "电力",
        "热力", "燃气", "水利", "水的生产",
        "水处理", "废弃资源", "污染", "煤炭", "太阳能", "风电", "储能", "氢能", "碳达峰", "双碳",
    ),
    "agriculture": (
        "农", "林业", "林、牧", "畜牧", "渔", "种业", "食品",
        "饮料", "饲料", "水产", "肥料", "粮食",
        "酿造",
    ),
    "construction": (
        "建筑", "交通", "运输", "土木", "道路", "铁路", "轨道交通", "建材", "施工", "市政", "物流",
        "仓储", "桥梁", "隧道",
    ),
    "services": (
        "服务业", "技术服务", "金融", "批发", "零售", "文化", "体育", "教育", "商务", "知识产权",
        "检验检测", "住宿", "餐饮", "旅游", "租赁", "设计服务", "咨询", "科学研究", "社会工作",
    ),
}  # fmt: skip
"""Words of 国民经济行业分类 and of technology markets that name one of our industries."""

_INDUSTRY_OF = {word: industry for industry, words in INDUSTRY_WORDS.items() for word in words}
_INDUSTRY = re.compile("|".join(sorted(map(re.escape, _INDUSTRY_OF), key=len, reverse=True)))


def industry_of(text: str) -> str | None:
    """The industry that a classification names, the broadest level first; None if none does."""
    for level in re.split(r"[-—–>/｜|]+", text):
        if match := _INDUSTRY.search(level):
            return _INDUSTRY_OF[match[0]]
    return None

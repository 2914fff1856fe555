"""Word lists that organisations and boards share: industries, industrial chains, regions."""

from __future__ import annotations

INDUSTRY_LABELS = {
    "digital": "大数据与新一代信息技术",
    "equipment": "智能制造与高端装备",
    "materials": "精品钢与先进材料",
    "health": "生物医药与大健康",
    "chemicals": "化工与轻工纺织",
    "energy": "能源与环境保护",
    "agriculture": "现代农业与食品",
    "construction": "建筑与交通",
    "services": "现代服务业",
    "other": "其他",
}
"""The city's four leading industries first, then what else its firms do."""

CHAINS = (
    "集成电路", "人工智能", "大数据与云计算", "工业软件", "信息安全", "空天信息", "量子信息",
    "工业母机", "机器人", "激光装备", "新能源汽车", "轨道交通装备", "智能网联", "电力装备",
    "精品钢", "铝镁合金", "先进陶瓷", "碳纤维与复合材料", "化工新材料",
    "化学药", "生物药", "中医药", "医疗器械", "透明质酸", "医学检验",
    "新能源", "节能环保", "绿色建材", "食品加工", "现代种业",
)  # fmt: skip
"""Suggested names of industrial chains; another name may be typed."""

REGIONS = (
    "济南市历下区", "济南市市中区", "济南市槐荫区", "济南市天桥区", "济南市历城区", "济南市长清区",
    "济南市章丘区", "济南市济阳区", "济南市莱芜区", "济南市钢城区", "济南市平阴县", "济南市商河县",
    "济南高新区", "济南新旧动能转换起步区", "济南市南部山区",
)  # fmt: skip
"""Suggested names of regions; another name may be typed."""

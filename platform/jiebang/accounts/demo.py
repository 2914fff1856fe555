"""Demonstration accounts: everybody may use them, so they exist in demonstration mode alone."""

from __future__ import annotations

from jiebang.core.permissions import Line, Role

DEMO_PASSWORD = "jiebang-demo-2026"  # noqa: S105  (no secret: shown on the sign-in page)
"""The password of every demonstration account; refused for all others."""

ROLE_TRIES = {
    Role.OPERATOR: "审核榜单、核验单位、看运行概况",
    Role.SPECIALIST: "看今天要办的事，把强相关的供需双方引荐到一起，记电话、跟进办理",
    Role.EXPERT: "看送来诊断的需求和成果；评审揭榜挂帅的需求和揭榜，先声明回避再打分",
    Role.SYSTEM_ADMINISTRATOR: "看系统运行状况",
    Role.SECURITY_ADMINISTRATOR: "给人员分配和收回角色",
    Role.AUDITOR: "查审计记录、验证审计链完整",
}
CATEGORY_TRIES = {
    "enterprise": "发布需求、采购或用人计划，看谁能对接、凭什么、还差什么",
    "university": "发布成果，看哪些企业难题对得上、为什么合适、为什么不合适",
    "institute": "发布成果，看哪些企业难题对得上、为什么合适、为什么不合适",
    "college": "上榜专业供给，看哪些企业的订单班能承接",
}
"""By the category of the organisation that a member acts for."""
LINE_TRIES = {
    Line.TECHNOLOGY: "只经办技术线：发布需求或成果，看匹配与理由",
    Line.PROCUREMENT: "只经办采购线：发布采购清单或产品，看匹配与理由",
    Line.TALENT: "只经办人才线：发布用人计划（订单班），看哪些专业能承接",
}
"""For agents whose scope is one line."""

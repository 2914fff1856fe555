"""Words for what organisations are and where they stand."""

from __future__ import annotations

from jiebang.core.permissions import OrganisationRole

from .models import Category, Cultivation, Decision, OrganisationState, Size

CATEGORY_LABELS = {
    Category.ENTERPRISE: "企业",
    Category.UNIVERSITY: "高等院校",
    Category.INSTITUTE: "科研院所",
    Category.COLLEGE: "职业院校",
}
SIZE_LABELS = {
    Size.LARGE: "大型企业",
    Size.MEDIUM: "中型企业",
    Size.SMALL: "小型企业",
    Size.MICRO: "微型企业",
}
CULTIVATION_LABELS = {
    Cultivation.TECHNOLOGY: "科技/创新型中小企业",
    Cultivation.SPECIALISED: "专精特新中小企业",
    Cultivation.GIANT: "专精特新“小巨人”企业",
    Cultivation.CHAMPION: "制造业单项冠军企业",
}
STATE_LABELS = {
    OrganisationState.UNVERIFIED: "未核验",
    OrganisationState.SUBMITTED: "核验中",
    OrganisationState.VERIFIED: "已核验",
    OrganisationState.RETURNED: "退回补正",
    OrganisationState.SUSPENDED: "资格暂停",
}
STATE_TONES = {
    OrganisationState.UNVERIFIED: "neutral",
    OrganisationState.SUBMITTED: "info",
    OrganisationState.VERIFIED: "good",
    OrganisationState.RETURNED: "warn",
    OrganisationState.SUSPENDED: "bad",
}
DECISION_LABELS = {
    Decision.SUBMITTED: "待办理",
    Decision.APPROVED: "已通过",
    Decision.RETURNED: "已退回",
}
DECISION_TONES = {
    Decision.SUBMITTED: "info",
    Decision.APPROVED: "good",
    Decision.RETURNED: "warn",
}
ROLE_LABELS = {
    OrganisationRole.ADMINISTRATOR: "管理员",
    OrganisationRole.AGENT: "经办人",
}

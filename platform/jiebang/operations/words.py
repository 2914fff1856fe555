"""The audit trail in words: rows keep short codes, people read Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiebang.boards.fields import FIELDS
from jiebang.boards.responses.workflow import RESPONSE
from jiebang.boards.responses.workflow import STATE_LABELS as RESPONSE_STATES
from jiebang.boards.reviews.workflow import ASSIGNMENT, PANEL, PANEL_LABELS
from jiebang.boards.reviews.workflow import STATE_LABELS as ASSIGNMENT_STATES
from jiebang.boards.threads.workflow import THREAD
from jiebang.boards.tracks.values import TRACK_LABELS
from jiebang.boards.workflow import LISTING
from jiebang.boards.workflow import STATE_LABELS as LISTING_STATES
from jiebang.brokering.filling.workflow import FILLING
from jiebang.brokering.filling.workflow import STATE_LABELS as FILLING_STATES
from jiebang.brokering.workflow import INTRODUCTION, RESULT_LABELS
from jiebang.core.boards import Board
from jiebang.core.permissions import LINE_LABELS, ROLE_LABELS
from jiebang.core.reasons import REASON_LABELS
from jiebang.orgs.terms import ROLE_LABELS as SEAT_LABELS
from jiebang.orgs.terms import STATE_LABELS as ORGANISATION_STATES
from jiebang.technology.projects.workflow import LABELS as PROJECT_STATES
from jiebang.technology.projects.workflow import TABLES as PROJECT_TABLES
from jiebang.technology.projects.workflow import (
    AcceptanceState,
    GrantState,
    InstalmentState,
    MilestoneState,
    ProjectState,
    RecoveryState,
    RequestState,
)

ACTIONS = {
    "account.created": "建立账号",
    "account.signed_in": "登录",
    "account.signed_out": "退出登录",
    "account.sign_in_failed": "登录失败",
    "account.locked": "登录锁定",
    "account.sessions_ended": "退出其他设备",
    "account.password_changed": "修改密码",
    "account.password_reset": "重设密码",
    "account.reset_requested": "申请重设密码",
    "account.email_confirmed": "确认邮箱",
    "account.email_changed": "更换邮箱",
    "account.renamed": "修改姓名",
    "account.deactivated": "停用账号",
    "account.reactivated": "启用账号",
    "role.granted": "授予角色",
    "role.revoked": "收回角色",
    "organisation.created": "创建单位",
    "organisation.edited": "修改单位资料",
    "organisation.imported": "导入单位",
    "demo.organisation": "演示单位",
    "verification.submitted": "提交核验",
    "verification.approved": "通过核验",
    "verification.returned": "退回核验",
    "verification.approve": "通过核验",
    "verification.return": "退回核验",
    "verification.vouched": "直接核验",
    "verification.suspend": "暂停资格",
    "verification.resume": "恢复资格",
    "claim.submitted": "申请认领",
    "claim.approved": "通过认领",
    "claim.returned": "退回认领",
    "member.added": "加入单位",
    "member.changed": "调整成员角色",
    "member.removed": "移出成员",
    "member.invited": "邀请成员",
    "member.invitation_renewed": "重发邀请",
    "member.invitation_revoked": "撤回邀请",
    "paper.read": "查看证明材料",
    "search.saved": "保存查询",
    "search.deleted": "删除保存的查询",
    "match.dismissed": "标记不合适",
    "listing.created": "建立草稿",
    "listing.changed": "修改内容",
    "listing.imported": "导入内容",
    "listing.attached": "添加附件",
    "listing.detached": "移除附件",
    "listing.invited": "邀请查看",
    "listing.uninvited": "取消邀请",
    "diagnosis.ask": "诊断提问",
    "diagnosis.answer": "回答诊断",
    "relation.declared": "申报股权与控制关系",
    "relation.removed": "删除股权与控制关系",
    "response.begun": "开始填写揭榜",
    "response.filled": "专员代填，单位确认",
    "response.split": "写联合体分工",
    "response.member_confirm": "联合体成员确认",
    "response.member_refuse": "联合体成员不参加",
    "round.winners": "设定选定家数",
    "track.issued": "另立赛道规则版本",
    "batch.opened": "开出批次",
    "batch.changed": "修改批次",
    "batch.joined": "归入批次",
    **{f"response.{name}": each.label for name, each in RESPONSE.transitions.items()},
    "response.reviewed": "专家评审结束",
    "panel.open": "组织专家评审",
    **{f"panel.{name}": each.label for name, each in PANEL.transitions.items()},
    "assignment.assign": "请专家评审",
    **{f"assignment.{name}": each.label for name, each in ASSIGNMENT.transitions.items()},
    "thread.opened": "发出对接意向",
    "thread.meeting_proposed": "提议会面",
    "thread.meeting_confirm": "同意会面",
    "thread.meeting_cancel": "取消会面",
    "thread.minutes": "写会面纪要",
    "thread.contact": "同意交换联系方式",
    "thread.confidentiality": "接受保密协议",
    **{f"introduction.{name}": each.label for name, each in INTRODUCTION.transitions.items()},
    "introduction.request": "请专员对接",
    "introduction.propose": "专员提出引荐",
    "introduction.handed": "引荐转办",
    "filling.begun": "开始代填",
    "filling.handed": "代填转办",
    **{f"filling.{name}": f"代填：{each.label}" for name, each in FILLING.transitions.items()},
    "specialist.assigned": "分派服务专员",
    "specialist.handed_over": "交接服务专员",
    "specialist.released": "取消服务专员",
    "specialist.rule": "调整服务上限",
    "thread.introduced": "引荐后开始对接",
    "thread.opened_protected": "向对方开放不公开内容",
    "thread.closed_protected": "收回开放的不公开内容",
    "protected.read": "查看保密内容",
    **{f"thread.{name}": each.label for name, each in THREAD.transitions.items()},
    **{f"listing.{name}": each.label for name, each in LISTING.transitions.items()},
    "grant.added": "建立奖补规则表",
    "grant.version": "另立奖补规则版本",
    "grant.on": "启用奖补规则",
    "grant.off": "停用奖补规则",
    "project.start": "项目开始",
    "project.archive_read": "查看项目档案",
    "project.close": "结题",
    "project.terminate": "终止项目",
    "acceptance.file": "提交验收",
    "request.ask": "提出延期或终止",
    "confirmation.assign": "请专家确认里程碑",
    "recovery.claim": "请求退款",
    "grant_payment.propose": "申请奖补",
    "case.write": "编辑成果公示",
    "case.agree": "同意公示成果",
    "case.withdraw": "撤回成果公示",
    **{
        f"{table.name}.{name}": each.label
        for table in PROJECT_TABLES
        for name, each in table.transitions.items()
    },
}
TARGETS = {
    "user": "账号",
    "organisation": "单位",
    "listing": "榜单内容",
    "upload": "文件",
    "thread": "对接",
    "introduction": "引荐",
    "filling": "代填",
    "saved_search": "保存的查询",
    "specialist_rule": "服务上限",
    "track_version": "赛道规则",
    "batch": "批次",
    "response": "揭榜",
    "panel": "专家评审",
    "assignment": "评审任务",
    "grant_table": "奖补规则表",
    "project": "项目",
    "milestone": "里程碑",
    "instalment": "分期款",
    "acceptance": "验收",
    "request": "延期或终止",
    "recovery": "退款",
    "grant_payment": "奖补",
    "confirmation": "里程碑确认",
    "case": "成果公示",
}
_KEYS = {
    "before": "原状态", "after": "现状态", "fields": "栏目", "board": "榜单", "code": "编号",
    "role": "角色", "roles": "角色", "scopes": "业务线", "reason": "原因", "browser": "登录号",
    "category": "类别", "invited": "被邀请单位", "sessions_ended": "退出登录数",
    "ended": "退出登录数", "missing": "缺项", "demo": "演示账号", "other": "对方内容",
    "purpose": "用途", "protected": "不公开", "upload": "文件", "request": "申请", "claim": "申请",
    "claimant": "申请人", "address": "地址摘要", "listing": "榜单编号", "meeting": "会面",
    "file": "附文件", "released": "双方可见", "version": "版本", "winners": "家数",
    "specialist": "服务专员", "former": "原服务专员", "cap": "上限", "verified": "已核对",
    "result": "结果", "relation": "申报", "by": "操作方",
    "administrator": "管理员", "diagnosis": "诊断", "stage": "环节", "number": "份数",
    "declaration": "声明版本", "required": "须审批", "looker": "身份", "note": "说明",
    "kind": "种类", "track": "赛道", "valid_from": "起用", "batch": "批次", "window": "窗口",
    "project": "项目", "money": "金额（分）", "files": "文件数",
}  # fmt: skip
_ROLES = {role.value: label for role, label in ROLE_LABELS.items()}
_ROLES |= {role.value: label for role, label in SEAT_LABELS.items()}
_VALUES = {
    "fields": {
        **{field.name: field.label for fields in FIELDS.values() for field in fields},
        "money": "金额", "deadline": "期限", "summary": "摘要", "trl": "技术成熟度",
        "indicators": "指标", "skills": "技能", "modes": "合作方式",
        "name": "单位名称", "category": "单位类别", "size": "企业规模", "staff": "职工人数",
        "endorsement": "发布审批", "intro": "单位简介", "contact_name": "联系人",
        "contact_phone": "联系电话",
    },
    "board": {board.value: board.label for board in Board},
    "role": _ROLES,
    "roles": _ROLES,
    "reason": {code.value: label for code, label in REASON_LABELS.items()},
    "result": {each.value: label for each, label in RESULT_LABELS.items()},
    "track": {track.value: label for track, label in TRACK_LABELS.items()},
    "kind": {"listing": "发布内容", "response": "揭榜意向书"},
    "looker": {
        "counterpart": "对方单位", "specialist": "服务专员", "operator": "平台运营",
        "expert": "评审专家",
    },
    "stage": {"need": "需求评审", "responses": "揭榜评审"},
    "scopes": {line.value: label for line, label in LINE_LABELS.items()},
}  # fmt: skip
_STATES = {
    "listing": {state.value: label for state, label in LISTING_STATES.items()},
    "response": {state.value: label for state, label in RESPONSE_STATES.items()},
    "organisation": {state.value: label for state, label in ORGANISATION_STATES.items()},
    "filling": {state.value: label for state, label in FILLING_STATES.items()},
    "panel": {state.value: label for state, label in PANEL_LABELS.items()},
    "assignment": {state.value: label for state, label in ASSIGNMENT_STATES.items()},
    **{
        kind: {state.value: label for state, label in PROJECT_STATES[states].items()}
        for kind, states in (
            ("project", ProjectState),
            ("milestone", MilestoneState),
            ("instalment", InstalmentState),
            ("acceptance", AcceptanceState),
            ("request", RequestState),
            ("recovery", RecoveryState),
            ("grant_payment", GrantState),
        )
    },
}


def action(code: str) -> str:
    """What was done; a code without words stands for itself."""
    return ACTIONS.get(code, code)


def target(kind: str, key: str) -> str:
    """What it was done to."""
    return f"{TARGETS.get(kind, kind)} {key}"


def detail(kind: str, found: Mapping[str, Any]) -> str:
    """The particulars of one row, in its order; what says nothing is left out."""
    said = []
    for name, value in found.items():
        if value is None or value in ("", []):
            continue
        states = _STATES.get(kind, {}) if name in ("before", "after") else {}
        words = _VALUES.get(name, states)
        texts = [_word(words, each) for each in (value if isinstance(value, list) else [value])]
        said.append(f"{_KEYS.get(name, name)}：{'、'.join(texts)}")
    return "；".join(said)


def _word(words: Mapping[str, str], value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return words.get(str(value), str(value))

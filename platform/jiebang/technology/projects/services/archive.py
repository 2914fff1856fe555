"""项目档案: one ZIP for a party of a project, with a readable index and each file's SHA-256.

Who reads it decides what is in it: experts' scores are the issuer's alone, where the track lets it
read them, and never with a name (the rule of `boards.reviews`).
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import unicodedata
import zipfile
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from pathlib import Path
from typing import IO, Any, cast

from sqlalchemy.orm import Session

from jiebang.boards.agreements.models import Agreement
from jiebang.boards.responses import queries as responses
from jiebang.boards.responses.models import Response
from jiebang.boards.reviews import queries as reviews
from jiebang.boards.reviews.models import ADVICE_LABELS, Panel, Stage
from jiebang.boards.reviews.workflow import STATE_LABELS as PART_LABELS
from jiebang.boards.reviews.workflow import AssignmentState, PanelState
from jiebang.core import clock, uploads
from jiebang.core.errors import NotFound
from jiebang.core.money import money_text
from jiebang.core.permissions import Actor
from jiebang.orgs.models import Organisation

from .. import queries
from ..models import (
    Acceptance,
    GrantPayment,
    Milestone,
    Project,
    ProjectInstalment,
    Recovery,
    Request,
)
from ..workflow import PARTY_LABELS, Party, label
from .requests import KIND_LABELS

NAME_LIMIT = 80
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
STYLE = (
    "body{font:16px/1.7 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #999;padding:.3rem .5rem;"
    "text-align:left;vertical-align:top}code{word-break:break-all}"
)


def safe_name(text: str) -> str:
    """A file's name that every system takes: no folders, no control or reserved characters."""
    clean = "".join(
        c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c)[0] != "C"
    )
    clean = _UNSAFE.sub("_", clean).strip(" .")
    stem, dot, ending = clean.rpartition(".")
    if dot and len(ending) <= 5:
        clean = f"{stem[: NAME_LIMIT - len(ending) - 1].rstrip(' .')}.{ending}"
    clean = clean[:NAME_LIMIT].strip(" .")
    if not clean or _RESERVED.fullmatch(clean):
        return f"文件_{clean}".rstrip("_")
    return clean


@dataclass
class _Bundle:
    """The archive while it is written."""

    archive: zipfile.ZipFile
    at: datetime
    files: list[tuple[str, str, int, str]] = field(default_factory=list)
    """Path, what it is, bytes, SHA-256."""
    missing: list[str] = field(default_factory=list)

    def add(self, path: str, what: str, data: bytes) -> None:
        local = clock.to_beijing(self.at)
        info = zipfile.ZipInfo(path, local.timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        self.archive.writestr(info, data)
        self.files.append((path, what, len(data), hashlib.sha256(data).hexdigest()))

    def page(self, path: str, title: str, body: str) -> None:
        self.add(path, title, document(title, body))


def document(title: str, body: str) -> bytes:
    """A page that opens in any browser, without a script and without anything from elsewhere."""
    return (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style><h1>{escape(title)}</h1>{body}</html>"
    ).encode()


def table(head: list[str], rows: list[list[Any]]) -> str:
    """A table; every cell is text."""
    if not rows:
        return "<p>无。</p>"
    lines = "".join(
        "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return "<table><tr>" + "".join(f"<th>{escape(h)}</th>" for h in head) + f"</tr>{lines}</table>"


def _text(value: Any) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, datetime):
        return clock.moment_text(value)
    return escape(str(value)).replace("\n", "<br>")


_IN_MEMORY = 8 * 1024 * 1024  # bytes


def build(
    session: Session, actor: Actor, found: Project, folder: Path, paper: bytes | None
) -> IO[bytes]:
    """The archive as an open temporary file at its beginning. `paper` is the agreement as PDF;
    without one the index says so. The caller loaded the project for this actor."""
    # most archives are small and never touch the disk
    target = cast(IO[bytes], tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
    with zipfile.ZipFile(target, "w") as archive:
        bundle = _Bundle(archive, clock.now())
        _summary(session, bundle, found)
        issuer = found.listing.organisation_id == actor.organisation_id
        _selection(session, bundle, found, issuer=issuer)
        if issuer:
            _scores(session, bundle, found)
        else:
            bundle.missing.append(
                "专家评分：只提供给发榜方，按赛道规定查看；专家姓名对双方都不公开。"
            )
        if paper is not None:
            bundle.add("03-协议.pdf", "协议（PDF）", paper)
        else:
            bundle.missing.append("协议 PDF：没有生成，请到协议页面下载。")
        _agreement(session, bundle, found)
        _deliveries(session, bundle, found, folder)
        _money(session, bundle, found)
        _decisions(session, bundle, found)
        _trail(session, bundle, found)
        _index(bundle, found)
    target.seek(0)
    return target


def _summary(session: Session, bundle: _Bundle, found: Project) -> None:
    rows: list[list[Any]] = [
        ["榜单", f"{found.listing.code} {found.listing.title}"],
        *[
            [PARTY_LABELS[party],
             "、".join(session.get_one(Organisation, each).name for each in found.ids_of(party))]
            for party in Party
        ],
        ["状态", label(found.state)],
        ["合同金额", money_text(found.total)],
        ["开始", found.started_at],
        ["计划完成", clock.day_text(found.planned_end)],
        ["延期", f"{found.extended_months} 个月" if found.extended_months else "无"],
        ["验收通过", found.accepted_at],
        ["结束", found.ended_at],
        ["终止原因", found.reason],
    ]  # fmt: skip
    steps: list[list[Any]] = [
        [each.at, each.who, each.label, each.reason] for each in queries.events(session, found.id)
    ]
    body = table(["项目", "内容"], rows) + "<h2>办理记录</h2>"
    bundle.page("01-项目概况.html", "项目概况", body + table(["时间", "谁", "事项", "说明"], steps))


def _response(session: Session, found: Project) -> Response:
    agreement = session.get_one(Agreement, found.agreement_id)
    return session.get_one(Response, agreement.response_id)


def _selection(session: Session, bundle: _Bundle, found: Project, *, issuer: bool) -> None:
    response = _response(session, found)
    rows = [[each.at, each.who, each.label, each.reason]
            for each in responses.events(session, response.id)]  # fmt: skip
    answers = [[each.name, each.target, each.verdict.value if each.verdict else "", each.how]
               for each in response.answers]  # fmt: skip
    words = {"met": "满足", "partly": "部分满足", "unmet": "不满足"}
    answers = [[a, b, words.get(c, "未答复"), d] for a, b, c, d in answers]
    body = table(["时间", "谁", "决定", "说明"], rows)
    body += "<h2>逐项答复</h2>" + table(["指标", "要求", "答复", "说明"], answers)
    if response.related and issuer:  # the path may name what an anonymous issuer hid
        body += f"<h2>关联关系提示</h2><p>{escape(response.related)}</p>"
    bundle.page("02-揭榜与选定.html", "揭榜与选定", body)


def _scores(session: Session, bundle: _Bundle, found: Project) -> None:
    response, body = _response(session, found), ""
    for stage, title in ((Stage.NEED, "需求评审"), (Stage.RESPONSES, "揭榜评审")):
        for panel in reviews.panels(session, found.listing_id, stage):
            if panel.state is not PanelState.CONCLUDED or not panel.rules.issuer_reads:
                continue
            body += f"<h2>{title}（{_text(panel.closed_at)}）</h2>"
            body += _panel(panel, response if stage is Stage.RESPONSES else None)
            body += "<h3>回避声明</h3>" + _declarations(panel)
    if body:
        bundle.page("02-专家评审与回避.html", "专家评审与回避声明（不含专家姓名）", body)
    else:
        bundle.missing.append("专家评审：这条赛道没有专家评审，或发榜方不查看评分。")


def _panel(panel: Panel, response: Response | None) -> str:
    summary = reviews.summary_of(panel, response)
    if summary is None:
        return "<p>没有提交的评审。</p>"
    rows = [[line.label, f"{line.weight}%", line.mean, f"{line.low}–{line.high}",
             "\n".join(line.words)] for line in summary.lines]  # fmt: skip
    advice = "；".join(f"{ADVICE_LABELS[panel.stage][a]} {n}" for a, n in summary.advice if n)
    return f"<p>综合 {summary.mean} 分，{summary.number} 位专家。{escape(advice)}</p>" + table(
        ["标准", "权重", "平均", "最低–最高", "专家意见"], rows
    )


def _declarations(panel: Panel) -> str:
    # by date and outcome: the order of assignment could tell who is who
    parts = sorted(
        (each for each in panel.assignments if each.declared_at is not None),
        key=lambda each: (each.declared_at or each.assigned_at, each.state.value),
    )
    rows = [
        [f"专家 {number}", each.declared_at,
         "声明回避" if each.state is AssignmentState.RECUSED else "声明无利益冲突",
         PART_LABELS[each.state], f"第 {each.declaration} 版"]
        for number, each in enumerate(parts, 1)
    ]  # fmt: skip
    return table(["专家", "时间", "声明", "结果", "声明文本"], rows)


def _agreement(session: Session, bundle: _Bundle, found: Project) -> None:
    agreement = session.get_one(Agreement, found.agreement_id)
    newest = agreement.newest
    rows = [[each.position, each.label, each.condition, money_text(each.amount),
             clock.day_text(each.due)] for each in newest.instalments]  # fmt: skip
    words = [[each.organisation_name, each.user_name, each.at, each.hash]
             for each in newest.confirmations if each.voided_at is None]  # fmt: skip
    body = (
        f"<p>第 {newest.number} 版，{_text(agreement.agreed_at)}签订，内容校验码 "
        f"<code>{newest.hash}</code></p>"
        + table(["序号", "节点", "条件", "金额", "计划日期"], rows)
        + "<h2>各方确认</h2>"
        + table(["单位", "确认人", "时间", "所确认内容的校验码"], words)
    )
    bundle.page("03-协议要点.html", "协议要点", body)


def _deliveries(session: Session, bundle: _Bundle, found: Project, folder: Path) -> None:
    held = {evidence.id: upload for evidence, upload in queries.files(session, found.id)}
    body = ""
    groups: list[tuple[str, Any]] = [
        (f"里程碑{each.position:02}-{each.label}", each)
        for each in queries.milestones(session, found.id)
    ]
    groups += [(f"验收{each.number:02}", each)
               for each in reversed(queries.acceptances(session, found.id))]  # fmt: skip
    for title, each in groups:
        body += f"<h2>{escape(title)}：{escape(label(each.state))}</h2>"
        if each.reason:
            body += f"<p>说明：{_text(each.reason)}</p>"
        if isinstance(each, Acceptance):
            body += _acceptance(each)
        elif each.checks:
            body += "<h3>专家确认与回避声明（不含专家姓名）</h3>" + _confirmations(each)
        for number, evidence in enumerate(each.evidence, 1):
            if evidence.text:
                body += f"<p>{_text(evidence.at)}：{_text(evidence.text)}</p>"
            upload = held.get(evidence.id)
            if upload is None:
                continue
            path = f"04-交付材料/{safe_name(title)}/{number:02}-{safe_name(upload.original_name)}"
            try:
                data = uploads.existing_path(folder, upload).read_bytes()
            except (NotFound, OSError):
                bundle.missing.append(f"{path}：服务器上找不到这个文件。")
                continue
            if hashlib.sha256(data).hexdigest() != upload.sha256:
                bundle.missing.append(f"{path}：内容与提交时的校验码不一致，仍收入档案。")
            bundle.add(path, f"{title}的材料", data)
            body += f"<p>{_text(evidence.at)}：{escape(path)}</p>"
    bundle.page("04-里程碑与验收.html", "里程碑与验收", body)


def _confirmations(found: Milestone) -> str:
    rows = [
        [f"专家 {number}", each.declared_at,
         f"第 {each.declaration} 版" if each.declaration else "",
         label(each.state), each.decided_at,
         "" if each.passed is None else "确认通过" if each.passed else "退回重新评定"]
        for number, each in enumerate(found.checks, 1)
    ]  # fmt: skip
    return table(["专家", "声明时间", "声明文本", "状态", "结论时间", "结论"], rows)


def _acceptance(found: Acceptance) -> str:
    words = {"met": "达到", "partly": "部分达到", "unmet": "未达到"}
    rows = [[each.name, each.target, each.measured, words[each.verdict.value], each.how]
            for each in found.answers]  # fmt: skip
    body = f"<p>{_text(found.summary)}</p>"
    body += table(["指标", "要求", "实测", "结论", "怎样测的"], rows)
    if found.conditions:
        body += f"<p>补充清单：{_text(found.conditions)}</p><p>补充：{_text(found.supplement)}</p>"
    return body


def _money(session: Session, bundle: _Bundle, found: Project) -> None:
    instalments = queries.instalments(session, found.id)
    rows = [[each.milestone.label, money_text(each.amount), money_text(each.paid),
             label(each.state), each.reason] for each in instalments]  # fmt: skip
    payments = [
        [each.milestone.label, money_text(row.amount), clock.day_text(row.paid_on), row.voucher,
         row.confirmed_at, row.disputed]
        for each in instalments for row in each.payments
    ]  # fmt: skip
    grants = [[each.name, money_text(each.amount), label(each.state), "\n".join(each.steps),
               clock.day_text(each.paid_on) if each.paid_on else "", each.reason]
              for each in reversed(queries.grants(session, found.id))]  # fmt: skip
    back = [[money_text(each.amount), label(each.state), each.basis,
             clock.day_text(each.returned_on) if each.returned_on else "", each.voucher]
            for each in reversed(queries.recoveries(session, found.id))]  # fmt: skip
    body = (
        table(["节点", "约定", "已付", "状态", "说明"], rows)
        + "<h2>付款明细</h2>"
        + table(["节点", "金额", "付款日期", "凭证号", "收款方确认", "收款方异议"], payments)
        + "<h2>奖补</h2>"
        + table(["名称", "金额", "状态", "算法", "拨付日期", "说明"], grants)
        + "<h2>退款</h2>"
        + table(["金额", "状态", "依据", "退回日期", "凭证号"], back)
    )
    bundle.page("05-款项.html", "款项", body)


def _decisions(session: Session, bundle: _Bundle, found: Project) -> None:
    rows = [
        [each.asked_at, PARTY_LABELS[each.asker],
         KIND_LABELS[each.kind] + (f" {each.months} 个月" if each.months else ""),
         each.reason, label(each.state), each.answer, each.ruling]
        for each in reversed(queries.requests(session, found.id))
    ]  # fmt: skip
    head = ["时间", "提出方", "事项", "理由", "结果", "答复", "平台协调结论"]
    bundle.page("06-延期与终止.html", "延期与终止", table(head, rows))


def _trail(session: Session, bundle: _Bundle, found: Project) -> None:
    response = _response(session, found)
    targets = [("project", str(found.id)), ("agreement", str(found.agreement_id)),
               ("response", str(response.id)), ("listing", str(found.listing_id))]  # fmt: skip
    kinds: tuple[tuple[str, type[Any], Any], ...] = (
        ("milestone", Milestone, queries.milestones),
        ("instalment", ProjectInstalment, queries.instalments),
        ("acceptance", Acceptance, queries.acceptances),
        ("request", Request, queries.requests),
        ("recovery", Recovery, queries.recoveries),
        ("grant_payment", GrantPayment, queries.grants),
    )
    for kind, _, load in kinds:
        targets += [(kind, str(each.id)) for each in load(session, found.id)]
    targets += [("confirmation", str(row.id)) for each in queries.milestones(session, found.id)
                for row in each.checks]  # fmt: skip
    # no names and no particulars: whose people acted, what, on what, and the chain's hash
    sides = {each: PARTY_LABELS[party] for party in Party for each in found.ids_of(party)}
    rows = [
        [each.id, each.at, sides.get(each.organisation_id or 0, "平台"), each.action,
         f"{each.target_type} {each.target_id}", each.hash]
        for each in queries.trail(session, targets)
    ]  # fmt: skip
    note = "<p>摘自平台的审计链；每行的校验码由前一行推出，可与平台核对。</p>"
    bundle.page("07-审计摘录.html", "审计摘录",
                note + table(["序号", "时间", "谁", "动作", "对象", "校验码"], rows))  # fmt: skip


def _index(bundle: _Bundle, found: Project) -> None:
    rows = [[path, what, f"{size:,}", digest] for path, what, size, digest in bundle.files]
    body = (
        f"<p>{escape(found.listing.code)} {escape(found.listing.title)}，"
        f"{clock.moment_text(bundle.at)}（北京时间）生成。</p>"
        + table(["文件", "内容", "字节", "SHA-256"], rows)
        + "<h2>未收入的内容</h2>"
        + ("<ul>" + "".join(f"<li>{escape(each)}</li>" for each in bundle.missing) + "</ul>"
           if bundle.missing else "<p>无。</p>")
    )  # fmt: skip
    bundle.add("00-目录.html", "目录", document("项目档案目录", body))

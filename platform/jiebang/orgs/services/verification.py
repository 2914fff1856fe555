"""Verification: code and papers handed in by the administrator, decided by an operator."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.errors import Conflict, Forbidden, Invalid
from jiebang.core.permissions import Actor

from .. import credit_code, queries
from ..models import Decision, Organisation, OrganisationState, VerificationRequest
from ..workflow import VERIFICATION
from .letters import tell
from .organisations import guard_manage

REASON_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Papers:
    """Ids of the uploads that belong to a request."""

    licence_id: int
    authorisation_id: int


def check_code(session: Session, organisation: Organisation, typed: str) -> str:
    """The normalised code; Invalid says what is wrong with it or who has it."""
    code = credit_code.normalise(typed)
    if problem := credit_code.problem(code):
        raise Invalid({"credit_code": problem})
    holder = queries.by_credit_code(session, code)
    if holder is None or holder.id == organisation.id:
        return code
    if holder.claimed:
        message = (
            f"该代码已由“{holder.name}”使用；如是同一单位，请联系其管理员邀请您加入，"
            "如被冒用请联系平台运营。"
        )
    else:
        message = f"该代码属于平台已建档的“{holder.name}”，无需重复创建；请改用“认领单位”。"
    raise Invalid({"credit_code": message})


def submit_verification(
    session: Session, actor: Actor, code: str, papers: Papers
) -> VerificationRequest:
    """Hands code and papers in; the operator has two working days."""
    organisation = queries.mine(session, actor, lock=True)
    guard_manage(actor)
    code = check_code(session, organisation, code)
    assert actor.user_id is not None
    VERIFICATION.apply("submit", organisation, actor)
    found = VerificationRequest(
        organisation_id=organisation.id,
        credit_code=code,
        licence_id=papers.licence_id,
        authorisation_id=papers.authorisation_id,
        submitted_by=actor.user_id,
        submitted_at=clock.now(),
    )
    session.add(found)
    session.flush()
    audit.record(
        session, actor, "verification.submitted", "organisation", organisation.id,
        organisation_id=organisation.id, request=found.id,
    )  # fmt: skip
    return found


def decide(
    session: Session, actor: Actor, request_id: int, name: str, reason: str, base_url: str
) -> VerificationRequest:
    """Approves a request or returns it with a reason; never one's own organisation's."""
    found = queries.verification(session, request_id, lock=True)
    request, organisation = found.request, found.organisation
    if name not in ("approve", "return"):
        raise Conflict(f"没有“{name}”这一步。")
    reason = clean_reason(reason, required=name == "return")
    if message := own_request(found, actor):
        raise Forbidden(message)
    if refusal := VERIFICATION.refusal(name, organisation, actor):
        raise refusal
    if request.state is not Decision.SUBMITTED:
        raise Conflict("这份申请已经办理过了，请刷新页面查看结果。")
    if name == "approve":
        holder = queries.by_credit_code(session, request.credit_code)
        if holder is not None and holder.id != organisation.id:
            raise Conflict(f"该代码已由“{holder.name}”使用，不能再通过；请先核实两家单位的关系。")
        organisation.credit_code = request.credit_code
        organisation.verified_at = clock.now()
    VERIFICATION.apply(name, organisation, actor)
    request.state = Decision.APPROVED if name == "approve" else Decision.RETURNED
    request.decided_by, request.decided_at, request.reason = actor.user_id, clock.now(), reason
    session.flush()
    audit.record(
        session, actor, f"verification.{request.state.value}", "organisation", organisation.id,
        organisation_id=organisation.id, request=request.id,
    )  # fmt: skip
    if name == "approve":
        subject = f"{organisation.name}已通过单位核验"
        body = "现在可以提交发布榜单、揭榜和对接。"
    else:
        subject = f"{organisation.name}的核验申请被退回补正"
        body = f"退回原因：{reason}\n\n请补正后重新提交：{base_url}/organisations/mine/verification"
    people = {person.id: person for person in queries.administrators(session, organisation.id)}
    for person in {found.submitter.id: found.submitter, **people}.values():
        tell(session, person, subject, f"{body}\n\n{base_url}/organisations/mine")
    return request


def own_request(found: queries.Requested, actor: Actor) -> str:
    """Why this operator may not decide it: they handed it in themselves."""
    if found.request.submitted_by != actor.user_id or actor.user_id is None:
        return ""
    return "不能办理自己提交的申请，请由其他运营人员办理。"


def vouch(session: Session, actor: Actor, organisation_id: int) -> Organisation:
    """Verifies an organisation whose code and papers the operator holds already."""
    found = queries.organisation(session, organisation_id, lock=True)
    if refusal := VERIFICATION.refusal("vouch", found, actor):
        raise refusal
    found.verified_at = clock.now()
    VERIFICATION.apply("vouch", found, actor)
    audit.record(
        session, actor, "verification.vouched", "organisation", found.id, organisation_id=found.id
    )
    return found


def suspend(
    session: Session, actor: Actor, organisation_id: int, name: str, reason: str, base_url: str
) -> Organisation:
    """Suspends a verified organisation with a reason, or resumes it."""
    found = queries.organisation(session, organisation_id, lock=True)
    reason = clean_reason(reason, required=name == "suspend")
    if name not in ("suspend", "resume"):
        raise Conflict(f"没有“{name}”这一步。")
    VERIFICATION.apply(name, found, actor)
    audit.record(
        session, actor, f"verification.{name}", "organisation", found.id,
        organisation_id=found.id, reason=reason,
    )  # fmt: skip
    word = "已被暂停资格" if found.state is OrganisationState.SUSPENDED else "已恢复资格"
    for person in queries.administrators(session, found.id):
        body = f"原因：{reason}\n\n" if reason else ""
        tell(
            session, person, f"{found.name}{word}",
            f"{body}如有疑问请联系平台运营：{base_url}/organisations/mine",
        )  # fmt: skip
    return found


def clean_reason(reason: str, *, required: bool) -> str:
    """A reason that reaches the other side; Invalid when it is missing or too long."""
    reason = reason.replace("\r\n", "\n").strip()
    if required and not reason:
        raise Invalid({"reason": "请写明原因和补正办法，对方会看到。"})
    if len(reason) > REASON_LIMIT:
        raise Invalid({"reason": f"原因最多 {REASON_LIMIT} 字，现在 {len(reason)} 字。"})
    return reason

"""Claims (认领): the people of an organisation that an operator imported take it over."""

from __future__ import annotations

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.errors import Conflict, Forbidden, Invalid
from jiebang.core.permissions import Actor, OrganisationRole, Permission

from .. import queries
from ..models import Claim, Decision
from .letters import tell
from .members import add_member
from .verification import clean_reason

NOTE_LIMIT = 500


def check_claim(session: Session, actor: Actor, organisation_id: int) -> None:
    """Whether this person may claim it now; NotFound or Conflict otherwise."""
    queries.claimable(session, organisation_id)
    waiting = session.scalar(
        select(Claim.id).where(
            and_(
                Claim.organisation_id == organisation_id,
                Claim.user_id == actor.user_id,
                Claim.state == Decision.SUBMITTED,
            )
        )
    )
    if waiting is not None:
        raise Conflict("您已提交过对这个单位的认领，正在办理中，无需重复提交。")


def submit_claim(
    session: Session, actor: Actor, organisation_id: int, evidence_id: int, note: str
) -> Claim:
    """Says "this is ours" with a proof; the operator has two working days."""
    check_claim(session, actor, organisation_id)
    assert actor.user_id is not None
    note = note.replace("\r\n", "\n").strip()
    if len(note) > NOTE_LIMIT:
        raise Invalid({"note": f"说明最多 {NOTE_LIMIT} 字，现在 {len(note)} 字。"})
    found = Claim(
        organisation_id=organisation_id,
        user_id=actor.user_id,
        evidence_id=evidence_id,
        note=note,
        submitted_at=clock.now(),
    )
    session.add(found)
    session.flush()
    audit.record(
        session, actor, "claim.submitted", "organisation", organisation_id,
        organisation_id=organisation_id, claim=found.id,
    )  # fmt: skip
    return found


def approve_claim(session: Session, actor: Actor, claim_id: int, base_url: str) -> Claim:
    """Makes the claimant the organisation's administrator; other claimants are told."""
    found = _open(session, actor, claim_id)
    organisation = queries.claimable(session, found.claim.organisation_id, lock=True)
    organisation.claimed = True
    add_member(session, actor, organisation, found.claimant.id, OrganisationRole.ADMINISTRATOR)
    _close(session, actor, found, Decision.APPROVED, "")
    _tell(
        session, found, f"您认领{organisation.name}的申请已通过",
        f"您现在是该单位的管理员，可以完善资料、提交核验、邀请同事：{base_url}/organisations/mine",
    )  # fmt: skip
    for rival in queries.rival_claims(session, found.claim):
        other = queries.claim(session, rival.id, lock=True)
        reason = "该单位已由其他人员认领成功；请联系其管理员邀请您加入，如有异议请联系平台运营。"
        _close(session, actor, other, Decision.RETURNED, reason)
        _tell(session, other, f"您认领{organisation.name}的申请未通过", f"原因：{reason}")
    return found.claim


def return_claim(
    session: Session, actor: Actor, claim_id: int, reason: str, base_url: str
) -> Claim:
    """Returns a claim with a reason."""
    found = _open(session, actor, claim_id)
    reason = clean_reason(reason, required=True)
    _close(session, actor, found, Decision.RETURNED, reason)
    _tell(
        session, found, f"您认领{found.organisation.name}的申请被退回",
        f"原因：{reason}\n\n补充证明后可以重新提交：{base_url}/organisations/claim",
    )  # fmt: skip
    return found.claim


def _open(session: Session, actor: Actor, claim_id: int) -> queries.Claimed:
    if not actor.can(Permission.ORGANISATION_VERIFY):
        raise Forbidden("您的角色不能办理认领申请。")
    found = queries.claim(session, claim_id, lock=True)
    if found.claim.user_id == actor.user_id or found.organisation.belongs_to(actor):
        raise Forbidden("不能办理自己或本单位的认领申请，请由其他运营人员办理。")
    if found.claim.state is not Decision.SUBMITTED:
        raise Conflict("这份申请已经办理过了，请刷新页面查看结果。")
    return found


def _close(
    session: Session, actor: Actor, found: queries.Claimed, decision: Decision, reason: str
) -> None:
    claim = found.claim
    claim.state, claim.reason = decision, reason
    claim.decided_by, claim.decided_at = actor.user_id, clock.now()
    session.flush()
    audit.record(
        session, actor, f"claim.{decision.value}", "organisation", claim.organisation_id,
        organisation_id=claim.organisation_id, claim=claim.id, claimant=claim.user_id,
    )  # fmt: skip


def _tell(session: Session, found: queries.Claimed, subject: str, body: str) -> None:
    tell(session, found.claimant, subject, body)

"""An agreement's way from the first draft to the last confirmation."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from jiebang.accounts.models import User
from jiebang.core import clock
from jiebang.core.errors import Conflict, Invalid
from jiebang.core.permissions import SYSTEM, Actor
from jiebang.core.reasons import ReasonCode, chosen
from jiebang.core.sides import Holder, Side
from jiebang.core.working_days import add_working_days
from jiebang.orgs.models import Organisation
from jiebang.orgs.notices import services as notices

from ...responses import services as responses
from ...responses.models import Response
from ...responses.workflow import ResponseState
from .. import queries
from ..content import Content, digest, pending
from ..models import Agreement, AgreementParty, AgreementVersion, Confirmation, Instalment
from ..workflow import AGREEMENT, AgreementState
from .hooks import AGREED, BARRIERS, ENDED
from .lines import LINES, same, terms_of
from .steps import hand, note, page, rules_of, tell

REASON_LIMIT = 500


def begin(session: Session, actor: Actor, response: Response) -> None:
    """Assembles the first draft when a response was selected, with the issuer to look at it
    first. Lines that have no agreements, and responses that have one, are left alone."""
    if response.line not in LINES or queries.live_of(session, response.id) is not None:
        return
    moment = clock.now()
    found = Agreement(
        response_id=response.id,
        listing_id=response.listing_id,
        issuer_id=response.issuer_id,
        organisation_id=response.organisation_id,
        state=AgreementState.DRAFT,
        number=1,
        total=0,
        created_at=moment,
        updated_at=moment,
        holder=Holder.ISSUER,
        due=clock.today(),
    )
    found.listing = response.listing
    # a joint bid's split names its organisations in order, the leading one first
    rows = sorted(response.members, key=lambda each: each.position)
    others = [each.organisation_id for each in rows]
    solvers = list(dict.fromkeys((response.organisation_id, *others)))
    found.parties = [
        AgreementParty(organisation_id=response.issuer_id, side=Side.ISSUER, position=1),
        *(
            AgreementParty(organisation_id=each, side=Side.RESPONDER, position=number)
            for number, each in enumerate(solvers, 2)
        ),
    ]
    content = terms_of(found).draft(session, found, response)
    found.versions = [_version(1, content, None, [])]
    found.total = content["total"]
    session.add(found)
    session.flush()
    found.due = add_working_days(clock.today(), rules_of(session, found).agreement_days)
    note(session, SYSTEM, found, "begun", "按揭榜内容拟出协议初稿")
    # the solver reads of its selection in the notice of that; the draft is the issuer's to look at
    notices.tell_organisation(
        session, found.issuer_id, found.line, f"协议初稿已拟出，请核对：{found.listing.title}",
        page(found), but=actor,
    )  # fmt: skip


def _version(
    number: int, content: Content, actor: tuple[Side, int | None] | None, changed: list[str]
) -> AgreementVersion:
    return AgreementVersion(
        number=number,
        at=clock.now(),
        side=actor[0] if actor else None,
        user_id=actor[1] if actor else None,
        changed=changed,
        total=content["total"],
        content=content,
        hash=digest(content),
    )


def save(session: Session, actor: Actor, found: Agreement, base: int, content: Content) -> bool:
    """Saves a new version made from version `base`; False when nothing differs.

    Conflict when somebody saved in between. What was confirmed already becomes void, and every
    party is told. The caller holds the lock (`queries.agreement`).
    """
    if refusal := AGREEMENT.refusal("edit", found, actor):
        raise refusal
    if base != found.number:
        raise Conflict(
            f"对方已保存第 {found.number} 版，您是在第 {base} 版上修改的。请对照新版再保存，"
            "您填的内容还在下面。"
        )
    before = found.newest
    if same(before.content, content):
        return False
    confirming = found.state is AgreementState.CONFIRMING
    void = [each for each in before.confirmations if each.voided_at is None]
    for each in void:
        each.voided_at = clock.now()
    AGREEMENT.apply("edit", found, actor)
    side = found.side_of(actor)
    assert side is not None
    changed = terms_of(found).changed(before.content, content)
    found.versions.append(_version(found.number + 1, content, (side, actor.user_id), changed))
    found.number += 1
    found.total = content["total"]
    hand(session, found, side)
    session.flush()
    words = f"保存第 {found.number} 版" + (f"：{'、'.join(changed)}" if changed else "")
    if void:
        words = f"保存第 {found.number} 版，此前的确认作废"
    note(session, actor, found, "edit", words[:60])
    if void:
        tell(session, found, "协议被修改，此前的确认已作废", actor)
    elif confirming:
        tell(session, found, "待确认的协议被修改", actor)
    return True


def hand_over(session: Session, actor: Actor, found: Agreement) -> None:
    """Gives the draft to the other side."""
    if refusal := AGREEMENT.refusal("hand_over", found, actor):
        raise refusal
    label = AGREEMENT.apply("hand_over", found, actor).label
    side = found.side_of(actor)
    assert side is not None
    hand(session, found, side.other)
    note(session, actor, found, "hand_over", label)
    tell(session, found, "协议轮到您修改", actor)


def propose(session: Session, actor: Actor, found: Agreement) -> None:
    """Puts the newest version before all parties; Invalid says what it lacks."""
    _put_forward(session, actor, found)
    tell(session, found, f"请确认协议第 {found.number} 版", actor)


def propose_confirmed(session: Session, actor: Actor, found: Agreement, read: str) -> None:
    """Puts the version that a party read before all parties and gives its word for it in one
    act: where nothing stands before a confirmation, proposing a text that one does not stand by
    has no use. Raises as `propose` and `confirm` do; the others are told once."""
    if read != found.newest.hash:
        raise Conflict("协议刚被修改，与您看到的不是同一版，请重新阅读后再确认。")
    if words := barrier(session, found):
        raise Conflict(words)
    _put_forward(session, actor, found)
    confirm(session, actor, found, read)


def _put_forward(session: Session, actor: Actor, found: Agreement) -> None:
    if refusal := AGREEMENT.refusal("propose", found, actor):
        raise refusal
    version = found.newest
    if lacks := terms_of(found).missing(found, version.content):
        raise Invalid({str(number): text for number, text in enumerate(lacks)})
    if not version.instalments:
        version.instalments = [
            Instalment(
                position=number,
                label=row["label"],
                condition=row["condition"],
                amount=row["amount"],
                due=date.fromisoformat(row["due"]),
            )
            for number, row in enumerate(version.content["instalments"], 1)
        ]
    label = AGREEMENT.apply("propose", found, actor).label
    side = found.side_of(actor)
    assert side is not None
    hand(session, found, side.other)
    note(session, actor, found, "propose", f"第 {found.number} 版{label}")


def barrier(session: Session, found: Agreement) -> str:
    """What a confirmation waits for; "" for nothing."""
    return next((words for ask in BARRIERS if (words := ask(session, found))), "")


def confirm(session: Session, actor: Actor, found: Agreement, read: str) -> None:
    """A party's word for the version it read, by its hash. The last one makes it an agreement and
    calls `AGREED`. The caller holds the lock (`queries.agreement`)."""
    if refusal := AGREEMENT.refusal("confirm", found, actor):
        raise refusal
    version, mine = found.newest, found.party_of(actor)
    assert mine is not None and actor.user_id is not None
    if read != version.hash:
        raise Conflict("协议刚被修改，与您看到的不是同一版，请重新阅读后再确认。")
    if words := barrier(session, found):
        raise Conflict(words)
    if mine not in pending(found.parties, version.confirmations):
        raise Conflict("本单位已确认这一版，等对方确认。")
    AGREEMENT.apply("confirm", found, actor)
    version.confirmations.append(
        Confirmation(
            organisation_id=mine.organisation_id,
            organisation_name=session.get_one(Organisation, mine.organisation_id).name,
            user_id=actor.user_id,
            user_name=session.get_one(User, actor.user_id).display_name,
            at=clock.now(),
            hash=version.hash,
        )
    )
    session.flush()
    left = pending(found.parties, version.confirmations)
    if left:
        hand(session, found)
        note(session, actor, found, "confirm", f"确认第 {found.number} 版")
        open_ = {each.organisation_id for each in left}
        words = f"已有一方确认协议第 {found.number} 版"
        tell(session, found, f"对方已确认协议第 {found.number} 版，等您确认", actor, only=open_)
        tell(session, found, words, actor, "还有一方没有确认。" if len(left) == 1 else
             f"还有 {len(left)} 方没有确认。", only=found.party_ids - open_)  # fmt: skip
        return
    note(session, actor, found, "confirm", f"确认第 {found.number} 版")
    label = AGREEMENT.apply("agree", found, SYSTEM).label
    found.agreed_at = clock.now()
    hand(session, found)
    session.flush()
    note(session, SYSTEM, found, "agree", f"{label}，协议成立")
    tell(session, found, "协议已签订", actor)
    for listener in AGREED:
        listener(session, actor, found)


def end(session: Session, actor: Actor, found: Agreement, reason: str, code: str) -> None:
    """Gives the agreement up with code and sentence: the selection ends, its place opens again.
    The caller holds the lock (`queries.agreement`)."""
    if refusal := AGREEMENT.refusal("end", found, actor):
        raise refusal
    reason = reason.replace("\r\n", "\n").strip()
    picked, errors = chosen(found.line, code), {}
    if picked is None:
        errors["code"] = "请选择一个原因。"
    if not reason:
        errors["reason"] = "请写一句话说明，对方会看到。"
    elif len(reason) > REASON_LIMIT:
        errors["reason"] = f"最多 {REASON_LIMIT} 字，现在 {len(reason)} 字。"
    if errors or picked is None:
        raise Invalid(errors)
    _end(session, actor, found, "end", reason, picked)
    tell(session, found, "对方不再签订协议", actor, reason)
    response = session.get_one(Response, found.response_id)
    if response.state is ResponseState.SELECTED:
        responses.release(session, response, f"未达成协议：{reason}"[:REASON_LIMIT], picked)


def selection_undone(session: Session, _actor: Actor, response: Response) -> None:
    """A draft ends with the selection that it stood on."""
    found = queries.live_of(session, response.id, lock=True)
    if found is None or found.state is AgreementState.AGREED:
        return
    code = response.reason_code or ReasonCode.OTHER
    _end(session, SYSTEM, found, "lapse", response.reason or "选定已撤销。", code)
    tell(session, found, "选定已撤销，协议不再商定", SYSTEM, found.reason)


def _end(
    session: Session, actor: Actor, found: Agreement, name: str, reason: str, code: ReasonCode
) -> None:
    label = AGREEMENT.apply(name, found, actor).label
    found.reason, found.reason_code, found.ended_at = reason, code, clock.now()
    hand(session, found)
    session.flush()
    note(session, actor, found, name, label, reason)
    for listener in ENDED:
        listener(session, actor, found)

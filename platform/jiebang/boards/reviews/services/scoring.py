"""The expert declares, scores and submits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.errors import Conflict, Invalid
from jiebang.core.permissions import Actor
from jiebang.orgs.notices import services as notices

from ...responses.models import Response
from ...tracks.models import Criterion
from .. import conflicts, queries
from ..models import DECLARATION, Advice, Review, ReviewAssignment, Score, Stage
from ..workflow import ASSIGNMENT, UNDER_WAY, PanelState
from .asking import REASON_LIMIT

WORDS_LIMIT = 300
COMMENT_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """What was typed on one subject: points and words by criterion."""

    advice: str = ""
    comment: str = ""
    points: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)


def accept(session: Session, actor: Actor, found: ReviewAssignment) -> None:
    """Declares that there is no conflict; from then on the material is shown."""
    _declare(session, actor, found, "accept")


def recuse(session: Session, actor: Actor, found: ReviewAssignment, reason: str) -> None:
    """Declares a conflict, before or after seeing the material; the operator asks another one."""
    if refusal := ASSIGNMENT.refusal("recuse", found, actor):
        raise refusal
    reason = reason.replace("\r\n", "\n").strip()
    if not reason:
        raise Invalid({"reason": "请写一句话说明回避的原因，只有平台运营能看到。"})
    if len(reason) > REASON_LIMIT:
        raise Invalid({"reason": f"最多 {REASON_LIMIT} 字，现在 {len(reason)} 字。"})
    found.reason = reason
    _declare(session, actor, found, "recuse")
    notices.tell(
        session, [found.panel.opened_by], f"专家回避，请另行分派：{found.panel.listing.code}",
        page(found),
    )  # fmt: skip


def _declare(session: Session, actor: Actor, found: ReviewAssignment, name: str) -> None:
    _open(found)
    if name == "accept":
        _unrelated(session, found)
    found.declared_at, found.declaration = clock.now(), DECLARATION
    ASSIGNMENT.apply(name, found, actor)
    _record(session, actor, found, name)


def save(
    session: Session, actor: Actor, found: ReviewAssignment, typed: Mapping[int, Entry]
) -> None:
    """Keeps what was typed, complete or not, by response id (0: the need). Invalid for what no
    draft may hold either."""
    if refusal := ASSIGNMENT.refusal("submit", found, actor):
        raise refusal
    _open(found)
    criteria = _criteria(found)
    errors: dict[str, str] = {}
    for subject in queries.subjects(found.panel):
        key = subject.id if subject is not None else 0
        errors |= _mistakes(key, typed.get(key, Entry()), criteria)
    if errors:
        raise Invalid(errors)
    known = {review.response_id: review for review in found.reviews}
    for subject in queries.subjects(found.panel):
        number = subject.id if subject is not None else None
        review = known.get(number)
        if review is None:
            review = Review(response_id=number, scores=[])
            found.reviews.append(review)
        _fill(review, typed.get(number or 0, Entry()), criteria)
    session.flush()


def _mistakes(key: int, entry: Entry, criteria: Collection[Criterion]) -> dict[str, str]:
    errors = {}
    for each in criteria:
        text = entry.points.get(each.key, "").strip()
        if text and not (text.isascii() and text.isdigit() and int(text[:9]) <= 100):
            errors[f"points-{key}-{each.key}"] = f"“{each.label}”请填 0 到 100 的整数。"
        length = len(entry.words.get(each.key, "").strip())
        if length > WORDS_LIMIT:
            errors[f"words-{key}-{each.key}"] = f"最多 {WORDS_LIMIT} 字，现在 {length} 字。"
    if len(entry.comment) > COMMENT_LIMIT:
        errors[f"comment-{key}"] = f"最多 {COMMENT_LIMIT} 字，现在 {len(entry.comment)} 字。"
    if entry.advice not in {"", *(advice.value for advice in Advice)}:
        errors[f"advice-{key}"] = "请从选项里选择。"
    return errors


def _fill(review: Review, entry: Entry, criteria: Collection[Criterion]) -> None:
    review.advice = Advice(entry.advice) if entry.advice else None
    review.comment = entry.comment.replace("\r\n", "\n").strip()
    known = {score.criterion: score for score in review.scores}
    for each in criteria:
        score = known.get(each.key)
        if score is None:
            score = Score(criterion=each.key)
            review.scores.append(score)
        text = entry.points.get(each.key, "").strip()
        score.points = int(text) if text else None
        score.words = entry.words.get(each.key, "").replace("\r\n", "\n").strip()


def missing(found: ReviewAssignment) -> dict[str, str]:
    """What a review lacks to be submitted, by field."""
    errors: dict[str, str] = {}
    known = {review.response_id or 0: review for review in found.reviews}
    for subject in queries.subjects(found.panel):
        key = subject.id if subject is not None else 0
        review = known.get(key)
        scores = {score.criterion: score for score in review.scores} if review else {}
        for each in _criteria(found):
            score = scores.get(each.key)
            if score is None or score.points is None:
                errors[f"points-{key}-{each.key}"] = f"请给“{each.label}”打分。"
            if score is None or not score.words:
                errors[f"words-{key}-{each.key}"] = f"请为“{each.label}”写一句话。"
        if review is None or review.advice is None:
            errors[f"advice-{key}"] = "请选择总体意见。"
    return errors


def submit(session: Session, actor: Actor, found: ReviewAssignment) -> None:
    """Hands the review in; it cannot be changed afterwards. The caller holds the locks."""
    if refusal := ASSIGNMENT.refusal("submit", found, actor):
        raise refusal
    _open(found)
    _unrelated(session, found)
    if not queries.subjects(found.panel):
        raise Conflict("参加评审的揭榜都已撤回或答复，不必再提交。")
    if errors := missing(found):
        raise Invalid(errors)
    kept = {s.id if isinstance(s, Response) else None for s in queries.subjects(found.panel)}
    for review in list(found.reviews):
        if review.response_id not in kept:  # taken back meanwhile: half a review counts nowhere
            found.reviews.remove(review)
    ASSIGNMENT.apply("submit", found, actor)
    found.submitted_at = clock.now()
    _record(session, actor, found, "submit")
    panel = found.panel
    if not any(each.state in UNDER_WAY for each in panel.assignments):
        notices.tell(
            session, [panel.opened_by], f"专家评审已收齐：{panel.listing.code}", page(found),
            f"请在 {clock.day_text(panel.due)} 前结束评审。",
        )  # fmt: skip


def page(found: ReviewAssignment) -> str:
    """The path of the operator's page."""
    return f"/reviews/of/{found.panel.listing.code}/{found.panel.stage.value}"


def _criteria(found: ReviewAssignment) -> tuple[Criterion, ...]:
    return found.panel.rules.criteria(of_needs=found.panel.stage is Stage.NEED)


def _open(found: ReviewAssignment) -> None:
    if found.panel.state is not PanelState.OPEN:
        raise Conflict("这次评审已经结束，不必再提交。")


def _unrelated(session: Session, found: ReviewAssignment) -> None:
    """What is known may have come after the assignment."""
    if conflicts.known(session, found.expert_id, found.party_ids):
        raise Conflict("平台查到您与当事单位有关联，不能评审，请声明回避。")


def _record(session: Session, actor: Actor, found: ReviewAssignment, name: str) -> None:
    audit.record(
        session, actor, f"assignment.{name}", "assignment", found.id,
        organisation_id=found.panel.listing.organisation_id, after=found.state.value,
        declaration=found.declaration or None,
    )  # fmt: skip

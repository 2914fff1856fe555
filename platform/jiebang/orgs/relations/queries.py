"""Related parties: who controls, is controlled by, or stands under one control with whom.

By 企业会计准则第36号 (see data/rule.json): control, joint control or significant influence of one
over the other, also through chains of control, and two under one party's control.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor

from ..models import Organisation
from .models import KIND_LABELS, Relation, RelationKind

DEEPEST = 12
"""Longer chains of declared control are not followed; none that long was ever seen."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Shares from which control and significant influence are assumed."""

    control_above: Decimal
    influence_from: Decimal


@cache
def rule() -> Rule:
    """The thresholds of the data file."""
    path = Path(__file__).resolve().parent / "data" / "rule.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    return Rule(Decimal(raw["control_above_percent"]), Decimal(raw["influence_from_percent"]))


@dataclass(frozen=True, slots=True)
class Edge:
    """One tie on a path, downwards."""

    upper: str
    lower: str
    words: str
    controls: bool


@dataclass(frozen=True, slots=True)
class RelatedPath:
    """Why two organisations are related: the ties in the order of reading."""

    edges: tuple[Edge, ...]

    def text(self) -> str:
        """甲公司 —持股 60%→ 丙公司 —控制→ 乙公司; two chains from one party are joined by 且."""
        chains: list[str] = []
        for edge in self.edges:
            if chains and chains[-1].endswith(f" {edge.upper}"):
                chains[-1] += f" —{edge.words}→ {edge.lower}"
            else:
                chains.append(f" {edge.upper} —{edge.words}→ {edge.lower}")
        return "；且 ".join(chain.strip() for chain in chains)


def declared(session: Session, organisation_id: int) -> Sequence[Relation]:
    """What an organisation declared, in order."""
    return session.scalars(
        select(Relation).where(Relation.organisation_id == organisation_id).order_by(Relation.id)
    ).all()


def own(session: Session, actor: Actor, relation_id: int) -> Relation:
    """One declaration of the organisation acted for; NotFound for anybody else's."""
    found = session.scalars(
        select(Relation).where(
            Relation.id == relation_id, Relation.organisation_id == actor.organisation_id
        )
    ).first()
    if found is None:
        raise NotFound
    return found


def between(session: Session, one_id: int, other_id: int) -> RelatedPath | None:
    """The shortest reason why two organisations are related by anybody's declarations; None."""
    one, other = (session.get_one(Organisation, each) for each in (one_id, other_id))
    above_one = _above(session, one.name_key)
    above_other = _above(session, other.name_key)
    candidates: list[tuple[Edge, ...]] = []
    if other.name_key in above_one:
        candidates.append(above_one[other.name_key])
    if one.name_key in above_other:
        candidates.append(above_other[one.name_key])
    for key in above_one.keys() & above_other.keys():
        chains = (above_one[key], above_other[key])
        if all(edge.controls for chain in chains for edge in chain):
            candidates.append(chains[0] + chains[1])
    return RelatedPath(min(candidates, key=len)) if candidates else None


def _above(session: Session, key: str) -> dict[str, tuple[Edge, ...]]:
    """Every party from which a chain leads down to `key`, with the chain. All but the lowest tie
    of a chain is control: influence over somebody who is only influenced is none."""
    found: dict[str, tuple[Edge, ...]] = {}
    frontier: deque[tuple[str, tuple[Edge, ...]]] = deque([(key, ())])
    while frontier:
        lower, chain = frontier.popleft()
        if len(chain) >= DEEPEST:
            continue
        for relation in _uppers(session, lower):
            edge = _edge(relation)
            if edge is None or relation.upper_key == key:
                continue
            if chain and not edge.controls:
                continue
            longer = (edge, *chain)
            known = found.get(relation.upper_key)
            if known is None or (not _all_control(known) and _all_control(longer)):
                found[relation.upper_key] = longer
                frontier.append((relation.upper_key, longer))
    return found


def _all_control(chain: Iterable[Edge]) -> bool:
    return all(edge.controls for edge in chain)


def _uppers(session: Session, key: str) -> Sequence[Relation]:
    return session.scalars(
        select(Relation).where(Relation.lower_key == key).order_by(Relation.id)
    ).all()


def _edge(relation: Relation) -> Edge | None:
    """The tie as the rule sees it; a holding below both thresholds is none."""
    controls = relation.kind in (RelationKind.CONTROL, RelationKind.JOINT_CONTROL)
    words = KIND_LABELS[relation.kind]
    if relation.kind is RelationKind.HOLDING:
        assert relation.percent is not None
        if relation.percent < rule().influence_from:
            return None
        controls = relation.percent > rule().control_above
        words = f"持股 {relation.percent.normalize():f}%"
    return Edge(relation.upper_name, relation.lower_name, words, controls)

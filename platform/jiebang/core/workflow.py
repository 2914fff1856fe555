"""A state machine is a table: it guards the service, draws the buttons and feeds the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from .errors import Conflict, Forbidden
from .permissions import Actor, Permission

Guard = Callable[[object, Actor], str | None]
"""Looks at the object; returns a Chinese sentence that refuses, or None."""


class Stateful(Protocol):
    """Anything with a state; `belongs_to` says whose it is."""

    state: Any
    """A StrEnum of the area's own."""

    def belongs_to(self, actor: Actor) -> bool: ...


@dataclass(frozen=True, slots=True)
class Transition:
    """One arrow. `by_owner`: only the owning organisation; otherwise only outsiders with the
    permission (nobody reviews their own listing unless the table says so)."""

    name: str
    label: str
    sources: frozenset[StrEnum]
    target: StrEnum
    permission: Permission
    by_owner: bool = True
    guards: tuple[Guard, ...] = ()
    tone: str = "neutral"
    needs_reason: bool = False
    sides: frozenset[str] = frozenset()
    """Where two parties share an object: who of them may. Its `sides_of(actor)` says which an
    actor is on; `by_owner` is not asked then."""


def arrow(
    name: str,
    label: str,
    sources: Iterable[StrEnum],
    target: StrEnum,
    permission: Permission,
    *,
    by_owner: bool = True,
    guards: tuple[Guard, ...] = (),
    tone: str = "neutral",
    needs_reason: bool = False,
    sides: Iterable[str] = (),
) -> Transition:
    """One line of a workflow's table."""
    return Transition(
        name,
        label,
        frozenset(sources),
        target,
        permission,
        by_owner,
        guards,
        tone,
        needs_reason,
        frozenset(sides),
    )


class Workflow:
    """The only way a state changes."""

    def __init__(self, name: str, transitions: Iterable[Transition]) -> None:
        self.name = name
        self.transitions = {transition.name: transition for transition in transitions}

    def refusal(self, name: str, subject: Stateful, actor: Actor) -> Conflict | Forbidden | None:
        """Why the transition is not open to this actor now; None when it is."""
        transition = self.transitions.get(name)
        if transition is None:
            return Conflict(f"没有“{name}”这一步。")
        if not actor.can(transition.permission):
            return Forbidden(f"您的角色不能执行“{transition.label}”。")
        owns = subject.belongs_to(actor)
        if transition.sides:
            if actor.user_id is not None and not transition.sides & _sides(subject, actor):
                return Forbidden(f"“{transition.label}”由另一方办理。")
        elif transition.by_owner and not owns and actor.user_id is not None:
            return Forbidden(f"只有所属单位可以执行“{transition.label}”。")
        elif not transition.by_owner and owns and actor.user_id is not None:
            return Forbidden(f"不能对本单位的内容执行“{transition.label}”，请由其他人员办理。")
        if subject.state not in transition.sources:
            return Conflict(f"当前状态下不能执行“{transition.label}”，请刷新页面查看最新状态。")
        for guard in transition.guards:
            if message := guard(subject, actor):
                return Conflict(message)
        return None

    def apply(self, name: str, subject: Stateful, actor: Actor) -> Transition:
        """Moves the subject or raises Conflict / Forbidden; the caller writes audit and outbox."""
        if refusal := self.refusal(name, subject, actor):
            raise refusal
        transition = self.transitions[name]
        subject.state = transition.target
        return transition

    def open_to(self, subject: Stateful, actor: Actor) -> list[Transition]:
        """The arrows this actor may take now, in the table's order."""
        return [
            transition
            for transition in self.transitions.values()
            if self.refusal(transition.name, subject, actor) is None
        ]


def _sides(subject: Stateful, actor: Actor) -> frozenset[str]:
    found: frozenset[str] = getattr(subject, "sides_of")(actor)  # noqa: B009
    return found

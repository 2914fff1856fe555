"""The office's clocks: data with a source and a day from which they hold."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data" / "rules.json"


@dataclass(frozen=True, slots=True)
class Rule:
    """Working days for the office to decide, and for the seller to supplement."""

    name: str
    valid_from: date
    source: str
    verified: bool
    days: int
    long_days: int
    """Where the amount reaches `long_from` (fen) or the contract is disputed."""
    long_from: int
    supplement_days: int

    def limit(self, total: int, *, disputed: bool) -> int:
        """The office's working days for a contract of `total` fen."""
        return self.long_days if disputed or total >= self.long_from else self.days


@cache
def _shipped() -> tuple[Rule, ...]:
    raw = json.loads(DATA.read_text(encoding="utf-8"))
    return tuple(
        Rule(**{**row, "valid_from": date.fromisoformat(row["valid_from"])}) for row in raw["rules"]
    )


def rule_on(day: date) -> Rule:
    """The newest rule that holds on a day; the oldest for a day before all of them."""
    known = sorted(_shipped(), key=lambda rule: rule.valid_from)
    held = [rule for rule in known if rule.valid_from <= day]
    return held[-1] if held else known[0]

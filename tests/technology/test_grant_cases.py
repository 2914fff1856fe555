"""The three example tables, each on worked cases written by hand from the domain's sentences.

Amounts are in fen: 1_000_000_00 is one million yuan. Shares of a fen are dropped.
"""

from __future__ import annotations

from typing import Any

import pytest

from jiebang.technology.grants import shipped
from jiebang.technology.grants.compute import compute
from jiebang.technology.grants.rules import Input, Rules, parse

A, C, R, S, D, M = (
    Input.AGREEMENT, Input.CITY_MONEY, Input.RD_BUDGET, Input.SOLVER_SHARE, Input.SOLVER_DUE,
    Input.MONTHS,
)  # fmt: skip


def rules(key: str, mode: str = "") -> Rules:
    body: dict[str, Any] = next(row for row in shipped.tables() if row["key"] == key)["rules"]
    if mode:
        body["instalments"][0]["kind"] = mode
    return parse(body)


NANCHANG = [  # agreement, after acceptance, whether the cap over both bit
    (3_000_000_00, 600_000_00, False),  # 20 %
    (5_000_000_00, 1_000_000_00, False),
    (5_000_000_01, 1_000_000_00, False),  # 1,000,000.002: the share of a fen is dropped
    (4, 0, False),  # 0.8 fen
    (5, 1, False),
    (0, 0, False),
    (20_000_000_00, 4_000_000_00, False),  # 1 + 4 million: exactly the five
    (20_000_000_01, 4_000_000_00, False),  # 4,000,000.002 is four million
    (20_000_000_05, 4_000_000_00, True),  # one fen above the five
    (30_000_000_00, 4_000_000_00, True),  # six million, of which four are left
    (1_000_000_000_00, 4_000_000_00, True),
]


@pytest.mark.parametrize(("agreement", "second", "capped"), NANCHANG)
def test_nanchang(agreement: int, second: int, capped: bool) -> None:
    """1,000,000 at start, 20 % of the agreement after acceptance, together ≤ 5,000,000."""
    found = compute(rules("nanchang"), {A: agreement})
    assert [line.amount for line in found.lines] == [1_000_000_00, second]
    assert bool(found.lines[1].capped) is capped and not found.lines[0].capped
    assert found.eligible and found.total <= 5_000_000_00


def test_nanchang_counts_the_first_instalment_as_it_was_granted() -> None:
    granted = {"启动资助": 1_500_000_00}
    found = compute(rules("nanchang"), {A: 30_000_000_00}, granted)
    assert [line.amount for line in found.lines] == [1_500_000_00, 3_500_000_00]
    assert "前面已核定 150万元" in found.lines[1].capped[0]


PLENTY = 100_000_000_00
FLAT = [  # agreement, due to the solver, granted, caps that bit
    (1_000_000_00, PLENTY, 300_000_00, 0),
    (5_000_000_00, PLENTY, 1_500_000_00, 0),  # exactly five million: 30 %
    (5_000_000_01, PLENTY, 1_250_000_00, 0),  # one fen above: 25 % of all, 1,250,000.0025
    (10_000_000_00, PLENTY, 2_500_000_00, 0),
    (10_000_000_01, PLENTY, 2_000_000_00, 0),  # 20 % of all
    (15_000_000_00, PLENTY, 3_000_000_00, 0),  # exactly the cap
    (15_000_000_05, PLENTY, 3_000_000_00, 1),  # one fen above it
    (20_000_000_00, PLENTY, 3_000_000_00, 1),  # four million
    (20_000_000_01, PLENTY, 3_000_000_00, 0),  # 15 %: 3,000,000.0015
    (8_000_000_00, 1_200_000_00, 1_200_000_00, 1),  # two million, but less is due
    (8_000_000_00, 2_000_000_00, 2_000_000_00, 0),  # exactly what is due
    (40_000_000_00, 2_500_000_00, 2_500_000_00, 2),  # six million: both caps bite
]
MARGINAL = [
    (1_000_000_00, PLENTY, 300_000_00, 0),
    (5_000_000_00, PLENTY, 1_500_000_00, 0),
    (5_000_000_01, PLENTY, 1_500_000_00, 0),  # 25 % of one fen is no fen
    (5_000_000_04, PLENTY, 1_500_000_01, 0),  # 25 % of four is one
    (10_000_000_00, PLENTY, 2_750_000_00, 0),  # 1.5 + 1.25 million
    (10_000_000_05, PLENTY, 2_750_000_01, 0),
    (11_250_000_00, PLENTY, 3_000_000_00, 0),  # 2.75 + 0.25: exactly the cap
    (11_250_000_05, PLENTY, 3_000_000_00, 1),  # one fen above it
    (20_000_000_00, PLENTY, 3_000_000_00, 1),  # 4.75 million
    (30_000_000_00, PLENTY, 3_000_000_00, 1),
    (6_000_000_00, 1_749_999_99, 1_749_999_99, 1),  # 1.75 million, one fen less is due
    (0, 0, 0, 0),
]


@pytest.mark.parametrize(("agreement", "due", "granted", "caps"), FLAT)
def test_jilin_read_flat(agreement: int, due: int, granted: int, caps: int) -> None:
    """≤5 M 30 %, ≤10 M 25 %, ≤20 M 20 %, above 15 %: the whole by its own band."""
    _jilin("flat", agreement, due, granted, caps)


@pytest.mark.parametrize(("agreement", "due", "granted", "caps"), MARGINAL)
def test_jilin_read_marginal(agreement: int, due: int, granted: int, caps: int) -> None:
    """The same bands, each part of the amount by its own."""
    _jilin("marginal", agreement, due, granted, caps)


def _jilin(mode: str, agreement: int, due: int, granted: int, caps: int) -> None:
    found = compute(rules("jilin", mode), {A: agreement, D: due})
    assert (found.total, len(found.lines[0].capped)) == (granted, caps)
    assert found.total <= min(3_000_000_00, due)


GANZHOU = [  # city money, R&D budget, to the solver, months, which of the three conditions hold
    (1_000_000_00, 4_000_000_00, 400_000_00, 36, "yyy"),  # all exactly at the edge
    (1_000_000_00, 3_999_999_99, 400_000_00, 36, "nyy"),
    (1_000_000_00, 4_000_000_01, 400_000_00, 36, "yyy"),
    (1_000_000_00, 4_000_000_00, 399_999_99, 36, "yny"),
    (1_000_000_00, 4_000_000_00, 400_000_01, 36, "yyy"),
    (1_000_000_00, 4_000_000_00, 400_000_00, 37, "yyn"),
    (1_000_000_00, 4_000_000_00, 400_000_00, 35, "yyy"),
    (3, 12, 1, 12, "yny"),  # 40 % of three fen are 1.2
    (3, 12, 2, 12, "yyy"),
    (3, 11, 2, 12, "nyy"),
    (1_000_000_00, 1, 1, 48, "nnn"),
    (0, 0, 0, 1, "yyy"),
]


@pytest.mark.parametrize(("city", "budget", "share", "months", "holds"), GANZHOU)
def test_ganzhou(city: int, budget: int, share: int, months: int, holds: str) -> None:
    """R&D budget ≥ 4 × city money, ≥ 40 % of it to the solver, ≤ 3 years; it grants nothing."""
    found = compute(rules("ganzhou"), {C: city, R: budget, S: share, M: months})
    assert "".join("y" if each.holds else "n" for each in found.checks) == holds
    assert found.eligible is (holds == "yyy") and found.total == 0 and found.lines == ()


def test_every_table_has_its_ten() -> None:
    assert min(map(len, (NANCHANG, FLAT, MARGINAL, GANZHOU))) >= 10

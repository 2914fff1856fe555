"""Sharing out to the last fen."""

from __future__ import annotations

import random

import pytest

from jiebang.core.shares import divide


def test_the_largest_remainders_get_what_is_left() -> None:
    assert divide(100, [1, 1, 1]) == [34, 33, 33]
    assert divide(10, [1, 2, 3]) == [2, 3, 5]
    assert divide(7, [0, 0]) == [4, 3]
    assert divide(0, [3, 4]) == [0, 0]
    assert divide(80_000_001, [40, 40, 20]) == [32_000_001, 32_000_000, 16_000_000]


def test_sums_are_exact_and_no_part_is_a_unit_off() -> None:
    numbers = random.Random(7)
    for _ in range(2_000):
        total = numbers.randrange(10**13)
        weights = [numbers.randrange(10**9) for _ in range(numbers.randrange(1, 9))]
        parts = divide(total, weights)
        assert sum(parts) == total
        whole = sum(weights) or len(weights)
        for part, weight in zip(parts, weights, strict=True):
            share = weight if any(weights) else 1
            assert abs(part * whole - total * share) < whole


@pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (1, []), (1, [-1, 2])])
def test_nonsense_is_refused(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="nothing to divide"):
        divide(total, weights)

"""Nobody fills all lists: the cap and how it is measured."""

from __future__ import annotations

import pytest

from matching import exposure


def test_the_cap_grows_with_the_crowd() -> None:
    assert exposure.cap(0, 0) == exposure.cap(60, 60) == exposure.LEAST
    assert exposure.cap(10_000, 1_000) == exposure.SHARE * 30
    assert exposure.cap(1_000, 0) > exposure.LEAST


def test_spread_of_even_and_of_one_sided_lists() -> None:
    even = exposure.spread([[1, 2], [3, 4]], 4)
    assert (even.coverage, even.gini, even.most) == (1.0, pytest.approx(0.0), 1)
    star = exposure.spread([[1]] * 9, 10)
    assert (star.coverage, star.gini, star.most) == (0.1, pytest.approx(0.9), 9)
    assert exposure.spread([], 5) == exposure.Spread(0.0, 0.0, 0)

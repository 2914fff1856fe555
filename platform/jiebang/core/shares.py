"""A whole number shared out by weights, to the last unit."""

from __future__ import annotations

from collections.abc import Sequence


def divide(total: int, weights: Sequence[int]) -> list[int]:
    """Parts of `total` in proportion to the weights, whose sum is exactly `total`.

    Largest remainder: each part is its quota rounded down, and what is left goes one by one to
    those that lost most, the earlier of equals first. No weight at all is equal weight. ValueError
    for a negative total or weight, or for nobody to share.
    """
    if total < 0 or not weights or min(weights) < 0:
        raise ValueError("nothing to divide, or negative")
    shares = list(weights) if any(weights) else [1] * len(weights)
    whole = sum(shares)
    parts = [total * each // whole for each in shares]
    lost = sorted(range(len(shares)), key=lambda n: (-(total * shares[n] % whole), n))
    for number in lost[: total - sum(parts)]:
        parts[number] += 1
    return parts

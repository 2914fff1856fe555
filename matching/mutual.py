"""What a pair is worth to both sides: a match is good when it is good for both.

The harmonic mean of the two sides' probabilities, as reciprocal recommenders have it (Pizzato et
al., RECON, RecSys 2010; compared with other means by Palomares et al., arXiv 2007.16120): it is
near the lower of the two, so a pair that only one side would welcome does not come first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def joint(own: float, theirs: float) -> float:
    """Of two probabilities; 0 when both are 0."""
    return 2.0 * own * theirs / (own + theirs) if own + theirs > 0 else 0.0


def joints(own: NDArray[np.float64], theirs: NDArray[np.float64]) -> NDArray[np.float64]:
    """`joint`, one by one."""
    both = own + theirs
    return np.divide(2.0 * own * theirs, both, out=np.zeros_like(both), where=both > 0)

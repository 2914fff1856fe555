"""Makes data/near.npz: which words of the bundled model are near in meaning.

    python -m matching.training.near

To be run whenever the bundled model changes; a test asks for it.
"""

from __future__ import annotations

import sys

from matching import neighbours
from matching.encoder import BUNDLED
from matching.training.folder import keep_neighbours


def main() -> None:
    """Writes the file."""
    keep_neighbours(BUNDLED, neighbours.BUNDLED)
    sys.stdout.write(f"{neighbours.BUNDLED.name}：{neighbours.BUNDLED.stat().st_size:,} 字节\n")


if __name__ == "__main__":
    main()

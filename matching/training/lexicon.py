"""Makes data/lexicon.npz: jieba's dictionary and data/terms.txt, packed.

    python -m matching.training.lexicon

To be run whenever data/terms.txt or the version of jieba changes; a test asks for it.
"""

from __future__ import annotations

import sys

from matching.lexicon import PACKED, pack_default


def main() -> None:
    """Writes the file."""
    content = pack_default()
    PACKED.write_bytes(content)
    sys.stdout.write(f"{PACKED.name}：{len(content):,} 字节\n")


if __name__ == "__main__":
    main()

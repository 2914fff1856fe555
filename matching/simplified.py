"""Traditional characters to simplified ones, one for one, so that both are found by either.

`data/simplified.txt` holds the pairs, made from OpenCC's table (Apache-2.0) by
`python -m matching.simplified`, which needs the package `opencc`. Characters that simplified
Chinese uses as well (those of GB 2312: 著 in 著名, 乾 in 乾坤) are left alone: without its context
nobody can tell which of the two they are.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from pathlib import Path

PAIRS = Path(__file__).with_name("data") / "simplified.txt"


@cache
def table() -> dict[int, int]:
    """For `str.translate`; lengths stay, so places in a text do, too."""
    lines = PAIRS.read_text(encoding="utf-8").splitlines()
    text = "".join(line for line in lines if not line.startswith("#"))
    return {ord(text[n]): ord(text[n + 1]) for n in range(0, len(text), 2)}


def main() -> None:
    """Writes the pairs anew."""
    convert = import_module("opencc").OpenCC("t2s").convert
    pairs = []
    for number in range(0x3400, 0xA000):
        char = chr(number)
        plain = convert(char)
        shared = char.encode("gb2312", "ignore")
        if plain != char and len(plain) == 1 and ord(plain) < 0x10000 and not shared:
            pairs.append(char + plain)
    text = "".join(pairs)
    lines = [text[n : n + 80] for n in range(0, len(text), 80)]
    head = "# traditional, simplified, …; from OpenCC (Apache-2.0) by python -m matching.simplified"
    PAIRS.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(pairs)} pairs -> {PAIRS}\n")


if __name__ == "__main__":
    main()

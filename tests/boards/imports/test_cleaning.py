"""The short ways of cleaning a text say what the long one says, for every character there is."""

from __future__ import annotations

import random
import sys

from jiebang.boards.fields import cleaning
from jiebang.boards.fields.cleaning import clean, is_blank, one_line, says_something


def long_clean(text: str) -> str:
    text = cleaning._EXCEL_ESCAPE.sub("\n", text).replace("\r\n", "\n").replace("\r", "\n")
    lines = (line.rstrip() for line in cleaning._HIDDEN.sub("", text).split("\n"))
    return cleaning._GAPS.sub("\n\n", "\n".join(lines)).strip()


def long_line(text: str) -> str:
    return cleaning._SPACES.sub(" ", long_clean(text)).strip()


def agrees(text: str) -> bool:
    return (
        clean(text) == long_clean(text)
        and one_line(text) == long_line(text)
        and is_blank(text) == (not long_clean(text))
        and says_something(text) == any(character.isalnum() for character in text)
    )


def test_no_character_is_taken_the_short_way_that_needs_the_long_one() -> None:
    for point in range(sys.maxunicode + 1):
        character = chr(point)
        if character.isprintable():
            assert character == " " or not character.isspace(), hex(point)
        if character.isprintable() or character.isalnum():
            assert not cleaning._HIDDEN.match(character), hex(point)


def test_mixtures_of_what_spreadsheets_hand_over() -> None:
    rng = random.Random(6)
    pieces = [
        "钢",
        "a",
        " ",
        "  ",
        "\n",
        "\r\n",
        "\t",
        "　",
        "_x000D_",
        "_x000a_",
        "_x00",
        "\u200b",
    ]
    pieces += ["\x00", "。", "\u2028", "\n\n\n", "9", "\ufeff", "é", "_", "\u200b"]
    for _ in range(2_000):
        text = "".join(rng.choices(pieces, k=rng.randrange(9)))
        assert agrees(text), repr(text)

"""The Chinese font of PDFs: two subsets of Noto Sans SC (data/fonts/README.md), embedded only with
the glyphs that a document uses."""

from __future__ import annotations

import lzma
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from fontTools.ttLib import TTFont
from fpdf import FPDF

FOLDER = Path(__file__).resolve().parent / "data" / "fonts"
COMMON = FOLDER / "NotoSansSC-common.ttf"
RARE = FOLDER / "NotoSansSC-rare.ttf.xz"
NAME, RARE_NAME = "notosanssc", "notosansscrare"


@cache
def _common() -> frozenset[int]:
    with TTFont(COMMON, lazy=True) as font:
        return frozenset(font.getBestCmap())


def _rare_file() -> BytesIO:
    return BytesIO(lzma.decompress(RARE.read_bytes()))


@cache
def _rare() -> frozenset[int]:
    with TTFont(_rare_file(), lazy=True) as font:
        return frozenset(font.getBestCmap())


def needs_rare(texts: Iterable[str]) -> bool:
    """Whether a character is outside the everyday subset."""
    return any(
        ord(letter) not in _common() and ord(letter) in _rare() for text in texts for letter in text
    )


def printable(text: str) -> str:
    """The text with nothing lost: a character that no font has is written as 〔U+1F600〕."""
    made = []
    for letter in text:
        if letter == "\n" or ord(letter) in _common():
            made.append(letter)
        elif unicodedata.category(letter)[0] == "C":
            continue  # controls have no shape
        elif ord(letter) in _rare():
            made.append(letter)
        else:
            made.append(f"〔U+{ord(letter):04X}〕")
    return "".join(made)


@contextmanager
def installed(pdf: FPDF, *, rare: bool) -> Iterator[None]:
    """Makes the font known to a document and current, while it is written and put out."""
    pdf.add_font(NAME, fname=COMMON)
    with TemporaryDirectory() as folder:
        if rare:
            file = Path(folder) / "rare.ttf"
            file.write_bytes(_rare_file().getvalue())
            pdf.add_font(RARE_NAME, fname=file)
            pdf.set_fallback_fonts([RARE_NAME])
        pdf.set_font(NAME, size=10.5)
        yield

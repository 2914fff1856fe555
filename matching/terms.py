"""An operator's own terms: what a city's firms call their things and no dictionary knows.

A text file, one term a line; blank lines and what follows "#" are skipped. With them texts are
cut otherwise, so a model with other terms counts as another model (`named`): everything is then
encoded anew in the background, as with any change of the model.
"""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from matching import lexicon, text
from matching.encoder import Encoder

MOST = 50_000
"""Terms in one file."""
LONGEST = 16
"""Characters of one term."""
_TERM = re.compile(rf"[{text.HAN}]{{2,{LONGEST}}}")
_REPORTED = 20


class TermsInvalid(ValueError):
    """The file cannot be used; the message names every wrong line (the first 20) in Chinese."""


def read(path: Path) -> tuple[str, ...]:
    """The terms of a file as segmentation sees them, each once, sorted; raises TermsInvalid."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TermsInvalid(f"{path.name} 不是 UTF-8 编码的文本，请另存为 UTF-8。") from error
    except OSError as error:
        raise TermsInvalid(f"{path.name} 读不出来（{error.strerror}）。") from error
    found: set[str] = set()
    wrong: list[str] = []
    for number, line in enumerate(content.splitlines(), 1):
        term = text.normalise(line.partition("#")[0])
        if not term:
            continue
        if _TERM.fullmatch(term):
            found.add(term)
        else:
            wrong.append(f"第 {number} 行“{term[:30]}”")
    if wrong:
        more = f"等 {len(wrong)} 行" if len(wrong) > _REPORTED else ""
        raise TermsInvalid(
            f"{path.name}：{'、'.join(wrong[:_REPORTED])}{more}不能用作术语。每行写一个术语，"
            f"2 到 {LONGEST} 个汉字；型号与英文缩写不必列入，系统会整体识别。"
        )
    if len(found) > MOST:
        raise TermsInvalid(f"{path.name} 有 {len(found)} 个术语，最多 {MOST} 个。")
    return tuple(sorted(found))


def use(terms: Sequence[str]) -> None:
    """Cuts texts with these terms beside the dictionary's from now on, in all of this process."""
    if tuple(terms) != lexicon.own_terms():
        lexicon.use_own(terms)


def named(encoder: Encoder, terms: Sequence[str]) -> Encoder:
    """The encoder under the fingerprint that it has together with these terms."""
    if not terms:
        return encoder
    content = "\n".join([encoder.fingerprint, *terms])
    found = copy.copy(encoder)
    found.fingerprint = hashlib.sha256(content.encode()).hexdigest()[:16]
    return found

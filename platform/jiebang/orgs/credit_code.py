"""统一社会信用代码 (GB 32100-2015): catches typing errors, proves nothing: codes are public.

The check digit finds every single wrong character and every swap of neighbours; two errors at
once may cancel out.
"""

from __future__ import annotations

import re
import unicodedata

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""31 characters: the letters without I, O, S, V and Z."""
LENGTH = 18
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, position, 31) for position in range(LENGTH - 1))
_LOOKALIKES = {"I": "1", "O": "0", "S": "5", "V": "U", "Z": "2"}


def normalise(code: str) -> str:
    """Upper case, half width, without blanks and hyphens."""
    return re.sub(r"[\s\-‐–—]", "", unicodedata.normalize("NFKC", code)).upper()


def check_digit(first17: str) -> str:
    """The 18th character for the first 17; ValueError for what is not a code's beginning."""
    if len(first17) != LENGTH - 1 or any(character not in _VALUE for character in first17):
        raise ValueError("17 characters of the code's alphabet are needed")
    total = sum(
        weight * _VALUE[character] for weight, character in zip(_WEIGHTS, first17, strict=True)
    )
    return ALPHABET[-total % 31]


def problem(code: str) -> str | None:
    """What is wrong with a normalised code, in Chinese; None when nothing is."""
    if not code:
        return "请填写营业执照上的 18 位统一社会信用代码。"
    for position, character in enumerate(code, 1):
        if character not in _VALUE:
            hint = _LOOKALIKES.get(character)
            rest = f"代码不用 I、O、S、V、Z，是否应为“{hint}”？" if hint else "请改为数字或字母。"
            return f"第 {position} 位“{character}”不能出现在统一社会信用代码里，{rest}"
    if len(code) != LENGTH:
        gap = LENGTH - len(code)
        word = f"少 {gap} 位" if gap > 0 else f"多 {-gap} 位"
        return f"统一社会信用代码应为 18 位，现在是 {len(code)} 位（{word}），请核对。"
    if not code[2:8].isdigit():
        position = next(i for i in range(2, 8) if not code[i].isdigit())
        return f"第 {position + 1} 位“{code[position]}”应为数字（第 3–8 位是行政区划码），请核对。"
    if check_digit(code[:-1]) != code[-1]:
        return "校验位不符，请核对是否输错（对照营业执照逐位检查）。"
    return None

"""The frozen lexical yardstick's words: jieba as it comes, HMM off, no domain terms.

Only measuring uses it; it stays as it is, so that figures of different years compare.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from matching.text import unified

_WORD = re.compile(r"\w")


def _cache_folder() -> str:
    """A private place for jieba's cache: it would sit in a folder everybody can write to."""
    home = os.environ.get("JIEBANG_HOME")
    if home:
        folder = Path(home) / "cache"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return str(folder)
    return tempfile.mkdtemp(prefix="jiebang-")  # made with mode 0700


@cache
def _jieba() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pkg_resources and escape sequences on some versions
        import jieba
    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.tmp_dir = _cache_folder()
    return tokenizer


def plain_words(text: str) -> list[str]:
    """jieba's words of the normalised text, without punctuation."""
    return [
        word
        for word in _jieba().cut(" ".join(unified(text).split()), HMM=False)
        if _WORD.search(word)
    ]

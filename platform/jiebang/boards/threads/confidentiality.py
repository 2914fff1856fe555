"""The confidentiality agreement that is accepted in the platform, by version."""

from __future__ import annotations

import hashlib

VERSION = "2026-1"
PARAGRAPHS = (
    "一、双方在本次对接中看到的、标明“保密协议后可见”的文字和文件，只用于判断和推进本次合作。",
    "二、未经提供方书面同意，不向第三方披露，不用于本次合作以外的目的，不据此申请知识产权。",
    "三、已公开的信息、从第三方合法取得的信息、依法必须披露的信息除外；依法披露前应告知提供方。",
    "四、对接终止后，应提供方要求删除或退还所得文件；保密义务自接受之日起三年有效，"
    "双方另有书面约定的从其约定。",
    "五、平台记录接受的时间、人员和文本版本，以及每次查看的时间和人员；提供方可以随时查阅。",
)


def text() -> str:
    """The whole text as it is shown and hashed."""
    return "\n".join(PARAGRAPHS)


def digest() -> str:
    """SHA-256 of the text."""
    return hashlib.sha256(text().encode()).hexdigest()

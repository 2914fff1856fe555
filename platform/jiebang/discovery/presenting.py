"""A match as the page, the command and later the mail show it: one object for all."""

from __future__ import annotations

from typing import Any

from matching.documents import Document
from matching.explain import WordPair, highlight

from .engine import Found

SENTENCES = "最相关的句子："
"""How a reason begins that says in words what the evidence shows."""
_ORDER = ("fails", "fits", "unknown")


def match_view(
    found: Found, query: Document, actions: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """What `components/match.html` draws: level, argument, evidence marked in both texts.

    Nothing is said twice: what a condition or the evidence shows is no reason or gap as well, save
    for what does not fit, and a query of one sentence, which stands on the page already, is not
    repeated beside each answer.
    """
    card, why = found.card, found.explanation
    assert why is not None
    words = [pair for pair in why.words if _telling(pair)]
    own_words = {pair.query for pair in words}
    other_words = {pair.document for pair in words}
    settled = {check.text for check in why.conditions if check.state == "fits"}
    open_questions = {check.text for check in why.conditions if check.state == "unknown"}
    reasons = [
        text
        for text in why.reasons
        if text not in settled and not (why.evidence and text.startswith(SENTENCES))
    ]
    whole = f"{query.title}{query.body}".strip()
    return {
        "url": card.url,
        "kind": card.kind.value,
        "kind_label": card.kind_label,
        "title": card.title,
        "org_name": card.org_name,
        "industry": card.industry,
        "level": found.match.level,
        "score": found.match.score,
        "theirs": found.theirs.level if found.theirs else "",
        "joint": found.joint if found.theirs else None,
        "reasons": reasons or why.reasons,
        "gaps": [text for text in why.gaps if text not in open_questions],
        "conditions": sorted(why.conditions, key=lambda check: _ORDER.index(check.state)),
        "evidence": [
            {
                "query_pieces": (
                    [] if pair.query.strip() == whole else highlight(pair.query, own_words)
                ),
                "document_pieces": highlight(pair.document, other_words),
            }
            for pair in why.evidence
        ],
        "words": words,
        "actions": actions or [],
    }


def _telling(pair: WordPair) -> bool:
    """Whether a reader sees at once why two words belong together.

    The explanation lists whatever adds to the cosine; pairs of different words that add little are
    chance more often than meaning, and one of those marked takes the trust out of all others.
    """
    if pair.query in pair.document or pair.document in pair.query:
        return True
    return pair.share >= (0.01 if set(pair.query) & set(pair.document) else 0.02)


def match_json(found: Found) -> dict[str, Any]:
    """The machine-readable form that `jiebang match --json` prints."""
    why = found.explanation
    assert why is not None
    return {
        "id": found.card.code,
        "title": found.card.title,
        "org": found.card.org_name,
        "score": round(found.match.score, 4),
        "level": found.match.level,
        "reasons": why.reasons,
        "gaps": why.gaps,
        "url": found.card.url,
    }

"""A match as the page, the command and later the mail show it: one object for all."""

from __future__ import annotations

from typing import Any

from matching.documents import Document
from matching.explain import highlight

from .engine import Found

SENTENCES = "最相关的句子"
"""How the reason begins that names the best pair of sentences."""


def match_view(
    found: Found, query: Document, actions: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """What `components/match.html` draws: level, argument, evidence marked in both texts."""
    card, why = found.card, found.explanation
    assert why is not None
    own_words = {pair.query for pair in why.words}
    other_words = {pair.document for pair in why.words}
    # the card draws conditions and sentences in places of their own: not the same words twice
    drawn = {condition.text for condition in why.conditions}
    return {
        "url": card.url,
        "kind": card.kind.value,
        "kind_label": card.kind_label,
        "title": card.title,
        "org_name": card.org_name,
        "level": found.match.level,
        "score": found.match.score,
        "reasons": [
            text for text in why.reasons if text not in drawn and not text.startswith(SENTENCES)
        ],
        "gaps": [text for text in why.gaps if text not in drawn],
        "conditions": why.conditions,
        "evidence": [
            {
                "query_pieces": highlight(pair.query, own_words),
                "document_pieces": highlight(pair.document, other_words),
            }
            for pair in why.evidence
        ],
        "words": why.words,
        "actions": actions or [],
    }


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

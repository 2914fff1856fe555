"""The matcher's plain values, for the areas above: they hand them over and never import it."""

from __future__ import annotations

from matching.documents import Conditions, Document, Kind
from matching.filters import Filter

__all__ = ["Conditions", "Document", "Filter", "Kind"]

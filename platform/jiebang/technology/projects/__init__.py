"""Projects: what was agreed is delivered, judged, paid, accepted, granted and settled."""

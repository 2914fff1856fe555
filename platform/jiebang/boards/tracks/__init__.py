"""Tracks as data: switches and clocks over one fixed workflow (DOMAIN.md, Tracks)."""

"""The texts that people agree to; a new version asks for nothing again by itself."""

from __future__ import annotations

CONSENT_VERSION = "2026-11-23"
"""Written into the account with the time of consent. Change it together with the texts."""

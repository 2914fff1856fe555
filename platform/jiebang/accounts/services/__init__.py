"""Changes to people, their sign-ins and their roles. None of these commits."""

from __future__ import annotations

from .entry import (
    Attempt,
    Visitor,
    admit,
    begin_attempt,
    begin_session,
    end_other_sessions,
    end_session,
    refuse_attempt,
    touch,
    unlock,
)
from .people import change_profile, confirm_email, create_user, register, send_confirmation
from .recovery import change_password, request_reset, reset_password
from .roles import deactivate, grant_role, reactivate, revoke_role

__all__ = [
    "Attempt",
    "Visitor",
    "admit",
    "begin_attempt",
    "begin_session",
    "change_password",
    "change_profile",
    "confirm_email",
    "create_user",
    "deactivate",
    "end_other_sessions",
    "end_session",
    "grant_role",
    "reactivate",
    "refuse_attempt",
    "register",
    "request_reset",
    "reset_password",
    "revoke_role",
    "send_confirmation",
    "touch",
    "unlock",
]

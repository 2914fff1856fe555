"""What can be done with organisations; each verb guards, changes, and writes its audit row."""

from __future__ import annotations

from .claims import approve_claim, check_claim, return_claim, submit_claim
from .members import (
    accept_invitation,
    accept_own_invitation,
    add_member,
    change_member,
    invite,
    proves,
    remove_member,
    renew_invitation,
    revoke_invitation,
    switch_seat,
)
from .organisations import (
    Profile,
    create_organisation,
    edit_profile,
    guard_manage,
    require_endorsement,
    unclaimed,
)
from .verification import (
    Papers,
    check_code,
    decide,
    own_request,
    submit_verification,
    suspend,
    vouch,
)

__all__ = [
    "Papers",
    "Profile",
    "accept_invitation",
    "accept_own_invitation",
    "add_member",
    "approve_claim",
    "change_member",
    "check_claim",
    "check_code",
    "create_organisation",
    "decide",
    "edit_profile",
    "guard_manage",
    "invite",
    "own_request",
    "proves",
    "remove_member",
    "renew_invitation",
    "require_endorsement",
    "return_claim",
    "revoke_invitation",
    "submit_claim",
    "submit_verification",
    "suspend",
    "switch_seat",
    "unclaimed",
    "vouch",
]

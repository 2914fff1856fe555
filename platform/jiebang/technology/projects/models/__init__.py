"""Projects with everything that belongs to one."""

from .deciding import Acceptance, AcceptanceAnswer, Measured, Recovery, Request, RequestKind
from .money import GrantPayment, Payment, ProjectInstalment
from .project import (
    TERMINATION_LABELS,
    Evidence,
    Milestone,
    MilestoneCheck,
    Project,
    ProjectEvent,
    ProjectParty,
    TerminationReason,
)

__all__ = [
    "TERMINATION_LABELS",
    "Acceptance",
    "AcceptanceAnswer",
    "Evidence",
    "GrantPayment",
    "Measured",
    "Milestone",
    "MilestoneCheck",
    "Payment",
    "Project",
    "ProjectEvent",
    "ProjectInstalment",
    "ProjectParty",
    "Recovery",
    "Request",
    "RequestKind",
    "TerminationReason",
]

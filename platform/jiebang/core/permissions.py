"""Who may do what: one table for services, buttons and tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """A person's role on the platform; members of organisations need none of them.

    System, security and audit administrator exclude each other (三员分立, GB/T 22239-2019).
    """

    OPERATOR = "operator"
    SPECIALIST = "specialist"
    EXPERT = "expert"
    SYSTEM_ADMINISTRATOR = "system_administrator"
    SECURITY_ADMINISTRATOR = "security_administrator"
    AUDITOR = "auditor"


ROLE_LABELS = {
    Role.OPERATOR: "运营",
    Role.SPECIALIST: "服务专员",
    Role.EXPERT: "专家",
    Role.SYSTEM_ADMINISTRATOR: "系统管理员",
    Role.SECURITY_ADMINISTRATOR: "安全管理员",
    Role.AUDITOR: "审计管理员",
}

SEPARATED = frozenset({Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDITOR})


class OrganisationRole(StrEnum):
    """A member's role inside an organisation."""

    ADMINISTRATOR = "administrator"
    AGENT = "agent"


class Line(StrEnum):
    """The three lines; an agent acts only in those of its scope."""

    TECHNOLOGY = "technology"
    PROCUREMENT = "procurement"
    TALENT = "talent"


LINE_LABELS = {Line.TECHNOLOGY: "技术", Line.PROCUREMENT: "采购", Line.TALENT: "人才"}


class Permission(StrEnum):
    """An act that a role, or membership in the owning organisation, allows."""

    # Members, in their own organisation
    LISTING_WRITE = "listing.write"
    LISTING_RESPOND = "listing.respond"
    LISTING_ENDORSE = "listing.endorse"
    """Says for the organisation that its agents' listing may go out (科技成果转化部门)."""
    ORGANISATION_MANAGE = "organisation.manage"
    # Whoever is consulted on a need or an outcome that is too vague (需求诊断)
    LISTING_DIAGNOSE = "listing.diagnose"
    # Whoever brings two sides together (服务专员), and who says which specialist serves whom
    INTRODUCE = "introduce"
    SPECIALISTS_ASSIGN = "specialists.assign"
    # Whoever is signed in, on a selection that is public (公示)
    OBJECTION_RAISE = "objection.raise"
    # Experts, on what was assigned to them
    REVIEW_SCORE = "review.score"
    # Operators
    LISTING_REVIEW = "listing.review"
    ORGANISATION_VERIFY = "organisation.verify"
    IMPORT_FOR_OTHERS = "import.for_others"
    GRANTS_MANAGE = "grants.manage"
    """Keeps the rule tables of 奖补拨付 and approves what they grant."""
    OPERATIONS_VIEW = "operations.view"
    TRACKS_EDIT = "tracks.edit"
    """Issues new versions of a track's values, and opens batches."""
    # Administrators
    ROLES_ASSIGN = "roles.assign"
    SYSTEM_VIEW = "system.view"
    AUDIT_VIEW = "audit.view"
    # The clock: no person has it
    SYSTEM_RUN = "system.run"


ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OPERATOR: frozenset(
        {
            Permission.LISTING_REVIEW,
            Permission.LISTING_DIAGNOSE,
            Permission.INTRODUCE,
            Permission.SPECIALISTS_ASSIGN,
            Permission.ORGANISATION_VERIFY,
            Permission.IMPORT_FOR_OTHERS,
            Permission.GRANTS_MANAGE,
            Permission.OPERATIONS_VIEW,
            Permission.TRACKS_EDIT,
        }
    ),
    Role.SPECIALIST: frozenset({Permission.LISTING_DIAGNOSE, Permission.INTRODUCE}),
    Role.EXPERT: frozenset({Permission.LISTING_DIAGNOSE, Permission.REVIEW_SCORE}),
    Role.SYSTEM_ADMINISTRATOR: frozenset({Permission.SYSTEM_VIEW}),
    Role.SECURITY_ADMINISTRATOR: frozenset({Permission.ROLES_ASSIGN}),
    Role.AUDITOR: frozenset({Permission.AUDIT_VIEW}),
}

ORGANISATION_PERMISSIONS: dict[OrganisationRole, frozenset[Permission]] = {
    OrganisationRole.ADMINISTRATOR: frozenset(
        {
            Permission.LISTING_WRITE,
            Permission.LISTING_RESPOND,
            Permission.LISTING_ENDORSE,
            Permission.ORGANISATION_MANAGE,
        }
    ),
    OrganisationRole.AGENT: frozenset({Permission.LISTING_WRITE, Permission.LISTING_RESPOND}),
}

SIGNED_IN_PERMISSIONS = frozenset({Permission.OBJECTION_RAISE})
"""What any person may who is signed in, with or without a role or an organisation."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One membership of the acting person."""

    organisation_id: int
    organisation_name: str
    role: OrganisationRole
    scopes: frozenset[Line]
    verified: bool
    category: str
    endorsement: bool = False
    """Whether what agents write needs an administrator's word before it goes out."""

    @property
    def must_ask(self) -> bool:
        """Whether this person's own listings wait for an administrator of the organisation."""
        return self.endorsement and self.role is not OrganisationRole.ADMINISTRATOR


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. Anonymous visitors, the command line and the worker are actors, too."""

    user_id: int | None
    label: str
    roles: frozenset[Role] = frozenset()
    seats: tuple[Seat, ...] = ()
    seat: Seat | None = None
    """The organisation the person acts for at the moment."""
    permissions: frozenset[Permission] = field(default_factory=frozenset)
    """Granted beyond roles: only to the system actor."""

    def can(self, permission: Permission) -> bool:
        """Whether a platform role, or the seat acted from, allows it."""
        if permission in self.permissions:
            return True
        if any(permission in ROLE_PERMISSIONS[role] for role in self.roles):
            return True
        if self.user_id is not None and permission in SIGNED_IN_PERMISSIONS:
            return True
        return self.seat is not None and permission in ORGANISATION_PERMISSIONS[self.seat.role]

    def acts_in(self, line: Line) -> bool:
        """Whether the seat's scope covers a line; administrators cover all."""
        return self.seat is not None and (
            self.seat.role is OrganisationRole.ADMINISTRATOR or line in self.seat.scopes
        )

    @property
    def organisation_id(self) -> int | None:
        """The organisation acted for, if any."""
        return self.seat.organisation_id if self.seat else None

    @property
    def organisation_ids(self) -> frozenset[int]:
        """Every organisation the person is a member of."""
        return frozenset(seat.organisation_id for seat in self.seats)


ANONYMOUS = Actor(user_id=None, label="访客")
SYSTEM = Actor(user_id=None, label="系统", permissions=frozenset(Permission))
"""The command line and the worker: run by whoever administers the machine."""

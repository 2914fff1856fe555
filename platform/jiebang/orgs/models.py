"""Organisations, their members, their verification and their claims."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, validates

from jiebang.core.base import Base, UtcDateTime, enum_column
from jiebang.core.permissions import Actor, OrganisationRole

from .workflow import Decision, OrganisationState

__all__ = [
    "Category",
    "Claim",
    "Cultivation",
    "Decision",
    "Invitation",
    "Membership",
    "Organisation",
    "OrganisationState",
    "Size",
    "VerificationRequest",
    "name_key",
]


class Category(StrEnum):
    """What kind of party an organisation is."""

    ENTERPRISE = "enterprise"
    UNIVERSITY = "university"
    INSTITUTE = "institute"
    COLLEGE = "college"


class Size(StrEnum):
    """Size class of an enterprise (工信部联企业〔2011〕300号)."""

    LARGE = "large"
    MEDIUM = "medium"
    SMALL = "small"
    MICRO = "micro"


class Cultivation(StrEnum):
    """Cultivation level (梯度培育)."""

    TECHNOLOGY = "technology"
    SPECIALISED = "specialised"
    GIANT = "giant"
    CHAMPION = "champion"


def name_key(name: str) -> str:
    """What makes two spellings of a name the same: half width, no blanks, no letter case."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", name)).casefold()


RESEARCHERS = frozenset({Category.UNIVERSITY, Category.INSTITUTE})
"""Principal investigators draft, the technology-transfer office approves (DOMAIN.md, parties);
促进科技成果转化法 (2015) art. 17–18 leave it to them how, so each may switch it off."""


def _endorses(context: DefaultExecutionContext) -> bool:
    given: dict[str, object] = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return given["category"] in RESEARCHERS


class Organisation(Base):
    """A party on the platform."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    name_key: Mapped[str] = mapped_column(String(200), unique=True)
    """Follows `name`; "（济南）" and "(济南)" are one name."""
    category: Mapped[Category] = mapped_column(enum_column(Category, "category"))
    size: Mapped[Size | None] = mapped_column(enum_column(Size, "size"))
    cultivation: Mapped[Cultivation | None] = mapped_column(enum_column(Cultivation, "cultivation"))
    chain_leader: Mapped[bool] = mapped_column(default=False)
    credit_code: Mapped[str | None] = mapped_column(String(18), unique=True)
    """统一社会信用代码 (GB 32100-2015)."""
    region: Mapped[str] = mapped_column(String(40), default="")
    industry: Mapped[str] = mapped_column(String(20), default="")
    chain: Mapped[str] = mapped_column(String(40), default="")
    intro: Mapped[str] = mapped_column(Text, default="")
    staff: Mapped[int | None]
    contact_name: Mapped[str] = mapped_column(String(40), default="")
    contact_phone: Mapped[str] = mapped_column(String(20), default="")
    endorsement: Mapped[bool] = mapped_column(default=_endorses)
    """Whether what its agents write is approved by an administrator before it is submitted."""
    claimed: Mapped[bool] = mapped_column(default=True)
    """False: imported by an operator and waiting for its people (待认领)."""
    state: Mapped[OrganisationState] = mapped_column(
        enum_column(OrganisationState, "state"), default=OrganisationState.UNVERIFIED
    )
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("name <> ''", name="name"),
        CheckConstraint(
            "state <> 'verified' OR (verified_at IS NOT NULL AND credit_code IS NOT NULL)",
            name="verified",
        ),
        CheckConstraint("staff IS NULL OR staff >= 0", name="staff"),
    )

    @property
    def verified(self) -> bool:
        """Whether an operator checked its code and papers."""
        return self.state is OrganisationState.VERIFIED

    def belongs_to(self, actor: Actor) -> bool:
        """Whether the person is a member, whichever seat they act from."""
        return self.id in actor.organisation_ids

    @validates("name")
    def _follow(self, _key: str, name: str) -> str:
        self.name_key = name_key(name)
        return name


class Membership(Base):
    """A person's place in an organisation; agents act in the lines of their scope."""

    __tablename__ = "membership"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    role: Mapped[OrganisationRole] = mapped_column(
        enum_column(OrganisationRole, "organisation_role")
    )
    scopes: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("uq_membership_organisation_id_user_id", "organisation_id", "user_id", unique=True),
    )


class Invitation(Base):
    """A place offered to somebody by e-mail or telephone number."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisation.id", ondelete="CASCADE"), index=True
    )
    identifier: Mapped[str] = mapped_column(String(254), index=True)
    """E-mail (lower case) or telephone number; only a person with it may accept."""
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[OrganisationRole] = mapped_column(
        enum_column(OrganisationRole, "organisation_role")
    )
    scopes: Mapped[list[str]] = mapped_column(default=list)
    invited_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class VerificationRequest(Base):
    """Code and papers handed in for the operator to check."""

    __tablename__ = "verification_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisation.id", ondelete="CASCADE"), index=True
    )
    credit_code: Mapped[str] = mapped_column(String(18))
    licence_id: Mapped[int] = mapped_column(ForeignKey("upload.id"))
    authorisation_id: Mapped[int] = mapped_column(ForeignKey("upload.id"))
    submitted_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[Decision] = mapped_column(
        enum_column(Decision, "decision"), default=Decision.SUBMITTED
    )
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("state <> 'returned' OR reason <> ''", name="reason"),
        Index("ix_verification_request_state", "state", "submitted_at"),
        Index(
            "uq_verification_request_waiting",
            "organisation_id",
            unique=True,
            sqlite_where=text("state = 'submitted'"),
            postgresql_where=text("state = 'submitted'"),
        ),
    )


class Claim(Base):
    """Somebody says: this imported organisation is ours (认领)."""

    __tablename__ = "claim"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisation.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    evidence_id: Mapped[int] = mapped_column(ForeignKey("upload.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[Decision] = mapped_column(
        enum_column(Decision, "decision"), default=Decision.SUBMITTED
    )
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("state <> 'returned' OR reason <> ''", name="reason"),
        Index("ix_claim_state", "state", "submitted_at"),
        Index(
            "uq_claim_waiting",
            "organisation_id",
            "user_id",
            unique=True,
            sqlite_where=text("state = 'submitted'"),
            postgresql_where=text("state = 'submitted'"),
        ),
    )

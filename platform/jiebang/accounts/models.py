"""People, how they prove who they are, and their signed-in sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiebang.core.base import Base, UtcDateTime, enum_column
from jiebang.core.permissions import SEPARATED, Role

_IS_SEPARATED = text(
    "role IN ({})".format(", ".join(f"'{role.value}'" for role in sorted(SEPARATED)))
)


class User(Base):
    """A person. E-mail and telephone number are both sign-in names; one of them is enough."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    """Lower case."""
    phone: Mapped[str | None] = mapped_column(String(11), unique=True)
    """Mainland mobile number, 11 digits."""
    display_name: Mapped[str] = mapped_column(String(40))
    password_hash: Mapped[str] = mapped_column(String(200))
    """argon2id."""
    password_changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    email_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_visit_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When 我的待办 was last opened: what is newer is 新匹配."""
    consent_version: Mapped[str] = mapped_column(String(20), default="")
    consent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    demo: Mapped[bool] = mapped_column(default=False)
    roles: Mapped[list[UserRole]] = relationship(cascade="all, delete-orphan", lazy="selectin")

    __table_args__ = (CheckConstraint("email IS NOT NULL OR phone IS NOT NULL", name="reachable"),)


class UserRole(Base):
    """A platform role of a person."""

    __tablename__ = "user_role"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("user.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[Role] = mapped_column(enum_column(Role, "role"), primary_key=True)

    __table_args__ = (
        # 三员分立: at most one of the three for a person, whoever writes
        Index(
            "uq_user_role_separated",
            "user_id",
            unique=True,
            sqlite_where=_IS_SEPARATED,
            postgresql_where=_IS_SEPARATED,
        ),
    )


class UserSession(Base):
    """A signed-in browser. The cookie carries a random token, this row its hash."""

    __tablename__ = "user_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    address_hash: Mapped[str] = mapped_column(String(64), default="")
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    seat_organisation_id: Mapped[int | None]
    """The organisation acted for; None: the only or first one."""


class OneTimeToken(Base):
    """A link sent by mail: to set a new password or to confirm an address."""

    __tablename__ = "one_time_token"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInLock(Base):
    """Failed sign-ins per name and per address, shared by all processes."""

    __tablename__ = "sign_in_lock"

    subject: Mapped[str] = mapped_column(String(100), primary_key=True)
    """A keyed hash: the table does not tell which names were tried."""
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_sign_in_lock_last_at", "last_at"),)

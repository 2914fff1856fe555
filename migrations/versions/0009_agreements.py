"""Publicity with objections, agreements with versions and confirmations, registration of contracts.

Revision 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

COLUMNS: tuple[tuple[str, sa.types.TypeEngine[object], str], ...] = (
    ("publicity", sa.Boolean(), "false"),
    ("publicity_days", sa.Integer(), "5"),
    ("objection_days", sa.Integer(), "10"),
    ("agreement_days", sa.Integer(), "10"),
    ("confirm_days", sa.Integer(), "5"),
)
"""What versions of tracks that began before have: no publicity, the default clocks."""
CLOCKS = ("publicity_days", "objection_days", "agreement_days", "confirm_days")


def upgrade() -> None:
    with op.batch_alter_table("track_version") as batch:
        for name, kind, default in COLUMNS:
            batch.add_column(sa.Column(name, kind, nullable=False, server_default=sa.text(default)))
        for name in CLOCKS:
            batch.create_check_constraint(
                op.f(f"ck_track_version_{name}"), f"{name} BETWEEN 1 AND 60"
            )
    # rows have their value now; the models know no default in the database
    with op.batch_alter_table("track_version") as batch:
        for name, _, _ in COLUMNS:
            batch.alter_column(name, server_default=None)
    op.create_table(
        "agreement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("issuer_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "confirming",
                "agreed",
                "ended",
                name="agreement_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "holder",
            sa.Enum(
                "issuer",
                "responder",
                "operator",
                "specialist",
                name="holder",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("escalated", sa.Integer(), nullable=False),
        sa.Column(
            "reason_code",
            sa.Enum(
                "too_early",
                "route_unclear",
                "below_indicators",
                "too_expensive",
                "rights",
                "too_late",
                "conditions",
                "solved",
                "unclear",
                "price",
                "lead_time",
                "qualification",
                "capacity",
                "specification",
                "major",
                "headcount",
                "pay",
                "time",
                "another_chosen",
                "listing_ended",
                "other",
                name="reason_code",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'agreed') = (agreed_at IS NOT NULL)", name=op.f("ck_agreement_agreed")
        ),
        sa.CheckConstraint(
            "(state = 'ended') = (ended_at IS NOT NULL) AND (state <> 'ended' OR (reason_code IS NOT NULL AND reason <> ''))",
            name=op.f("ck_agreement_ended"),
        ),
        sa.CheckConstraint(
            "(state IN ('confirming', 'draft')) = (holder IS NOT NULL) AND (state IN ('confirming', 'draft')) = (due IS NOT NULL)",
            name=op.f("ck_agreement_waiting"),
        ),
        sa.CheckConstraint("issuer_id <> organisation_id", name=op.f("ck_agreement_two_sides")),
        sa.CheckConstraint("total >= 0", name=op.f("ck_agreement_total")),
        sa.ForeignKeyConstraint(
            ["issuer_id"], ["organisation.id"], name=op.f("fk_agreement_issuer_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listing.id"],
            name=op.f("fk_agreement_listing_id_listing"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_agreement_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["response.id"],
            name=op.f("fk_agreement_response_id_response"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
    )
    op.create_index("ix_agreement_due", "agreement", ["state", "due"], unique=False)
    op.create_index("ix_agreement_listing_id", "agreement", ["listing_id", "state"], unique=False)
    op.create_index(
        "uq_agreement_live",
        "agreement",
        ["response_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('agreed', 'confirming', 'draft')"),
        postgresql_where=sa.text("state IN ('agreed', 'confirming', 'draft')"),
    )

    op.create_table(
        "publicity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "ended",
                "overturned",
                "lapsed",
                name="publicity_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "basis",
            sa.Enum(
                "track",
                "request",
                name="publicity_basis",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("requested_by", sa.Integer(), nullable=True),
        sa.Column("ground", sa.String(length=200), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.Date(), nullable=False),
        sa.Column("objection_days", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'running') = (closed_at IS NULL)", name=op.f("ck_publicity_closed")
        ),
        sa.CheckConstraint(
            "basis <> 'request' OR requested_by IS NOT NULL", name=op.f("ck_publicity_requested")
        ),
        sa.CheckConstraint(
            "objection_days BETWEEN 1 AND 60", name=op.f("ck_publicity_objection_days")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listing.id"],
            name=op.f("fk_publicity_listing_id_listing"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"],
            ["organisation.id"],
            name=op.f("fk_publicity_requested_by_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["response.id"],
            name=op.f("fk_publicity_response_id_response"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publicity")),
    )
    op.create_index("ix_publicity_ends", "publicity", ["state", "ends"], unique=False)
    op.create_index(op.f("ix_publicity_listing_id"), "publicity", ["listing_id"], unique=False)
    op.create_index(
        "uq_publicity_live",
        "publicity",
        ["response_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('running', 'ended')"),
        postgresql_where=sa.text("state IN ('running', 'ended')"),
    )

    op.create_table(
        "agreement_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("who", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["agreement.id"],
            name=op.f("fk_agreement_event_agreement_id_agreement"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_event")),
    )
    op.create_index(
        op.f("ix_agreement_event_agreement_id"), "agreement_event", ["agreement_id"], unique=False
    )

    op.create_table(
        "agreement_party",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column(
            "side",
            sa.Enum(
                "issuer",
                "responder",
                name="agreement_side",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("position >= 1", name=op.f("ck_agreement_party_position")),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["agreement.id"],
            name=op.f("fk_agreement_party_agreement_id_agreement"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_agreement_party_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_party")),
    )
    op.create_index(
        "ix_agreement_party_organisation_id", "agreement_party", ["organisation_id"], unique=False
    )
    op.create_index(
        "uq_agreement_party_organisation",
        "agreement_party",
        ["agreement_id", "organisation_id"],
        unique=True,
    )
    op.create_index(
        "uq_agreement_party_position", "agreement_party", ["agreement_id", "position"], unique=True
    )

    op.create_table(
        "agreement_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "side",
            sa.Enum(
                "issuer",
                "responder",
                name="agreement_side",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("length(hash) = 64", name=op.f("ck_agreement_version_hash")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_agreement_version_number")),
        sa.CheckConstraint("total >= 0", name=op.f("ck_agreement_version_total")),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["agreement.id"],
            name=op.f("fk_agreement_version_agreement_id_agreement"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_agreement_version_user_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_version")),
    )
    op.create_index(
        "uq_agreement_version_number", "agreement_version", ["agreement_id", "number"], unique=True
    )

    op.create_table(
        "contract_registration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "not_needed",
                "filed",
                "accepted",
                "supplement",
                "approved",
                "refused",
                name="registration_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "seller",
            sa.Enum(
                "issuer",
                "responder",
                name="registration_seller",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        sa.Column("office", sa.String(length=80), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("escalated", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("contract_amount", sa.BigInteger(), nullable=True),
        sa.Column("technology_amount", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('filed', 'accepted', 'supplement')) = (due IS NOT NULL)",
            name=op.f("ck_contract_registration_waiting"),
        ),
        sa.CheckConstraint(
            "state <> 'approved' OR (number <> '' AND decided_on IS NOT NULL AND contract_amount IS NOT NULL AND technology_amount IS NOT NULL)",
            name=op.f("ck_contract_registration_approved"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'accepted') OR accepted_on IS NOT NULL",
            name=op.f("ck_contract_registration_accepted"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('filed', 'accepted', 'supplement', 'approved') OR filed_on IS NOT NULL",
            name=op.f("ck_contract_registration_filed"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('not_needed', 'supplement', 'refused') OR reason <> ''",
            name=op.f("ck_contract_registration_reason"),
        ),
        sa.CheckConstraint(
            "technology_amount IS NULL OR (technology_amount >= 0 AND technology_amount <= contract_amount)",
            name=op.f("ck_contract_registration_amounts"),
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["agreement.id"],
            name=op.f("fk_contract_registration_agreement_id_agreement"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_registration")),
        sa.UniqueConstraint("agreement_id", name=op.f("uq_contract_registration_agreement_id")),
    )
    op.create_index(
        "ix_contract_registration_due", "contract_registration", ["state", "due"], unique=False
    )

    op.create_table(
        "objection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("publicity_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "upheld",
                "rejected",
                "withdrawn",
                "lapsed",
                name="objection_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("upload_id", sa.Integer(), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("escalated", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL)", name=op.f("ck_objection_decided")
        ),
        sa.CheckConstraint(
            "state NOT IN ('upheld', 'rejected') OR (reason <> '' AND decided_by IS NOT NULL)",
            name=op.f("ck_objection_reason"),
        ),
        sa.CheckConstraint("text <> ''", name=op.f("ck_objection_text")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user.id"], name=op.f("fk_objection_decided_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_objection_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["publicity_id"],
            ["publicity.id"],
            name=op.f("fk_objection_publicity_id_publicity"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["upload.id"], name=op.f("fk_objection_upload_id_upload")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_objection_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
        sa.UniqueConstraint("upload_id", name=op.f("uq_objection_upload_id")),
    )
    op.create_index("ix_objection_due", "objection", ["state", "due"], unique=False)
    op.create_index(
        "ix_objection_publicity_id", "objection", ["publicity_id", "state"], unique=False
    )
    op.create_index(op.f("ix_objection_user_id"), "objection", ["user_id"], unique=False)

    op.create_table(
        "agreement_confirmation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("organisation_name", sa.String(length=100), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("user_name", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(hash) = 64", name=op.f("ck_agreement_confirmation_hash")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_agreement_confirmation_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_agreement_confirmation_user_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["agreement_version.id"],
            name=op.f("fk_agreement_confirmation_version_id_agreement_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_confirmation")),
    )
    op.create_index(
        "uq_agreement_confirmation_organisation",
        "agreement_confirmation",
        ["version_id", "organisation_id"],
        unique=True,
    )

    op.create_table(
        "agreement_instalment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.CheckConstraint("label <> ''", name=op.f("ck_agreement_instalment_label")),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_agreement_instalment_amount")),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["agreement_version.id"],
            name=op.f("fk_agreement_instalment_version_id_agreement_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_instalment")),
    )
    op.create_index(
        "uq_agreement_instalment_position",
        "agreement_instalment",
        ["version_id", "position"],
        unique=True,
    )

    op.create_table(
        "contract_registration_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["contract_registration.id"],
            name=op.f("fk_contract_registration_event_registration_id_contract_registration"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_registration_event")),
    )
    op.create_index(
        op.f("ix_contract_registration_event_registration_id"),
        "contract_registration_event",
        ["registration_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_table("contract_registration_event")
    op.drop_table("agreement_instalment")
    op.drop_table("agreement_confirmation")
    op.drop_table("objection")
    op.drop_table("contract_registration")
    op.drop_table("agreement_version")
    op.drop_table("agreement_party")
    op.drop_table("agreement_event")
    op.drop_table("publicity")
    op.drop_table("agreement")
    with op.batch_alter_table("track_version") as batch:
        for name in CLOCKS:
            batch.drop_constraint(op.f(f"ck_track_version_{name}"), type_="check")
        for name, _, _ in COLUMNS:
            batch.drop_column(name)

"""Rounds, responses and declared holdings.

Revision 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "relation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("upper_name", sa.String(length=100), nullable=False),
        sa.Column("upper_key", sa.String(length=200), nullable=False),
        sa.Column("lower_name", sa.String(length=100), nullable=False),
        sa.Column("lower_key", sa.String(length=200), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "holding",
                "control",
                "joint_control",
                "influence",
                name="relation_kind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("percent", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("declared_by", sa.Integer(), nullable=True),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind <> 'holding' OR percent IS NOT NULL", name=op.f("ck_relation_holding")
        ),
        sa.CheckConstraint(
            "percent IS NULL OR (percent > 0 AND percent <= 100)", name=op.f("ck_relation_percent")
        ),
        sa.CheckConstraint("upper_key <> lower_key", name=op.f("ck_relation_two_parties")),
        sa.ForeignKeyConstraint(
            ["declared_by"], ["user.id"], name=op.f("fk_relation_declared_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_relation_organisation_id_organisation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relation")),
    )
    op.create_index(op.f("ix_relation_lower_key"), "relation", ["lower_key"], unique=False)
    op.create_index(
        op.f("ix_relation_organisation_id"), "relation", ["organisation_id"], unique=False
    )
    op.create_index(op.f("ix_relation_upper_key"), "relation", ["upper_key"], unique=False)
    op.create_index(
        "uq_relation_declared",
        "relation",
        ["organisation_id", "upper_key", "lower_key", "kind"],
        unique=True,
    )
    op.create_table(
        "response_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("track_version_id", sa.Integer(), nullable=False),
        sa.Column("winners", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("awarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("winners BETWEEN 1 AND 20", name=op.f("ck_response_round_winners")),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listing.id"],
            name=op.f("fk_response_round_listing_id_listing"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["track_version_id"],
            ["track_version.id"],
            name=op.f("fk_response_round_track_version_id_track_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_round")),
        sa.UniqueConstraint("listing_id", name=op.f("uq_response_round_listing_id")),
    )
    op.create_table(
        "response",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=True),
        sa.Column("issuer_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "filed",
                "returned",
                "qualified",
                "shortlisted",
                "selected",
                "declined",
                "withdrawn",
                "disqualified",
                name="response_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("leader", sa.String(length=40), nullable=False),
        sa.Column("approach", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("budget", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("qualified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
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
        sa.Column("related", sa.Text(), nullable=False),
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
        sa.Column("slot", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'selected') = (slot IS NOT NULL) AND (slot IS NULL OR slot >= 1)",
            name=op.f("ck_response_selected"),
        ),
        sa.CheckConstraint(
            "(state IN ('filed', 'qualified', 'returned', 'shortlisted')) = (holder IS NOT NULL) AND (state IN ('filed', 'qualified', 'returned', 'shortlisted')) = (due IS NOT NULL)",
            name=op.f("ck_response_waiting"),
        ),
        sa.CheckConstraint(
            "NOT (state IN ('declined', 'disqualified')) OR (reason_code IS NOT NULL AND reason <> '')",
            name=op.f("ck_response_declined"),
        ),
        sa.CheckConstraint(
            "state <> 'returned' OR reason <> ''", name=op.f("ck_response_returned")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'withdrawn', 'declined') OR filed_at IS NOT NULL",
            name=op.f("ck_response_filed"),
        ),
        sa.CheckConstraint("budget IS NULL OR budget >= 0", name=op.f("ck_response_budget")),
        sa.CheckConstraint("issuer_id <> organisation_id", name=op.f("ck_response_two_sides")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user.id"], name=op.f("fk_response_created_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["issuer_id"], ["organisation.id"], name=op.f("fk_response_issuer_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listing.id"],
            name=op.f("fk_response_listing_id_listing"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_response_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["response_round.id"],
            name=op.f("fk_response_round_id_response_round"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["thread.id"], name=op.f("fk_response_thread_id_thread")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response")),
    )
    op.create_index("ix_response_due", "response", ["state", "due"], unique=False)
    op.create_index("ix_response_issuer_id", "response", ["issuer_id", "state"], unique=False)
    op.create_index(
        "ix_response_organisation_id", "response", ["organisation_id", "state"], unique=False
    )
    op.create_index(
        "uq_response_live",
        "response",
        ["listing_id", "organisation_id", "leader"],
        unique=True,
        sqlite_where=sa.text(
            "state IN ('draft', 'filed', 'qualified', 'returned', 'selected', 'shortlisted')"
        ),
        postgresql_where=sa.text(
            "state IN ('draft', 'filed', 'qualified', 'returned', 'selected', 'shortlisted')"
        ),
    )
    op.create_index("uq_response_slot", "response", ["round_id", "slot"], unique=True)
    op.create_table(
        "response_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("target", sa.String(length=100), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "met",
                "partly",
                "unmet",
                name="answer_verdict",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("how", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["response.id"],
            name=op.f("fk_response_answer_response_id_response"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_answer")),
    )
    op.create_index(
        op.f("ix_response_answer_response_id"), "response_answer", ["response_id"], unique=False
    )
    op.create_table(
        "response_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("who", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["response.id"],
            name=op.f("fk_response_event_response_id_response"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_event")),
    )
    op.create_index(
        op.f("ix_response_event_response_id"), "response_event", ["response_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_response_event_response_id"), table_name="response_event")
    op.drop_table("response_event")
    op.drop_index(op.f("ix_response_answer_response_id"), table_name="response_answer")
    op.drop_table("response_answer")
    op.drop_index("uq_response_slot", table_name="response")
    op.drop_index(
        "uq_response_live",
        table_name="response",
        sqlite_where=sa.text(
            "state IN ('draft', 'filed', 'qualified', 'returned', 'selected', 'shortlisted')"
        ),
        postgresql_where=sa.text(
            "state IN ('draft', 'filed', 'qualified', 'returned', 'selected', 'shortlisted')"
        ),
    )
    op.drop_index("ix_response_organisation_id", table_name="response")
    op.drop_index("ix_response_issuer_id", table_name="response")
    op.drop_index("ix_response_due", table_name="response")
    op.drop_table("response")
    op.drop_table("response_round")
    op.drop_index("uq_relation_declared", table_name="relation")
    op.drop_index(op.f("ix_relation_upper_key"), table_name="relation")
    op.drop_index(op.f("ix_relation_organisation_id"), table_name="relation")
    op.drop_index(op.f("ix_relation_lower_key"), table_name="relation")
    op.drop_table("relation")

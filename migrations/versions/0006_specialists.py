"""Service specialists: who serves whom, introductions, the first lines of the ledger.

Revision 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("specialist_id", sa.Integer(), nullable=False),
        sa.Column("assigned_by", sa.Integer(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("ended_at IS NULL OR reason <> ''", name=op.f("ck_assignment_reason")),
        sa.ForeignKeyConstraint(
            ["assigned_by"], ["user.id"], name=op.f("fk_assignment_assigned_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["ended_by"], ["user.id"], name=op.f("fk_assignment_ended_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_assignment_organisation_id_organisation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["specialist_id"], ["user.id"], name=op.f("fk_assignment_specialist_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.create_index(
            "ix_assignment_specialist_id", ["specialist_id", "ended_at"], unique=False
        )
        batch_op.create_index(
            "uq_assignment_running",
            ["organisation_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "specialist_rule",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("load_cap", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source <> ''", name=op.f("ck_specialist_rule_source")),
        sa.CheckConstraint("load_cap BETWEEN 1 AND 100", name=op.f("ck_specialist_rule_load_cap")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user.id"], name=op.f("fk_specialist_rule_created_by_user")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_specialist_rule")),
    )
    op.create_table(
        "introduction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("issuer_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("own_listing_id", sa.Integer(), nullable=True),
        sa.Column("track_version_id", sa.Integer(), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=True),
        sa.Column(
            "requested_by",
            sa.Enum(
                "issuer",
                "responder",
                name="requested_by",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("served_id", sa.Integer(), nullable=False),
        sa.Column("specialist_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "accepted",
                "both_agreed",
                "declined",
                "met",
                "closed",
                name="introduction_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("issuer_agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("responder_agreed_at", sa.DateTime(timezone=True), nullable=True),
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
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ended_by",
            sa.Enum(
                "issuer",
                "responder",
                name="ended_by",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
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
        sa.Column(
            "result",
            sa.Enum(
                "contract",
                "cooperation",
                "continues",
                "dropped",
                "unanswered",
                "withdrawn",
                "listing_ended",
                name="result",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'closed') = (result IS NOT NULL)", name=op.f("ck_introduction_closed")
        ),
        sa.CheckConstraint(
            "(state IN ('accepted', 'both_agreed', 'met', 'requested')) = (holder IS NOT NULL) AND (state IN ('accepted', 'both_agreed', 'met', 'requested')) = (due IS NOT NULL)",
            name=op.f("ck_introduction_waiting"),
        ),
        sa.CheckConstraint(
            "state <> 'declined' OR (reason_code IS NOT NULL AND reason <> '')",
            name=op.f("ck_introduction_declined"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('both_agreed', 'met') OR (issuer_agreed_at IS NOT NULL AND responder_agreed_at IS NOT NULL AND thread_id IS NOT NULL)",
            name=op.f("ck_introduction_both_agreed"),
        ),
        sa.CheckConstraint("issuer_id <> organisation_id", name=op.f("ck_introduction_two_sides")),
        sa.CheckConstraint(
            "served_id IN (issuer_id, organisation_id)", name=op.f("ck_introduction_served")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["user.id"], name=op.f("fk_introduction_asked_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["issuer_id"], ["organisation.id"], name=op.f("fk_introduction_issuer_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listing.id"],
            name=op.f("fk_introduction_listing_id_listing"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_introduction_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["own_listing_id"], ["listing.id"], name=op.f("fk_introduction_own_listing_id_listing")
        ),
        sa.ForeignKeyConstraint(
            ["served_id"], ["organisation.id"], name=op.f("fk_introduction_served_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["specialist_id"], ["user.id"], name=op.f("fk_introduction_specialist_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["thread.id"], name=op.f("fk_introduction_thread_id_thread")
        ),
        sa.ForeignKeyConstraint(
            ["track_version_id"],
            ["track_version.id"],
            name=op.f("fk_introduction_track_version_id_track_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_introduction")),
    )
    with op.batch_alter_table("introduction", schema=None) as batch_op:
        batch_op.create_index("ix_introduction_due", ["state", "due"], unique=False)
        batch_op.create_index("ix_introduction_issuer_id", ["issuer_id", "state"], unique=False)
        batch_op.create_index(
            "ix_introduction_organisation_id", ["organisation_id", "state"], unique=False
        )
        batch_op.create_index(
            "ix_introduction_specialist_id", ["specialist_id", "state"], unique=False
        )
        batch_op.create_index(
            "uq_introduction_live",
            ["listing_id", "organisation_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('accepted', 'both_agreed', 'met', 'requested')"),
            postgresql_where=sa.text("state IN ('accepted', 'both_agreed', 'met', 'requested')"),
        )

    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("introduction_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("what <> ''", name=op.f("ck_ledger_entry_what")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user.id"], name=op.f("fk_ledger_entry_author_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["introduction_id"],
            ["introduction.id"],
            name=op.f("fk_ledger_entry_introduction_id_introduction"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_ledger_entry_organisation_id_organisation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
    )
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ledger_entry_organisation_id", ["organisation_id", "id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_entry_organisation_id")

    op.drop_table("ledger_entry")
    with op.batch_alter_table("introduction", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_introduction_live",
            sqlite_where=sa.text("state IN ('accepted', 'both_agreed', 'met', 'requested')"),
            postgresql_where=sa.text("state IN ('accepted', 'both_agreed', 'met', 'requested')"),
        )
        batch_op.drop_index("ix_introduction_specialist_id")
        batch_op.drop_index("ix_introduction_organisation_id")
        batch_op.drop_index("ix_introduction_issuer_id")
        batch_op.drop_index("ix_introduction_due")

    op.drop_table("introduction")
    op.drop_table("specialist_rule")
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_assignment_running",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_assignment_specialist_id")

    op.drop_table("assignment")

"""Grant rule tables; projects with milestones, money, acceptance and results.

Revision 0010, after 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COLUMNS: tuple[tuple[str, sa.types.TypeEngine[object], str], ...] = (
    ("milestone_check", sa.Boolean(), "false"),
    ("judge_days", sa.Integer(), "5"),
    ("rectify_days", sa.Integer(), "20"),
    ("pay_days", sa.Integer(), "10"),
)
"""What versions of tracks that began before have: the parties judge for themselves."""
CHECKS = {name: f"{name} BETWEEN 1 AND 60" for name in ("judge_days", "rectify_days", "pay_days")}


def upgrade() -> None:
    with op.batch_alter_table("track_version") as batch:
        for name, kind, default in COLUMNS:
            batch.add_column(sa.Column(name, kind, nullable=False, server_default=sa.text(default)))
        for name, rule in CHECKS.items():
            batch.create_check_constraint(op.f(f"ck_track_version_{name}"), rule)
    # rows have their value now; the models know no default in the database
    with op.batch_alter_table("track_version") as batch:
        for name, _, _ in COLUMNS:
            batch.alter_column(name, server_default=None)
    op.create_table(
        "grant_table",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=60), nullable=False),
        sa.Column("programme", sa.String(length=120), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("switched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "NOT active OR (reason <> '' AND switched_at IS NOT NULL)",
            name=op.f("ck_grant_table_switched"),
        ),
        sa.CheckConstraint(
            "key <> '' AND place <> '' AND programme <> ''", name=op.f("ck_grant_table_named")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant_table")),
        sa.UniqueConstraint("key", name=op.f("uq_grant_table_key")),
    )
    op.create_table(
        "grant_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("table_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source <> ''", name=op.f("ck_grant_version_source")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_grant_version_number")),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_grant_version_dates")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user.id"], name=op.f("fk_grant_version_created_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["table_id"],
            ["grant_table.id"],
            name=op.f("fk_grant_version_table_id_grant_table"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant_version")),
    )
    op.create_index(
        "uq_grant_version_table_id_number", "grant_version", ["table_id", "number"], unique=True
    )
    op.create_table(
        "project",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("solver_id", sa.Integer(), nullable=False),
        sa.Column("track_version_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "accepting",
                "settling",
                "closed",
                "terminated",
                name="project_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_end", sa.Date(), nullable=False),
        sa.Column("extended_months", sa.Integer(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "holder",
            sa.Enum(
                "client",
                "solver",
                "operator",
                name="turn",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("escalated", sa.Integer(), nullable=False),
        sa.Column(
            "reason_code",
            sa.Enum(
                "technical",
                "market",
                "funding",
                "breach",
                "force_majeure",
                "mutual",
                "other",
                name="termination_reason",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'terminated') = (reason_code IS NOT NULL) AND (state <> 'terminated' OR reason <> '')",
            name=op.f("ck_project_terminated"),
        ),
        sa.CheckConstraint(
            "(state IN ('accepting', 'running', 'settling')) = (holder IS NOT NULL) AND (state IN ('accepting', 'running', 'settling')) = (until IS NOT NULL)",
            name=op.f("ck_project_waiting"),
        ),
        sa.CheckConstraint(
            "(state IN ('closed', 'terminated')) = (ended_at IS NOT NULL)",
            name=op.f("ck_project_ended"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('settling', 'closed') OR accepted_at IS NOT NULL",
            name=op.f("ck_project_accepted"),
        ),
        sa.CheckConstraint("client_id <> solver_id", name=op.f("ck_project_two_sides")),
        sa.CheckConstraint("extended_months BETWEEN 0 AND 12", name=op.f("ck_project_extended")),
        sa.CheckConstraint("total >= 0", name=op.f("ck_project_total")),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["agreement.id"],
            name=op.f("fk_project_agreement_id_agreement"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["organisation.id"], name=op.f("fk_project_client_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listing.id"],
            name=op.f("fk_project_listing_id_listing"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["solver_id"], ["organisation.id"], name=op.f("fk_project_solver_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["track_version_id"],
            ["track_version.id"],
            name=op.f("fk_project_track_version_id_track_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("agreement_id", name=op.f("uq_project_agreement_id")),
    )
    op.create_index("ix_project_client_id", "project", ["client_id", "state"], unique=False)
    op.create_index("ix_project_listing_id", "project", ["listing_id"], unique=False)
    op.create_index("ix_project_solver_id", "project", ["solver_id", "state"], unique=False)
    op.create_index("ix_project_until", "project", ["state", "until"], unique=False)
    op.create_table(
        "milestone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("planned", sa.Date(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "due",
                "filed",
                "checking",
                "rectify",
                "passed",
                "failed",
                "lapsed",
                name="milestone_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("rectified", sa.Boolean(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "holder",
            sa.Enum(
                "client",
                "solver",
                "operator",
                name="turn",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("escalated", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('checking', 'due', 'filed', 'rectify')) = (holder IS NOT NULL) AND (state IN ('checking', 'due', 'filed', 'rectify')) = (until IS NOT NULL)",
            name=op.f("ck_milestone_waiting"),
        ),
        sa.CheckConstraint(
            "(state IN ('passed', 'failed', 'lapsed')) = (decided_at IS NOT NULL)",
            name=op.f("ck_milestone_decided"),
        ),
        sa.CheckConstraint("label <> ''", name=op.f("ck_milestone_label")),
        sa.CheckConstraint(
            "state NOT IN ('rectify', 'failed') OR (rectified AND reason <> '')",
            name=op.f("ck_milestone_judged"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_milestone_project_id_project"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone")),
    )
    op.create_index("ix_milestone_until", "milestone", ["state", "until"], unique=False)
    op.create_index(
        "uq_milestone_project_id_position", "milestone", ["project_id", "position"], unique=True
    )
    op.create_table(
        "project_acceptance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "filed",
                "checking",
                "conditional",
                "supplemented",
                "passed",
                "failed",
                "lapsed",
                name="acceptance_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("conditions", sa.Text(), nullable=False),
        sa.Column("conditions_by", sa.Date(), nullable=True),
        sa.Column("supplement", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "holder",
            sa.Enum(
                "client",
                "solver",
                "operator",
                name="turn",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("escalated", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('checking', 'conditional', 'filed', 'supplemented')) = (holder IS NOT NULL) AND (state IN ('checking', 'conditional', 'filed', 'supplemented')) = (until IS NOT NULL)",
            name=op.f("ck_project_acceptance_waiting"),
        ),
        sa.CheckConstraint(
            "(state IN ('passed', 'failed', 'lapsed')) = (decided_at IS NOT NULL)",
            name=op.f("ck_project_acceptance_decided"),
        ),
        sa.CheckConstraint(
            "state <> 'failed' OR reason <> ''", name=op.f("ck_project_acceptance_failed")
        ),
        sa.CheckConstraint(
            "state NOT IN ('conditional', 'supplemented') OR (conditions <> '' AND conditions_by IS NOT NULL)",
            name=op.f("ck_project_acceptance_conditions"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_project_acceptance_project_id_project"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_acceptance")),
    )
    op.create_index(
        "ix_project_acceptance_until", "project_acceptance", ["state", "until"], unique=False
    )
    op.create_index(
        "uq_project_acceptance_live",
        "project_acceptance",
        ["project_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('checking', 'conditional', 'filed', 'supplemented')"),
        postgresql_where=sa.text("state IN ('checking', 'conditional', 'filed', 'supplemented')"),
    )
    op.create_index(
        "uq_project_acceptance_number", "project_acceptance", ["project_id", "number"], unique=True
    )
    op.create_table(
        "project_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("who", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_project_event_project_id_project"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_event")),
    )
    op.create_index(
        op.f("ix_project_event_project_id"), "project_event", ["project_id"], unique=False
    )
    op.create_table(
        "project_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("table_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "approved",
                "paid",
                "refused",
                "lapsed",
                name="grant_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("proposed_by", sa.Integer(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("voucher", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "holder",
            sa.Enum(
                "client",
                "solver",
                "operator",
                name="turn",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("escalated", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'paid') = (paid_on IS NOT NULL)", name=op.f("ck_project_grant_paid")
        ),
        sa.CheckConstraint(
            "(state IN ('approved', 'proposed')) = (holder IS NOT NULL) AND (state IN ('approved', 'proposed')) = (until IS NOT NULL)",
            name=op.f("ck_project_grant_waiting"),
        ),
        sa.CheckConstraint(
            "state <> 'refused' OR reason <> ''", name=op.f("ck_project_grant_refused")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_project_grant_amount")),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_project_grant_project_id_project"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["user.id"], name=op.f("fk_project_grant_proposed_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["table_id"], ["grant_table.id"], name=op.f("fk_project_grant_table_id_grant_table")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["grant_version.id"],
            name=op.f("fk_project_grant_version_id_grant_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_grant")),
    )
    op.create_index("ix_project_grant_until", "project_grant", ["state", "until"], unique=False)
    op.create_index(
        "uq_project_grant_live",
        "project_grant",
        ["project_id", "table_id", "name"],
        unique=True,
        sqlite_where=sa.text("state IN ('approved', 'paid', 'proposed')"),
        postgresql_where=sa.text("state IN ('approved', 'paid', 'proposed')"),
    )
    op.create_table(
        "project_party",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column(
            "party",
            sa.Enum(
                "client",
                "solver",
                name="project_side",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_project_party_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_project_party_project_id_project"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_party")),
    )
    op.create_index(
        op.f("ix_project_party_organisation_id"), "project_party", ["organisation_id"], unique=False
    )
    op.create_index(
        "uq_project_party_organisation",
        "project_party",
        ["project_id", "organisation_id"],
        unique=True,
    )
    op.create_table(
        "project_recovery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "claimed",
                "owed",
                "returned",
                "settled",
                "dropped",
                name="recovery_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("voucher", sa.String(length=60), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "holder",
            sa.Enum(
                "client",
                "solver",
                "operator",
                name="turn",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("escalated", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'settled') = (settled_at IS NOT NULL)",
            name=op.f("ck_project_recovery_settled"),
        ),
        sa.CheckConstraint(
            "(state IN ('claimed', 'owed', 'returned')) = (holder IS NOT NULL) AND (state IN ('claimed', 'owed', 'returned')) = (until IS NOT NULL)",
            name=op.f("ck_project_recovery_waiting"),
        ),
        sa.CheckConstraint("amount > 0 AND basis <> ''", name=op.f("ck_project_recovery_amount")),
        sa.CheckConstraint(
            "state <> 'dropped' OR reason <> ''", name=op.f("ck_project_recovery_dropped")
        ),
        sa.CheckConstraint(
            "state NOT IN ('returned', 'settled') OR returned_on IS NOT NULL",
            name=op.f("ck_project_recovery_returned"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_project_recovery_project_id_project"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_recovery")),
    )
    op.create_index(
        "ix_project_recovery_until", "project_recovery", ["state", "until"], unique=False
    )
    op.create_index(
        "uq_project_recovery_live",
        "project_recovery",
        ["project_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('claimed', 'owed', 'returned')"),
        postgresql_where=sa.text("state IN ('claimed', 'owed', 'returned')"),
    )
    op.create_table(
        "project_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "extension",
                "termination",
                name="request_kind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "agreed",
                "refused",
                "withdrawn",
                "lapsed",
                name="request_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "asker",
            sa.Enum(
                "client",
                "solver",
                name="project_side",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column(
            "reason_code",
            sa.Enum(
                "technical",
                "market",
                "funding",
                "breach",
                "force_majeure",
                "mutual",
                "other",
                name="termination_reason",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "holder",
            sa.Enum(
                "client",
                "solver",
                "operator",
                name="turn",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("escalated", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'extension') = (months BETWEEN 1 AND 12) AND (kind = 'termination') = (reason_code IS NOT NULL)",
            name=op.f("ck_project_request_kind"),
        ),
        sa.CheckConstraint(
            "(state IN ('asked')) = (holder IS NOT NULL) AND (state IN ('asked')) = (until IS NOT NULL)",
            name=op.f("ck_project_request_waiting"),
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_project_request_reason")),
        sa.CheckConstraint(
            "state <> 'refused' OR answer <> ''", name=op.f("ck_project_request_refused")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_project_request_project_id_project"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_request")),
    )
    op.create_index("ix_project_request_until", "project_request", ["state", "until"], unique=False)
    op.create_index(
        "uq_project_request_live",
        "project_request",
        ["project_id", "kind"],
        unique=True,
        sqlite_where=sa.text("state IN ('asked')"),
        postgresql_where=sa.text("state IN ('asked')"),
    )
    op.create_table(
        "result_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("client_named", sa.Boolean(), nullable=False),
        sa.Column("solver_named", sa.Boolean(), nullable=False),
        sa.Column("client_agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("solver_agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("title <> '' AND text <> ''", name=op.f("ck_result_case_words")),
        sa.CheckConstraint(
            "(published_at IS NOT NULL) = (client_agreed_at IS NOT NULL AND solver_agreed_at IS NOT NULL)",
            name=op.f("ck_result_case_both"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_result_case_project_id_project"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_case")),
        sa.UniqueConstraint("project_id", name=op.f("uq_result_case_project_id")),
    )
    op.create_table(
        "project_acceptance_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("acceptance_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("target", sa.String(length=100), nullable=False),
        sa.Column("measured", sa.String(length=100), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "met",
                "partly",
                "unmet",
                name="measured",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("how", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["acceptance_id"],
            ["project_acceptance.id"],
            name=op.f("fk_project_acceptance_answer_acceptance_id_project_acceptance"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_acceptance_answer")),
    )
    op.create_index(
        op.f("ix_project_acceptance_answer_acceptance_id"),
        "project_acceptance_answer",
        ["acceptance_id"],
        unique=False,
    )
    op.create_table(
        "project_evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("milestone_id", sa.Integer(), nullable=True),
        sa.Column("acceptance_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("upload_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "text <> '' OR upload_id IS NOT NULL", name=op.f("ck_project_evidence_says_something")
        ),
        sa.CheckConstraint(
            "(milestone_id IS NULL) <> (acceptance_id IS NULL)",
            name=op.f("ck_project_evidence_for_one"),
        ),
        sa.ForeignKeyConstraint(
            ["acceptance_id"],
            ["project_acceptance.id"],
            name=op.f("fk_project_evidence_acceptance_id_project_acceptance"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user.id"], name=op.f("fk_project_evidence_author_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["milestone_id"],
            ["milestone.id"],
            name=op.f("fk_project_evidence_milestone_id_milestone"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_project_evidence_project_id_project"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["upload.id"], name=op.f("fk_project_evidence_upload_id_upload")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_evidence")),
        sa.UniqueConstraint("upload_id", name=op.f("uq_project_evidence_upload_id")),
    )
    op.create_index(
        op.f("ix_project_evidence_acceptance_id"),
        "project_evidence",
        ["acceptance_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_project_evidence_milestone_id"), "project_evidence", ["milestone_id"], unique=False
    )
    op.create_index(
        "ix_project_evidence_project_id", "project_evidence", ["project_id", "id"], unique=False
    )
    op.create_table(
        "project_instalment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("milestone_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("claimed", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "payable",
                "reported",
                "paid",
                "void",
                name="instalment_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("payable_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "holder",
            sa.Enum(
                "client",
                "solver",
                "operator",
                name="turn",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("escalated", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'paid') = (paid = amount)", name=op.f("ck_project_instalment_paid")
        ),
        sa.CheckConstraint(
            "(state = 'reported') = (claimed > 0)", name=op.f("ck_project_instalment_reported")
        ),
        sa.CheckConstraint(
            "(state IN ('payable', 'reported')) = (holder IS NOT NULL) AND (state IN ('payable', 'reported')) = (until IS NOT NULL)",
            name=op.f("ck_project_instalment_waiting"),
        ),
        sa.CheckConstraint(
            "state <> 'void' OR (paid = 0 AND reason <> '')",
            name=op.f("ck_project_instalment_void"),
        ),
        sa.CheckConstraint(
            "amount > 0 AND paid >= 0 AND claimed >= 0 AND paid + claimed <= amount",
            name=op.f("ck_project_instalment_amounts"),
        ),
        sa.ForeignKeyConstraint(
            ["milestone_id"],
            ["milestone.id"],
            name=op.f("fk_project_instalment_milestone_id_milestone"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_project_instalment_project_id_project"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_instalment")),
    )
    op.create_index(
        "ix_project_instalment_milestone_id", "project_instalment", ["milestone_id"], unique=False
    )
    op.create_index(
        "ix_project_instalment_until", "project_instalment", ["state", "until"], unique=False
    )
    op.create_index(
        "uq_project_instalment_position",
        "project_instalment",
        ["project_id", "position"],
        unique=True,
    )
    op.create_table(
        "project_payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("instalment_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("voucher", sa.String(length=60), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disputed", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "confirmed_at IS NULL OR disputed = ''", name=op.f("ck_project_payment_answered")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_project_payment_amount")),
        sa.ForeignKeyConstraint(
            ["instalment_id"],
            ["project_instalment.id"],
            name=op.f("fk_project_payment_instalment_id_project_instalment"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_payment")),
    )
    op.create_index(
        op.f("ix_project_payment_instalment_id"), "project_payment", ["instalment_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_project_payment_instalment_id"), table_name="project_payment")
    op.drop_table("project_payment")
    op.drop_index("uq_project_instalment_position", table_name="project_instalment")
    op.drop_index("ix_project_instalment_until", table_name="project_instalment")
    op.drop_index("ix_project_instalment_milestone_id", table_name="project_instalment")
    op.drop_table("project_instalment")
    op.drop_index("ix_project_evidence_project_id", table_name="project_evidence")
    op.drop_index(op.f("ix_project_evidence_milestone_id"), table_name="project_evidence")
    op.drop_index(op.f("ix_project_evidence_acceptance_id"), table_name="project_evidence")
    op.drop_table("project_evidence")
    op.drop_index(
        op.f("ix_project_acceptance_answer_acceptance_id"), table_name="project_acceptance_answer"
    )
    op.drop_table("project_acceptance_answer")
    op.drop_table("result_case")
    op.drop_index(
        "uq_project_request_live",
        table_name="project_request",
        sqlite_where=sa.text("state IN ('asked')"),
        postgresql_where=sa.text("state IN ('asked')"),
    )
    op.drop_index("ix_project_request_until", table_name="project_request")
    op.drop_table("project_request")
    op.drop_index(
        "uq_project_recovery_live",
        table_name="project_recovery",
        sqlite_where=sa.text("state IN ('claimed', 'owed', 'returned')"),
        postgresql_where=sa.text("state IN ('claimed', 'owed', 'returned')"),
    )
    op.drop_index("ix_project_recovery_until", table_name="project_recovery")
    op.drop_table("project_recovery")
    op.drop_index("uq_project_party_organisation", table_name="project_party")
    op.drop_index(op.f("ix_project_party_organisation_id"), table_name="project_party")
    op.drop_table("project_party")
    op.drop_index(
        "uq_project_grant_live",
        table_name="project_grant",
        sqlite_where=sa.text("state IN ('approved', 'paid', 'proposed')"),
        postgresql_where=sa.text("state IN ('approved', 'paid', 'proposed')"),
    )
    op.drop_index("ix_project_grant_until", table_name="project_grant")
    op.drop_table("project_grant")
    op.drop_index(op.f("ix_project_event_project_id"), table_name="project_event")
    op.drop_table("project_event")
    op.drop_index("uq_project_acceptance_number", table_name="project_acceptance")
    op.drop_index(
        "uq_project_acceptance_live",
        table_name="project_acceptance",
        sqlite_where=sa.text("state IN ('checking', 'conditional', 'filed', 'supplemented')"),
        postgresql_where=sa.text("state IN ('checking', 'conditional', 'filed', 'supplemented')"),
    )
    op.drop_index("ix_project_acceptance_until", table_name="project_acceptance")
    op.drop_table("project_acceptance")
    op.drop_index("uq_milestone_project_id_position", table_name="milestone")
    op.drop_index("ix_milestone_until", table_name="milestone")
    op.drop_table("milestone")
    op.drop_index("ix_project_until", table_name="project")
    op.drop_index("ix_project_solver_id", table_name="project")
    op.drop_index("ix_project_listing_id", table_name="project")
    op.drop_index("ix_project_client_id", table_name="project")
    op.drop_table("project")
    op.drop_index("uq_grant_version_table_id_number", table_name="grant_version")
    op.drop_table("grant_version")
    op.drop_table("grant_table")
    with op.batch_alter_table("track_version") as batch:
        for name in CHECKS:
            batch.drop_constraint(op.f(f"ck_track_version_{name}"), type_="check")
        for name, _, _ in COLUMNS:
            batch.drop_column(name)

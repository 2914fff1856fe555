"""Expert review: panels, assignments with their declarations, reviews and scores.

Revision 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS: tuple[tuple[str, sa.types.TypeEngine[object], str], ...] = (
    ("need_review", sa.Boolean(), "false"),
    ("response_review", sa.Boolean(), "false"),
    ("issuer_reads", sa.Boolean(), "true"),
    ("need_experts", sa.Integer(), "3"),
    ("response_experts", sa.Integer(), "3"),
    ("review_days", sa.Integer(), "5"),
    ("need_criteria", sa.JSON(), "'[]'"),
    ("response_criteria", sa.JSON(), "'[]'"),
)
"""What versions of tracks that began before have: no such step."""
CHECKS = {
    "experts": "need_experts BETWEEN 1 AND 15 AND response_experts BETWEEN 1 AND 15",
    "review_days": "review_days BETWEEN 1 AND 60",
}


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
    with op.batch_alter_table("listing") as batch:
        batch.add_column(sa.Column("review_by", sa.Date(), nullable=True))
    with op.batch_alter_table("response") as batch:
        batch.add_column(sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "review_panel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "need",
                "responses",
                name="review_stage",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "concluded",
                "ended",
                name="panel_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("track_version_id", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("escalated", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'open') = (closed_at IS NULL)", name=op.f("ck_review_panel_closed")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listing.id"],
            name=op.f("fk_review_panel_listing_id_listing"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["user.id"], name=op.f("fk_review_panel_opened_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["track_version_id"],
            ["track_version.id"],
            name=op.f("fk_review_panel_track_version_id_track_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_panel")),
    )
    op.create_index("ix_review_panel_due", "review_panel", ["state", "due"], unique=False)
    op.create_index(
        "ix_review_panel_listing_id", "review_panel", ["listing_id", "id"], unique=False
    )
    op.create_index(
        "uq_review_panel_open",
        "review_panel",
        ["listing_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "review_assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("panel_id", sa.Integer(), nullable=False),
        sa.Column("expert_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "assigned",
                "reviewing",
                "submitted",
                "recused",
                "replaced",
                "lapsed",
                name="assignment_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("assigned_by", sa.Integer(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("escalated", sa.Integer(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declaration", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'submitted') = (submitted_at IS NOT NULL)",
            name=op.f("ck_review_assignment_submitted"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('recused', 'replaced') OR reason <> ''",
            name=op.f("ck_review_assignment_reason"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('reviewing', 'submitted', 'recused') OR (declared_at IS NOT NULL AND declaration <> '')",
            name=op.f("ck_review_assignment_declared"),
        ),
        sa.ForeignKeyConstraint(
            ["assigned_by"], ["user.id"], name=op.f("fk_review_assignment_assigned_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["expert_id"], ["user.id"], name=op.f("fk_review_assignment_expert_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["panel_id"],
            ["review_panel.id"],
            name=op.f("fk_review_assignment_panel_id_review_panel"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_assignment")),
    )
    op.create_index("ix_review_assignment_due", "review_assignment", ["state", "due"], unique=False)
    op.create_index(
        "ix_review_assignment_expert_id", "review_assignment", ["expert_id", "state"], unique=False
    )
    op.create_index(
        "uq_review_assignment_panel_id_expert_id",
        "review_assignment",
        ["panel_id", "expert_id"],
        unique=True,
    )
    op.create_table(
        "review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.Integer(), nullable=True),
        sa.Column(
            "advice",
            sa.Enum(
                "support",
                "improve",
                "against",
                name="review_advice",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"],
            ["review_assignment.id"],
            name=op.f("fk_review_assignment_id_review_assignment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["response.id"],
            name=op.f("fk_review_response_id_response"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index(op.f("ix_review_assignment_id"), "review", ["assignment_id"], unique=False)
    op.create_index(op.f("ix_review_response_id"), "review", ["response_id"], unique=False)
    op.create_table(
        "review_candidate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("panel_id", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["panel_id"],
            ["review_panel.id"],
            name=op.f("fk_review_candidate_panel_id_review_panel"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["response.id"],
            name=op.f("fk_review_candidate_response_id_response"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_candidate")),
    )
    op.create_index(
        op.f("ix_review_candidate_response_id"), "review_candidate", ["response_id"], unique=False
    )
    op.create_index(
        "uq_review_candidate_panel_id_response_id",
        "review_candidate",
        ["panel_id", "response_id"],
        unique=True,
    )
    op.create_table(
        "review_score",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("criterion", sa.String(length=24), nullable=False),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "points IS NULL OR points BETWEEN 0 AND 100", name=op.f("ck_review_score_points")
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
            name=op.f("fk_review_score_review_id_review"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_score")),
    )
    op.create_index(
        "uq_review_score_review_id_criterion",
        "review_score",
        ["review_id", "criterion"],
        unique=True,
    )


def downgrade() -> None:
    op.drop_table("review_score")
    op.drop_table("review_candidate")
    op.drop_table("review")
    op.drop_table("review_assignment")
    op.drop_table("review_panel")
    with op.batch_alter_table("response") as batch:
        batch.drop_column("reviewed_at")
    with op.batch_alter_table("listing") as batch:
        batch.drop_column("review_by")
    with op.batch_alter_table("track_version") as batch:
        for name in CHECKS:
            batch.drop_constraint(op.f(f"ck_track_version_{name}"), type_="check")
        for name, _, _ in COLUMNS:
            batch.drop_column(name)

"""Grant rule tables; projects with milestones, money, acceptance and results.

Revision 0010, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
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


def downgrade() -> None:
    op.drop_index("uq_grant_version_table_id_number", table_name="grant_version")
    op.drop_table("grant_version")
    op.drop_table("grant_table")

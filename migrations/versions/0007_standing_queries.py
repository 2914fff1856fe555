"""Standing queries: saved searches, and what a listing or a search has shown already.

Revision 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_search",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "board",
            sa.Enum(
                "need",
                "outcome",
                "demand",
                "product",
                "order",
                "programme",
                name="board",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_saved_search_name")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_saved_search_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_search")),
    )
    with op.batch_alter_table("saved_search", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_saved_search_board"), ["board"], unique=False)
        batch_op.create_index(batch_op.f("ix_saved_search_user_id"), ["user_id"], unique=False)

    op.create_table(
        "standing_hit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.Integer(), nullable=True),
        sa.Column("search_id", sa.Integer(), nullable=True),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(listing_id IS NULL) <> (search_id IS NULL)", name=op.f("ck_standing_hit_one_asker")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listing.id"],
            name=op.f("fk_standing_hit_listing_id_listing"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["other_id"],
            ["listing.id"],
            name=op.f("fk_standing_hit_other_id_listing"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["search_id"],
            ["saved_search.id"],
            name=op.f("fk_standing_hit_search_id_saved_search"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_hit")),
    )
    with op.batch_alter_table("standing_hit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_standing_hit_other_id"), ["other_id"], unique=False)
        batch_op.create_index("uq_standing_hit_listing", ["listing_id", "other_id"], unique=True)
        batch_op.create_index("uq_standing_hit_search", ["search_id", "other_id"], unique=True)


def downgrade() -> None:
    with op.batch_alter_table("standing_hit", schema=None) as batch_op:
        batch_op.drop_index("uq_standing_hit_search")
        batch_op.drop_index("uq_standing_hit_listing")
        batch_op.drop_index(batch_op.f("ix_standing_hit_other_id"))

    op.drop_table("standing_hit")
    with op.batch_alter_table("saved_search", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_saved_search_user_id"))
        batch_op.drop_index(batch_op.f("ix_saved_search_board"))

    op.drop_table("saved_search")

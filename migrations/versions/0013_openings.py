"""Protected fields and files that an owner opens to one counterpart.

Revision 0013, after 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "thread_opening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(field <> '') = (attachment_id IS NULL)", name=op.f("ck_thread_opening_one_thing")
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_by IS NULL)", name=op.f("ck_thread_opening_closed")
        ),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["listing_attachment.id"],
            name=op.f("fk_thread_opening_attachment_id_listing_attachment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["user.id"], name=op.f("fk_thread_opening_opened_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["closed_by"], ["user.id"], name=op.f("fk_thread_opening_closed_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"],
            ["thread.id"],
            name=op.f("fk_thread_opening_thread_id_thread"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread_opening")),
    )
    op.create_index(
        op.f("ix_thread_opening_thread_id"), "thread_opening", ["thread_id"], unique=False
    )
    op.create_index(
        op.f("ix_thread_opening_attachment_id"), "thread_opening", ["attachment_id"], unique=False
    )
    open_field = sa.text("closed_at IS NULL AND attachment_id IS NULL")
    op.create_index(
        "uq_thread_opening_field",
        "thread_opening",
        ["thread_id", "field"],
        unique=True,
        sqlite_where=open_field,
        postgresql_where=open_field,
    )
    open_file = sa.text("closed_at IS NULL AND attachment_id IS NOT NULL")
    op.create_index(
        "uq_thread_opening_attachment",
        "thread_opening",
        ["thread_id", "attachment_id"],
        unique=True,
        sqlite_where=open_file,
        postgresql_where=open_file,
    )


def downgrade() -> None:
    op.drop_table("thread_opening")

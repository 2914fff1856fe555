"""What the encoder makes of a listing stands apart, once per model; one model serves.

Revision 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_text",
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("prepared", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["search_row.listing_id"],
            name=op.f("fk_search_text_listing_id_search_row"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("listing_id", "model", name=op.f("pk_search_text")),
    )
    op.add_column("search_revision", sa.Column("model", sa.String(length=64), nullable=True))
    op.add_column("search_revision", sa.Column("model_place", sa.String(length=500), nullable=True))
    op.add_column(
        "search_revision", sa.Column("switched_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.execute(
        "INSERT INTO search_text (listing_id, model, revision, prepared) "
        "SELECT listing_id, model, revision, prepared FROM search_row WHERE live"
    )
    # the model of the most rows is the one that was searched with
    op.execute(
        "UPDATE search_revision SET model = (SELECT model FROM search_text "
        "GROUP BY model ORDER BY count(*) DESC, model LIMIT 1)"
    )
    with op.batch_alter_table("search_row") as batch:
        batch.drop_column("model")
        batch.drop_column("prepared")


def downgrade() -> None:
    op.add_column("search_row", sa.Column("model", sa.String(length=64), nullable=True))
    op.add_column("search_row", sa.Column("prepared", sa.LargeBinary(), nullable=True))
    op.execute(
        "UPDATE search_row SET (model, prepared) = (SELECT t.model, t.prepared FROM search_text t "
        "JOIN search_revision r ON r.model = t.model "
        "WHERE t.listing_id = search_row.listing_id AND t.revision = search_row.revision)"
    )
    # what has no text under the model that serves is made again by `jiebang reindex`
    rows = sa.table(
        "search_row", sa.column("model", sa.String), sa.column("prepared", sa.LargeBinary)
    )
    op.execute(rows.update().where(rows.c.model.is_(None)).values(model="", prepared=b""))
    with op.batch_alter_table("search_row") as batch:
        batch.alter_column("model", existing_type=sa.String(length=64), nullable=False)
        batch.alter_column("prepared", existing_type=sa.LargeBinary(), nullable=False)
    op.drop_table("search_text")
    with op.batch_alter_table("search_revision") as batch:
        batch.drop_column("switched_at")
        batch.drop_column("model_place")
        batch.drop_column("model")

"""Who looked at what is hidden, as what, and why; what specialists fill in for organisations.

Revision 0011, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(
        *values,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=max(24, *(len(value) for value in values)),
    )


LOOKER = ("counterpart", "specialist", "operator", "expert")


def upgrade() -> None:
    with op.batch_alter_table("track_version") as batch:
        for name in ("batched", "verified"):
            batch.add_column(
                sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.text("false"))
            )
    with op.batch_alter_table("track_version") as batch:
        for name in ("batched", "verified"):
            batch.alter_column(name, server_default=None)
    with op.batch_alter_table("access_entry") as batch:
        # rows without a thread are looks by specialists: nobody else could look until now
        batch.add_column(
            sa.Column(
                "looker",
                _enum("looker", *LOOKER),
                nullable=False,
                server_default="counterpart",
            )
        )
        batch.add_column(sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE access_entry SET looker = 'specialist' WHERE thread_id IS NULL")
    with op.batch_alter_table("access_entry") as batch:
        batch.alter_column("looker", server_default=None)
        batch.alter_column("reason", server_default=None)
        batch.create_check_constraint(
            op.f("ck_access_entry_reason"), "looker <> 'operator' OR reason <> ''"
        )
    op.create_table(
        "filling",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "listing",
                "response",
                name="filling_kind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
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
        sa.Column("listing_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("specialist_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "proposed",
                "refused",
                "confirmed",
                "withdrawn",
                name="filling_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
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
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("made_listing_id", sa.Integer(), nullable=True),
        sa.Column("made_response_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'response') = (listing_id IS NOT NULL)", name=op.f("ck_filling_kind")
        ),
        sa.CheckConstraint(
            "(state IN ('proposed', 'refused')) = (holder IS NOT NULL) AND (state IN ('proposed', 'refused')) = (due IS NOT NULL)",
            name=op.f("ck_filling_waiting"),
        ),
        sa.CheckConstraint(
            "state <> 'confirmed' OR (decided_at IS NOT NULL AND decided_by IS NOT NULL AND proposed_at IS NOT NULL)",
            name=op.f("ck_filling_confirmed"),
        ),
        sa.CheckConstraint("state <> 'refused' OR reason <> ''", name=op.f("ck_filling_refused")),
        sa.CheckConstraint("title <> ''", name=op.f("ck_filling_title")),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_filling_author_id_user")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user.id"], name=op.f("fk_filling_decided_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listing.id"],
            name=op.f("fk_filling_listing_id_listing"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["made_listing_id"],
            ["listing.id"],
            name=op.f("fk_filling_made_listing_id_listing"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["made_response_id"],
            ["response.id"],
            name=op.f("fk_filling_made_response_id_response"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_filling_organisation_id_organisation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["specialist_id"], ["user.id"], name=op.f("fk_filling_specialist_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filling")),
    )
    op.create_index("ix_filling_due", "filling", ["state", "due"], unique=False)
    op.create_index(
        "ix_filling_organisation_id", "filling", ["organisation_id", "state"], unique=False
    )
    op.create_index("ix_filling_specialist_id", "filling", ["specialist_id", "state"], unique=False)
    op.create_table(
        "response_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("work", sa.String(length=300), nullable=False),
        sa.Column("money", sa.BigInteger(), nullable=False),
        sa.Column("gain", sa.Integer(), nullable=False),
        sa.Column("rights", sa.String(length=300), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "confirmed",
                "refused",
                name="member_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("reminded", sa.Boolean(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_by", sa.Integer(), nullable=True),
        sa.Column("signed_hash", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(state = 'asked') = (due IS NOT NULL)", name=op.f("ck_response_member_waiting")
        ),
        sa.CheckConstraint(
            "state <> 'confirmed' OR (signed_at IS NOT NULL AND signed_by IS NOT NULL AND signed_hash <> '')",
            name=op.f("ck_response_member_signed"),
        ),
        sa.CheckConstraint(
            "state <> 'refused' OR reason <> ''", name=op.f("ck_response_member_refused")
        ),
        sa.CheckConstraint(
            "gain BETWEEN 0 AND 100 AND money >= 0", name=op.f("ck_response_member_shares")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_response_member_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["response.id"],
            name=op.f("fk_response_member_response_id_response"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["signed_by"], ["user.id"], name=op.f("fk_response_member_signed_by_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_member")),
    )
    op.create_index("ix_response_member_due", "response_member", ["state", "due"], unique=False)
    op.create_index(
        "ix_response_member_organisation_id",
        "response_member",
        ["organisation_id", "state"],
        unique=False,
    )
    op.create_index(
        "uq_response_member_response_id_organisation_id",
        "response_member",
        ["response_id", "organisation_id"],
        unique=True,
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column(
            "list_type",
            sa.Enum(
                "enterprise",
                "innovation",
                "district",
                "priority",
                name="list_type",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_batch_name")),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_batch_window")),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_batch_created_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("name", name=op.f("uq_batch_name")),
    )
    op.create_index("ix_batch_closes_at", "batch", ["closes_at"], unique=False)
    op.create_table(
        "batch_listing",
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["added_by"], ["user.id"], name=op.f("fk_batch_listing_added_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_batch_listing_batch_id_batch")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listing.id"],
            name=op.f("fk_batch_listing_listing_id_listing"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("listing_id", name=op.f("pk_batch_listing")),
    )
    op.create_index(op.f("ix_batch_listing_batch_id"), "batch_listing", ["batch_id"], unique=False)


def downgrade() -> None:
    op.drop_table("batch_listing")
    op.drop_table("batch")
    op.drop_table("response_member")
    op.drop_table("filling")
    with op.batch_alter_table("track_version") as batch:
        batch.drop_column("verified")
        batch.drop_column("batched")
    with op.batch_alter_table("access_entry") as batch:
        batch.drop_constraint(op.f("ck_access_entry_reason"), type_="check")
        batch.drop_constraint(op.f("ck_access_entry_looker"), type_="check")
        batch.drop_column("reason")
        batch.drop_column("looker")

"""Two stations before publication: the own organisation's word, and 需求诊断.

Revision 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OLD_STATES = (
    "draft",
    "submitted",
    "returned",
    "published",
    "closed",
    "withdrawn",
    "suspended",
    "expired",
)
NEW_STATES = ("draft", "endorsing", "submitted", "diagnosis", *OLD_STATES[2:])
OLD_RULES = {
    "submitted_at": "state <> 'submitted' OR submitted_at IS NOT NULL",
    "state": f"state IN ({', '.join(map(repr, OLD_STATES))})",
}
NEW_RULES = {
    "submitted_at": "state NOT IN ('submitted', 'diagnosis') OR submitted_at IS NOT NULL",
    "state": f"state IN ({', '.join(map(repr, NEW_STATES))})",
    "proposed_at": "state <> 'endorsing' OR proposed_at IS NOT NULL",
}


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=24)


def _rules(batch: BatchOperations, before: dict[str, str], after: dict[str, str]) -> None:
    for name in before:
        batch.drop_constraint(op.f(f"ck_listing_{name}"), type_="check")
    for name, rule in after.items():
        batch.create_check_constraint(op.f(f"ck_listing_{name}"), rule)


def upgrade() -> None:
    with op.batch_alter_table("listing") as batch:
        batch.add_column(sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True))
        _rules(batch, OLD_RULES, NEW_RULES)
    with op.batch_alter_table("organisation") as batch:
        batch.add_column(
            sa.Column("endorsement", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    # rows have their value now; the models know no default in the database
    with op.batch_alter_table("organisation") as batch:
        batch.alter_column("endorsement", server_default=None)
    op.execute(
        "UPDATE organisation SET endorsement = true WHERE category IN ('university', 'institute')"
    )
    op.create_table(
        "diagnosis",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("advisor_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("turn", _enum("turn", "advisor", "owner"), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ending",
            _enum("ending", "resubmitted", "concluded", "stood_aside", "returned", "withdrawn"),
            nullable=True,
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (ending IS NULL)", name=op.f("ck_diagnosis_ending_when_closed")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listing.id"],
            name=op.f("fk_diagnosis_listing_id_listing"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["user.id"], name=op.f("fk_diagnosis_opened_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["advisor_id"], ["user.id"], name=op.f("fk_diagnosis_advisor_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_diagnosis")),
    )
    op.create_index(
        "uq_diagnosis_open",
        "diagnosis",
        ["listing_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_diagnosis_listing_id", "diagnosis", ["listing_id", "id"])
    op.create_index("ix_diagnosis_advisor_id", "diagnosis", ["advisor_id", "closed_at"])
    op.create_index("ix_diagnosis_due", "diagnosis", ["closed_at", "due"])
    op.create_table(
        "diagnosis_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("diagnosis_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "speaker", _enum("speaker", "reviewer", "advisor", "owner", "clock"), nullable=False
        ),
        sa.Column("author_label", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint("text <> ''", name=op.f("ck_diagnosis_entry_text")),
        sa.ForeignKeyConstraint(
            ["diagnosis_id"],
            ["diagnosis.id"],
            name=op.f("fk_diagnosis_entry_diagnosis_id_diagnosis"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_diagnosis_entry")),
    )
    op.create_index(op.f("ix_diagnosis_entry_diagnosis_id"), "diagnosis_entry", ["diagnosis_id"])


def downgrade() -> None:
    op.drop_table("diagnosis_entry")
    op.drop_table("diagnosis")
    with op.batch_alter_table("organisation") as batch:
        batch.drop_column("endorsement")
    # what an earlier version does not know goes back to the owner, who decides anew
    op.execute("UPDATE listing SET state = 'draft' WHERE state = 'endorsing'")
    op.execute("UPDATE listing SET state = 'submitted' WHERE state = 'diagnosis'")
    with op.batch_alter_table("listing") as batch:
        _rules(batch, NEW_RULES, OLD_RULES)
        batch.drop_column("proposed_at")

"""Splits carried over as drafts, experts who confirm milestones, terminations that are mediated.

Revision 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MEMBER = ("asked", "confirmed", "refused")
TURN = ("client", "solver", "operator")
HOLDING = (
    "project", "milestone", "project_instalment", "project_acceptance", "project_request",
    "project_recovery", "project_grant",
)  # fmt: skip
REQUEST = ("asked", "agreed", "refused", "withdrawn", "lapsed")
PART = ("assigned", "reviewing", "submitted", "recused", "replaced", "lapsed")


def _allow(table: str, column: str, name: str, *values: str) -> None:
    """Puts an enum's guard anew."""
    listed = ", ".join(f"'{value}'" for value in values)
    _check(table, name, f"{column} IN ({listed})")


def _check(table: str, name: str, rule: str) -> None:
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        batch.create_check_constraint(op.f(f"ck_{table}_{name}"), rule)


def _requests(*states: str, unsettled: tuple[str, ...]) -> None:
    """What waits in a request, in which states."""
    inside = "state IN ({})".format(", ".join(f"'{each}'" for each in sorted(unsettled)))
    op.drop_index("uq_project_request_live", "project_request")
    _allow("project_request", "state", "request_state", *states)
    _check(
        "project_request",
        "waiting",
        f"({inside}) = (holder IS NOT NULL) AND ({inside}) = (until IS NOT NULL)",
    )
    op.create_index(
        "uq_project_request_live",
        "project_request",
        ["project_id", "kind"],
        unique=True,
        sqlite_where=sa.text(inside),
        postgresql_where=sa.text(inside),
    )


def upgrade() -> None:
    _allow("response_member", "state", "member_state", "draft", *MEMBER)
    with op.batch_alter_table("track_version") as batch:
        batch.add_column(
            sa.Column(
                "milestone_expert", sa.Boolean(), nullable=False, server_default=sa.text("false")
            )
        )
    with op.batch_alter_table("track_version") as batch:
        batch.alter_column("milestone_expert", server_default=None)
    for table in HOLDING:
        _allow(table, "holder", "turn", *TURN, "expert")
    op.create_table(
        "milestone_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("milestone_id", sa.Integer(), nullable=False),
        sa.Column("expert_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                *PART, name="assignment_state", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("assigned_by", sa.Integer(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declaration", sa.String(length=10), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state NOT IN ('reviewing', 'submitted', 'recused')"
            " OR (declared_at IS NOT NULL AND declaration <> '')",
            name=op.f("ck_milestone_check_declared"),
        ),
        sa.CheckConstraint(
            "(state = 'submitted') = (decided_at IS NOT NULL)"
            " AND (state = 'submitted') = (passed IS NOT NULL)",
            name=op.f("ck_milestone_check_decided"),
        ),
        sa.CheckConstraint(
            "(state NOT IN ('recused', 'replaced') AND (passed IS NULL OR passed)) OR reason <> ''",
            name=op.f("ck_milestone_check_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["milestone_id"],
            ["milestone.id"],
            name=op.f("fk_milestone_check_milestone_id_milestone"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["expert_id"], ["user.id"], name=op.f("fk_milestone_check_expert_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["assigned_by"], ["user.id"], name=op.f("fk_milestone_check_assigned_by_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone_check")),
    )
    live = sa.text("state IN ('assigned', 'reviewing')")
    op.create_index(
        "uq_milestone_check_live",
        "milestone_check",
        ["milestone_id"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )
    op.create_index(
        "ix_milestone_check_milestone_id", "milestone_check", ["milestone_id", "id"], unique=False
    )
    op.create_index(
        "ix_milestone_check_expert_id", "milestone_check", ["expert_id", "state"], unique=False
    )
    with op.batch_alter_table("project_request") as batch:
        batch.add_column(sa.Column("ruling", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("project_request") as batch:
        batch.alter_column("ruling", server_default=None)
    _requests(*REQUEST, "mediating", unsettled=("asked", "mediating"))
    _check("project_request", "refused", "state NOT IN ('refused', 'mediating') OR answer <> ''")
    with op.batch_alter_table("project_request") as batch:
        batch.create_check_constraint(
            op.f("ck_project_request_mediating"), "state <> 'mediating' OR kind = 'termination'"
        )


def downgrade() -> None:
    with op.batch_alter_table("project_request") as batch:
        batch.drop_constraint(op.f("ck_project_request_mediating"), type_="check")
    op.execute(
        "UPDATE project_request SET state = 'refused', holder = NULL, until = NULL"
        " WHERE state = 'mediating'"
    )
    _check("project_request", "refused", "state <> 'refused' OR answer <> ''")
    _requests(*REQUEST, unsettled=("asked",))
    with op.batch_alter_table("project_request") as batch:
        batch.drop_column("ruling")
    op.drop_table("milestone_check")
    for table in HOLDING:
        op.execute(f"UPDATE {table} SET holder = 'operator' WHERE holder = 'expert'")  # noqa: S608
        _allow(table, "holder", "turn", *TURN)
    with op.batch_alter_table("track_version") as batch:
        batch.drop_column("milestone_expert")
    op.execute("DELETE FROM response_member WHERE state = 'draft'")
    _allow("response_member", "state", "member_state", *MEMBER)
